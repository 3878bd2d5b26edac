import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// madvise.
extension LinuxSimulation {
  func madvise(
    _ range: ClosedRange<UInt64>, _ advice: Scenario.Advice, _ process: LinuxProcessState
  ) throws(StepFailure) {
    let (start, end) = try bounds(range)
    let areas = process.isolate(start, end)
    switch advice {
    case .dontneed, .free, .pageout: try giveUp(areas, advice, process)
    case .hugepage, .nohugepage:
      for index in areas { process.areas[index].isHugeAdvised = advice == .hugepage }
    case .collapse: try collapse(start, end, process)
    case .willneed: try readAhead(start, end, process)
    case .guardInstall, .guardRemove:
      try guardRegion(start, end, isInstalled: advice == .guardInstall, areas, process)
    case .populateRead, .populateWrite:
      let isWrite = advice == .populateWrite
      guard kernel.version >= LinuxVersion(5, 14) else { throw .linux(.invalidArgument) }
      let mayBeHad = areas.map { process.areas[$0] }.allSatisfy { area in
        isWrite ? area.canWrite : area.isAccessible
      }
      guard mayBeHad else { throw .linux(.invalidArgument) }
      let reached = process.coveredEnd(start, end)
      guard try populate(start, reached, isWrite: isWrite, process) || report.status != nil else {
        throw .linux(.badAddress)
      }
    }
    guard process.covers(start, end) else { throw .linux(.noMemory) }
  }

  /// The pages of areas are given up, one area after the other, up to the first that refuses.
  private func giveUp(
    _ areas: [Int], _ advice: Scenario.Advice, _ process: LinuxProcessState
  ) throws(StepFailure) {
    let refused = StepFailure.linux(.invalidArgument)
    guard advice != .pageout || kernel.version >= LinuxVersion(5, 4) else { throw refused }
    for area in areas.map({ process.areas[$0] }) {
      guard !area.isLocked, advice != .free || area.isAnonymous else { throw refused }
      switch advice {
      case .free: freeLazily(area.start, area.end, process)
      case .pageout:
        let leavesShared = kernel.version >= LinuxVersion(5, 6)
        swapOut(area.start, area.end, leavesShared: leavesShared, process)
      default: zap(area.start, area.end, keepingMarkers: true, process)
      }
    }
  }

  private func freeLazily(_ start: UInt64, _ end: UInt64, _ process: LinuxProcessState) {
    forEachEntry(start, end, process) { address, place, entry, level in
      let reading = entries.decoder.reading(of: entry, level: level)
      if reading.state == .swap { return unmap(address, process) }
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
    for area in process.areas(in: start, end) {
      guard let file = area.file else {
        try readSwap(max(start, area.start), min(end, area.end), process)
        continue
      }
      let first = area.filePage(of: max(start, area.start))
      let pages = (min(end, area.end) - max(start, area.start)) / frameSize
      if file.isMemory {
        for page in file.swapped.keys.sorted() where page >= first && page - first < pages {
          _ = try cached(file, page)
        }
      } else {
        let count = min(pages, Self.readAheadPages)
        for page in first..<first + count where page * frameSize < file.size {
          _ = try cached(file, page)
        }
      }
    }
  }

  /// What is in swap comes into the swap cache.
  private func readSwap(
    _ start: UInt64, _ end: UInt64, _ process: LinuxProcessState
  ) throws(StepFailure) {
    var next = start
    while let found = nextEntry(from: next, to: end, process) {
      next = found.end
      let reading = entries.decoder.reading(of: found.entry, level: found.level)
      guard let offset = reading.swapOffset, let slot = swap?.slots[offset],
        reading.state == .swap
      else { continue }
      _ = try cached(swapPage: offset, slot)
    }
  }

  /// The most that is read at once: read_ahead_kb, which is 128 unless somebody has changed it.
  private static let readAheadPages: UInt64 = 32

  private func guardRegion(
    _ start: UInt64, _ end: UInt64, isInstalled: Bool, _ areas: [Int],
    _ process: LinuxProcessState
  ) throws(StepFailure) {
    let allowsFiles = kernel.version >= LinuxVersion(6, 15)
    guard kernel.version >= LinuxVersion(6, 13), let marker = entries.marker(.guardRegion),
      areas.allSatisfy({
        !process.areas[$0].isLocked && (allowsFiles || process.areas[$0].isAnonymous)
      })
    else { throw .linux(.invalidArgument) }
    for area in areas.map({ process.areas[$0] }) {
      guard isInstalled else {
        var next = area.start
        while let found = nextEntry(from: next, to: area.end, process) {
          next = found.end
          if found.entry == marker { store(0, at: found.place, found.address, process) }
        }
        continue
      }
      zap(area.start, area.end, process)
      for address in stride(from: area.start, to: area.end, by: Int(frameSize)) {
        store(marker, at: try makePlace(of: address, process), address, process)
      }
    }
  }

  /// Small pages become a huge one; whatever is missing is filled with zeros.
  private func collapse(
    _ start: UInt64, _ end: UInt64, _ process: LinuxProcessState
  ) throws(StepFailure) {
    guard kernel.version >= LinuxVersion(6, 1) else { throw .linux(.invalidArgument) }
    let first = (start + Self.hugeSize - 1) / Self.hugeSize * Self.hugeSize
    guard first + Self.hugeSize <= end else { throw .linux(.invalidArgument) }
    for huge in stride(from: first, through: end - Self.hugeSize, by: Int(Self.hugeSize)) {
      guard let area = process.area(of: huge), area.isAnonymous, area.end - huge >= Self.hugeSize
      else { throw .linux(.invalidArgument) }
      guard entry(of: huge, process).level == 1 else { continue }
      try bringBack(huge, process)
      guard report.status == nil else { return }
      // A table stays for when it is split again; there is none where nothing was ever touched.
      guard let place = place(of: huge, level: 2, process),
        let table = table(of: memory.entry(at: place), level: 2)
      else { throw .linux(.invalidArgument) }
      guard let frames = takeHuge() else { throw .linux(.noMemory) }
      var isWritable = false
      for index in 0..<Self.hugeFrames {
        let address = huge + index * frameSize
        let now = entry(of: address, process).entry
        if let source = frame(of: now) {
          memory.copy(source, to: frames + index)
          if entries.page(of: now).canWrite { isWritable = true }
        }
        if now != 0 { unmap(address, process) }
        pages[frames + index] = LinuxPage(isDirty: true)
      }
      store(0, at: place, level: 2, huge, process)
      process.deposited.append(table / frameSize)
      if let index = process.areaIndex(of: huge) { process.areas[index].hasOwnPages = true }
      anonymous += frames..<frames + Self.hugeFrames
      let page = LinuxEntries.Page(
        canWrite: isWritable && area.canWrite, canExecute: area.canExecute, isDirty: true,
        isSoftDirty: true)
      try mapHuge(frames, at: huge, entries.present(frames, page, isHuge: true), process)
      event("\(Self.hugeFrames) pages from \(huge.hex) on become one huge page")
    }
  }

  /// Maps what is in swap of the pages that become a huge one.
  private func bringBack(_ huge: UInt64, _ process: LinuxProcessState) throws(StepFailure) {
    for address in stride(from: huge, to: huge + Self.hugeSize, by: Int(frameSize)) {
      let reading = entries.decoder.reading(of: entry(of: address, process).entry, level: 1)
      guard reading.state == .swap else { continue }
      try access(.init(.read, address...address), process, isSilent: true)
      guard report.status == nil else { return }
    }
  }
}
