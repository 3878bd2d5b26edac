import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// mmap, munmap, mprotect, madvise, mlock, fork.
extension LinuxSimulation {
  private func bounds(
    _ range: ClosedRange<UInt64>
  ) throws(StepFailure) -> (start: UInt64, end: UInt64) {
    let start = range.lowerBound
    guard start % frameSize == 0, range.upperBound < 0x7fff_ffff_f000 else {
      throw .status(StepStatus(start % frameSize == 0 ? "ENOMEM" : "EINVAL"))
    }
    return (start, (range.upperBound / frameSize + 1) * frameSize)
  }

  func mmap(
    _ statement: Scenario.MmapStatement, _ process: LinuxProcessState
  ) throws(StepFailure) {
    let (start, end) = try bounds(statement.range)
    guard !process.areas.contains(where: { $0.start < end && $0.end > start }) else {
      throw .status(StepStatus("EEXIST"))
    }
    // The usual heuristic refuses only what can never be there.
    let most = totalPages + (swap?.pageCount ?? 0)
    let needsMemory = statement.file == nil || !statement.isShared
    guard !needsMemory || (end - start) / frameSize <= most else {
      throw .status(StepStatus("ENOMEM"))
    }
    var file: LinuxFile?
    if let name = statement.file {
      guard let found = files[name] else {
        throw .mistake(
          "there is no file \(name) at this step", notes: ["`create-file` makes one"])
      }
      file = found
    } else if statement.isShared {
      file = LinuxFile(name: "", size: end - start, isMemory: true, inode: nextInode)
      nextInode += 1
    }
    let rights = statement.rights
    process.insert(
      LinuxArea(
        start: start, end: end, canRead: rights.contains(.read),
        canWrite: rights.contains(.write), canExecute: rights.contains(.exec),
        isShared: statement.isShared, file: file, page: statement.page,
        growsDown: statement.growsDown))
    if statement.isPopulated { try populate(start, end, process) }
  }

  /// Brings all pages of a range in; pages that could be written are written to.
  func populate(
    _ start: UInt64, _ end: UInt64, isWrite: Bool? = nil, _ process: LinuxProcessState
  ) throws(StepFailure) {
    for address in stride(from: start, to: end, by: Int(frameSize)) {
      guard let area = process.area(of: address), area.isAccessible else { continue }
      let writes = isWrite ?? (area.canWrite && !area.isShared)
      let kind: Scenario.AccessKind =
        writes ? .write : area.canRead || area.canWrite ? .read : .execute
      try access(.init(kind, address...address), process, isSilent: true)
      guard report.status == nil else { return }
    }
  }

  func munmap(_ range: ClosedRange<UInt64>, _ process: LinuxProcessState) throws(StepFailure) {
    let (start, end) = try bounds(range)
    try zap(start, end, process)
    _ = process.isolate(start, end)
    process.areas.removeAll { $0.start >= start && $0.end <= end }
    freeTables(start, end, process)
  }

  /// Takes all entries of a range away.
  func zap(
    _ start: UInt64, _ end: UInt64, keepingMarkers: Bool = false, _ process: LinuxProcessState
  ) throws(StepFailure) {
    var address = start
    while address < end {
      let (entry, level) = entry(of: address, process)
      if level == 2, address % Self.hugeSize == 0, end - address >= Self.hugeSize {
        unmapHuge(address, process)
        address += Self.hugeSize
        continue
      }
      if entry == 0, place(of: address, process) == nil {
        address = (address / Self.hugeSize + 1) * Self.hugeSize
        continue
      }
      let isKept =
        keepingMarkers && level == 1
        && entries.decoder.reading(of: entry, level: 1).markers.contains(.guardRegion)
      if entry != 0, !isKept { try unmap(address, process) }
      address += frameSize
    }
  }

  func mprotect(
    _ range: ClosedRange<UInt64>, _ rights: Set<Scenario.MemoryRight>,
    _ process: LinuxProcessState
  ) throws(StepFailure) {
    let (start, end) = try bounds(range)
    guard process.covers(start, end) else { throw .status(StepStatus("ENOMEM")) }
    for index in process.isolate(start, end) {
      process.areas[index].canRead = rights.contains(.read)
      process.areas[index].canWrite = rights.contains(.write)
      process.areas[index].canExecute = rights.contains(.exec)
    }
    try changeRights(start, end, process)
  }

