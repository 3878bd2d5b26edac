import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// mmap, munmap, mprotect, mlock.
extension LinuxSimulation {
  func bounds(
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
    // What cannot be brought in does not make the call fail.
    if statement.isPopulated { _ = try populate(start, end, process) }
  }

  /// Brings all pages of a range in; pages that could be written are written to.
  ///
  /// False where a page cannot be had (__mm_populate): there the kernel stops.
  func populate(
    _ start: UInt64, _ end: UInt64, isWrite: Bool? = nil, _ process: LinuxProcessState
  ) throws(StepFailure) -> Bool {
    for address in stride(from: start, to: end, by: Int(frameSize)) {
      guard let area = process.area(of: address), area.isAccessible else { return false }
      let writes = isWrite ?? (area.canWrite && !area.isShared)
      let kind: Scenario.AccessKind =
        writes ? .write : area.canRead || area.canWrite ? .read : .execute
      try access(.init(kind, address...address), process, isSilent: true)
      guard let status = report.status else { continue }
      // Without memory the program ends, whatever it asked for.
      if status.name != "SIGKILL" { report.status = nil }
      return false
    }
    return true
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
    // What comes before a hole is changed all the same.
    let reached = process.coveredEnd(start, end)
    for index in process.isolate(start, reached) {
      process.areas[index].canRead = rights.contains(.read)
      process.areas[index].canWrite = rights.contains(.write)
      process.areas[index].canExecute = rights.contains(.exec)
    }
    try changeRights(start, reached, process)
    guard reached == end else { throw .status(StepStatus("ENOMEM")) }
  }

  /// Gives the entries of a range the rights of their areas; what may be written again faults first,
  /// unless the kernel sees that it need not.
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
      page.canWrite = area.canWrite && (page.canWrite || mayUpgrade(page, frame, area))
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

  func mlock(
    _ range: ClosedRange<UInt64>, isLocked: Bool, _ process: LinuxProcessState
  ) throws(StepFailure) {
    let (start, end) = try bounds(range)
    let reached = process.coveredEnd(start, end)
    for index in process.isolate(start, reached) { process.areas[index].isLocked = isLocked }
    guard reached == end else { throw .status(StepStatus("ENOMEM")) }
    guard isLocked else { return }
    // The areas stay locked where a page cannot be had (__mlock_posix_error_return).
    guard try populate(start, end, process) || report.status != nil else {
      throw .status(StepStatus("ENOMEM"))
    }
  }
}
