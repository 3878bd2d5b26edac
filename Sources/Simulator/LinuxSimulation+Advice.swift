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
      guard kernel.version >= LinuxVersion(5, 14) else { throw .status(StepStatus("EINVAL")) }
      let mayBeHad = areas.map { process.areas[$0] }.allSatisfy { area in
        isWrite ? area.canWrite : area.isAccessible
      }
      guard mayBeHad else { throw .status(StepStatus("EINVAL")) }
      let reached = process.coveredEnd(start, end)
      guard try populate(start, reached, isWrite: isWrite, process) || report.status != nil else {
        throw .status(StepStatus("EFAULT"))
      }
    }
    guard process.covers(start, end) else { throw .status(StepStatus("ENOMEM")) }
  }

  /// The pages of areas are given up, one area after the other, up to the first that refuses.
  private func giveUp(
    _ areas: [Int], _ advice: Scenario.Advice, _ process: LinuxProcessState
  ) throws(StepFailure) {
    let refused = StepFailure.status(StepStatus("EINVAL"))
    guard advice != .pageout || kernel.version >= LinuxVersion(5, 4) else { throw refused }
    for area in areas.map({ process.areas[$0] }) {
      guard !area.isLocked, advice != .free || area.isAnonymous else { throw refused }
      switch advice {
      case .free: try freeLazily(area.start, area.end, process)
      case .pageout: try swapOut(area.start, area.end, process)
      default: try zap(area.start, area.end, keepingMarkers: true, process)
      }
    }
  }

  private func freeLazily(
    _ start: UInt64, _ end: UInt64, _ process: LinuxProcessState
  ) throws(StepFailure) {
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
}