  /// Gives the entries of a range the rights of their areas; what may be written again faults first.
  private func changeRights(
    _ start: UInt64, _ end: UInt64, _ process: LinuxProcessState
  ) throws(StepFailure) {
    try forEachEntry(start, end, process) { (address, place, entry, level) throws(StepFailure) in
      guard let area = process.area(of: address),
        let frame = self.frame(of: entry, level: level)
      else { return }
      let reading = entries.decoder.reading(of: entry, level: level)
      guard reading.isPresent else { return }
      var page = entries.page(of: entry)
      page.canExecute = area.canExecute
      if !area.canWrite { page.canWrite = false }
      var next = entries.present(frame, page, isHuge: level == 2)
      if !area.isAccessible { next = entries.protNone(next) }
      store(next, at: place, level: level, address, process)
    }
  }

  /// Calls `body` with every entry of a range that is not empty; huge pages that reach beyond it are
  /// split first.
  func forEachEntry(
    _ start: UInt64, _ end: UInt64, _ process: LinuxProcessState,
    _ body: (UInt64, UInt64, UInt64, Int) throws(StepFailure) -> Void
  ) throws(StepFailure) {
    var address = start
    while address < end {
      var (entry, level) = entry(of: address, process)
      if level == 2, address % Self.hugeSize != 0 || end - address < Self.hugeSize {
        try split(address, process)
        (entry, level) = self.entry(of: address, process)
      }
      guard let place = place(of: address, level: level, process) else {
        address = (address / Self.hugeSize + 1) * Self.hugeSize
        continue
      }
      if entry != 0 { try body(address, place, entry, level) }
      address += level == 2 ? Self.hugeSize : frameSize
    }
  }

  // MARK: - madvise

  func madvise(
    _ range: ClosedRange<UInt64>, _ advice: Scenario.Advice, _ process: LinuxProcessState
  ) throws(StepFailure) {
    let (start, end) = try bounds(range)
    let areas = process.isolate(start, end)
    switch advice {
    case .dontneed:
      guard !areas.contains(where: { process.areas[$0].isLocked }) else {
        throw .status(StepStatus("EINVAL"))
      }
      try zap(start, end, keepingMarkers: true, process)
    case .free: try freeLazily(start, end, areas, process)
    case .hugepage, .nohugepage:
      for index in areas { process.areas[index].isHugeAdvised = advice == .hugepage }
    case .collapse: try collapse(start, end, process)
    case .pageout: try swapOut(start, end, process)
    case .willneed: try readAhead(start, end, process)
    case .guardInstall, .guardRemove:
      try guardRegion(start, end, isInstalled: advice == .guardInstall, areas, process)
    case .populateRead, .populateWrite:
      let isWrite = advice == .populateWrite
      guard kernel.version >= LinuxVersion(5, 14) else { throw .status(StepStatus("EINVAL")) }
      guard areas.allSatisfy({ !isWrite || process.areas[$0].canWrite }) else {
        throw .status(StepStatus("EINVAL"))
      }
      try populate(start, end, isWrite: isWrite, process)
    }
    guard process.covers(start, end) else { throw .status(StepStatus("ENOMEM")) }
  }

  private func freeLazily(
    _ start: UInt64, _ end: UInt64, _ areas: [Int], _ process: LinuxProcessState
  ) throws(StepFailure) {
    guard areas.allSatisfy({ process.areas[$0].isAnonymous && !process.areas[$0].isLocked }) else {
      throw .status(StepStatus("EINVAL"))
    }
    try forEachEntry(start, end, process) { (address, place, entry, level) throws(StepFailure) in
      let reading = entries.decoder.reading(of: entry, level: level)
      if reading.state == .swap { return try unmap(address, process) }
      guard reading.state == .present, let frame = reading.frame?.frame, frame != zeroFrame,
        pages[frame]?.mappers.count == 1
      else { return }
      pages[frame]?.isLazyFree = true
      leaveLazily(frame)
      var page = entries.page(of: entry)
      (page.isDirty, page.isYoung) = (false, false)
      store(
        entries.present(frame, page, isHuge: level == 2), at: place, level: level, address, process)
    }
  }

  private func leaveLazily(_ frame: UInt64) {
    leaveSwapCache(frame)
    pages[frame]?.isDirty = false
  }

