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
    switch advice {
    case .dontneed, .free, .pageout: try giveUp(start, end, advice, process)
    case .hugepage, .nohugepage:
      let (isAdvised, isRefused) = (advice == .hugepage, advice == .nohugepage)
      let parts = isolate(start, end, process) {
        $0.isHugeAdvised != isAdvised || $0.isHugeRefused != isRefused
      }
      for index in parts {
        process[index].isHugeAdvised = isAdvised
        process[index].isHugeRefused = isRefused
      }
    case .collapse: try collapse(start, end, process)
    case .willneed: try readAhead(start, end, process)
    case .guardInstall, .guardRemove:
      try guardRegion(start, end, isInstalled: advice == .guardInstall, process)
    case .populateRead, .populateWrite:
      return try prefault(start, end, isWrite: advice == .populateWrite, process)
    }
    guard process.covers(start, end) || isLeftWithoutAnswer else { throw .linux(.noMemory) }
  }

  /// Faults pages in as if they were read or written; those before one that cannot be had stay
  /// (madvise_populate).
  private func prefault(
    _ start: UInt64, _ end: UInt64, isWrite: Bool, _ process: LinuxProcessState
  ) throws(StepFailure) {
    guard kernel.version >= LinuxVersion(5, 14) else { throw .linux(.invalidArgument) }
    var next = start
    while next < end {
      guard let area = process.area(of: next) else { throw .linux(.noMemory) }
      guard isWrite ? area.canWrite : area.canRead else { throw .linux(.invalidArgument) }
      let stop = min(area.end, end)
      guard try populate(next, stop, isWrite: isWrite, process) else {
        guard isLeftWithoutAnswer else { throw .linux(.badAddress) }
        return
      }
      next = stop
    }
  }

  /// The pages of areas are given up, one area after the other, up to the first that refuses.
  private func giveUp(
    _ start: UInt64, _ end: UInt64, _ advice: Scenario.Advice, _ process: LinuxProcessState
  ) throws(StepFailure) {
    let refused = StepFailure.linux(.invalidArgument)
    guard advice != .pageout || kernel.version >= LinuxVersion(5, 4) else { throw refused }
    for area in process.parts(of: start, end) {
      guard !area.isLocked, advice != .free || area.isAnonymous else { throw refused }
      switch advice {
      case .free: freeLazily(area.start, area.end, process)
      case .pageout:
        let leavesShared = kernel.version >= LinuxVersion(5, 6)
        swapOut(area.start, area.end, leavesShared: leavesShared, isCall: true, process)
      default:
        zap(area.start, area.end, keepingMarkers: true, process)
        if kernel.version >= LinuxVersion(6, 14) { freeEmptyTables(area.start, area.end, process) }
      }
    }
  }

  /// The pages of a range may go as long as nobody writes to them (madvise_free_pte_range).
  private func freeLazily(_ start: UInt64, _ end: UInt64, _ process: LinuxProcessState) {
    var next = start
    while let found = nextEntry(from: next, to: end, process) {
      next = found.end
      let reading = entries.decoder.reading(of: found.entry, level: found.level)
      if reading.state == .swap {
        unmap(found.address, process)
        continue
      }
      guard reading.isPresent, let frame = reading.frame?.frame, !isZero(frame) else { continue }
      guard let stop = wholeEnd(of: found, frame, to: end, process) else {
        // Only what nobody else has is split.
        if !isShared(frame) { next = splitFolio(of: frame, upTo: found) }
        continue
      }
      next = stop
      guard mayFreeLazily(frame, isMappedHuge: found.level > 1) else { continue }
      forEachEntry(found.address, stop, process) { address, place, entry, level in
        freeLazily(entry, at: place, level, address, process)
      }
    }
  }

  /// Whether a page, or the folio whose first it is, may be freed at all: what others have too may as long as
  /// neither the page itself nor a copy in swap says that it was written; huge entries of others are in the way.
  private func mayFreeLazily(_ frame: UInt64, isMappedHuge: Bool) -> Bool {
    guard let page = pages[frame] else { return false }
    if isMappedHuge || page.isDirty || page.swap != nil, isShared(frame) { return false }
    leaveSwapCache(frame)
    return pages[frame]?.swap == nil
  }

  private func freeLazily(
    _ entry: UInt64, at place: UInt64, _ level: Int, _ address: UInt64,
    _ process: LinuxProcessState
  ) {
    let reading = entries.decoder.reading(of: entry, level: level)
    guard let first = reading.frame?.frame else { return }
    for frame in first..<first + (level == 2 ? Self.hugeFrames : 1) {
      pages[frame]?.isLazyFree = true
      pages[frame]?.isDirty = false
    }
    var page = entries.page(of: entry)
    (page.isDirty, page.isYoung) = (false, false)
    let next = entries.changed(reading.state, first, page, isHuge: level == 2)
    store(next, at: place, level: level, address, process)
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

  /// Guards are set or taken away, one area after the other, up to the first that refuses.
  private func guardRegion(
    _ start: UInt64, _ end: UInt64, isInstalled: Bool, _ process: LinuxProcessState
  ) throws(StepFailure) {
    let refused = StepFailure.linux(.invalidArgument)
    guard kernel.version >= LinuxVersion(6, 13), let marker = entries.marker(.guardRegion)
    else { throw refused }
    let allowsFiles = kernel.version >= LinuxVersion(6, 15)
    for area in process.parts(of: start, end) {
      guard !(isInstalled && area.isLocked), allowsFiles || area.isAnonymous else { throw refused }
      guard isInstalled else {
        var next = area.start
        while let found = nextEntry(from: next, to: area.end, process) {
          next = found.end
          if found.entry == marker { store(0, at: found.place, found.address, process) }
        }
        continue
      }
      // A child has to get them too.
      process.noteOwnPage(at: area.start)
      zap(area.start, area.end, process)
      for address in stride(from: area.start, to: area.end, by: Int(frameSize)) {
        store(marker, at: try makePlace(of: address, process), address, process)
      }
    }
  }
}