  private func readAhead(
    _ start: UInt64, _ end: UInt64, _ process: LinuxProcessState
  ) throws(StepFailure) {
    for address in stride(from: start, to: end, by: Int(frameSize)) {
      guard let area = process.area(of: address), let file = area.file else { continue }
      let page = area.filePage(of: address)
      if page * frameSize < file.size { _ = try cached(file, page) }
    }
  }

  private func guardRegion(
    _ start: UInt64, _ end: UInt64, isInstalled: Bool, _ areas: [Int],
    _ process: LinuxProcessState
  ) throws(StepFailure) {
    let allowsFiles = kernel.version >= LinuxVersion(6, 15)
    guard kernel.version >= LinuxVersion(6, 13), let marker = entries.marker(.guardRegion),
      areas.allSatisfy({
        !process.areas[$0].isLocked && (allowsFiles || process.areas[$0].isAnonymous)
      })
    else { throw .status(StepStatus("EINVAL")) }
    for address in stride(from: start, to: end, by: Int(frameSize))
    where process.area(of: address) != nil {
      if isInstalled {
        if entry(of: address, process).entry != 0 { try unmap(address, process) }
        store(marker, at: try makePlace(of: address, process), address, process)
      } else if entry(of: address, process).entry == marker, let place = place(of: address, process)
      {
        store(0, at: place, address, process)
      }
    }
  }

  /// Small pages become a huge one; whatever is missing is filled with zeros.
  private func collapse(
    _ start: UInt64, _ end: UInt64, _ process: LinuxProcessState
  ) throws(StepFailure) {
    guard kernel.version >= LinuxVersion(6, 1) else { throw .status(StepStatus("EINVAL")) }
    let first = (start + Self.hugeSize - 1) / Self.hugeSize * Self.hugeSize
    guard first + Self.hugeSize <= end else { throw .status(StepStatus("EINVAL")) }
    for huge in stride(from: first, through: end - Self.hugeSize, by: Int(Self.hugeSize)) {
      guard let area = process.area(of: huge), area.isAnonymous, area.end - huge >= Self.hugeSize
      else { throw .status(StepStatus("EINVAL")) }
      guard entry(of: huge, process).level == 1 else { continue }
      guard let frames = takeHuge() else { throw .status(StepStatus("ENOMEM")) }
      var isWritable = false
      for index in 0..<512 as Range<UInt64> {
        let address = huge + index * frameSize
        let reading = entries.decoder.reading(of: entry(of: address, process).entry, level: 1)
        if reading.state == .swap {
          try access(.init(.read, address...address), process, isSilent: true)
        }
        let now = entry(of: address, process).entry
        if let source = frame(of: now) {
          memory.copy(source, to: frames + index)
          if entries.page(of: now).canWrite { isWritable = true }
        }
        if now != 0 { try unmap(address, process) }
        pages[frames + index] = LinuxPage(isDirty: true)
      }
      // The table that had the small entries is not needed now.
      if let place = place(of: huge, level: 2, process) {
        let table = memory.entry(at: place)
        store(0, at: place, level: 2, huge, process)
        if case .table(let gone) = state.meaning(of: table, level: 2) {
          release(gone.rawValue / frameSize)
        }
      }
      if let index = process.areaIndex(of: huge) { process.areas[index].hasOwnPages = true }
      anonymous += frames..<frames + 512
      let page = LinuxEntries.Page(
        canWrite: isWritable && area.canWrite, canExecute: area.canExecute, isDirty: true,
        isSoftDirty: true)
      try mapHuge(frames, at: huge, entries.present(frames, page, isHuge: true), process)
      event("512 pages from \(huge.hex) on become one huge page")
    }
  }

  // MARK: - mlock

  func mlock(
    _ range: ClosedRange<UInt64>, isLocked: Bool, _ process: LinuxProcessState
  ) throws(StepFailure) {
    let (start, end) = try bounds(range)
    let areas = process.isolate(start, end)
    for index in areas { process.areas[index].isLocked = isLocked }
    guard process.covers(start, end) else { throw .status(StepStatus("ENOMEM")) }
    guard isLocked else { return }
    guard areas.allSatisfy({ process.areas[$0].isAccessible }) else {
      throw .status(StepStatus("ENOMEM"))
    }
    try populate(start, end, process)
  }
}
