import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// Huge pages: entries of the level above that map pages themselves.
extension LinuxSimulation {
  /// The frames of a huge page: as many as a table has entries.
  static let hugeFrames: UInt64 = 512
  static let hugeSize = hugeFrames * frameSize

  func isHugeZero(_ frame: UInt64) -> Bool {
    hugeZeroFrame.map { frame >= $0 && frame < $0 + Self.hugeFrames } ?? false
  }

  /// Whether a frame holds zeros that all share.
  func isZero(_ frame: UInt64) -> Bool { frame == zeroFrame || isHugeZero(frame) }

  /// Parts areas where a range begins and ends, and with those that change the huge page that would belong to
  /// two (vma_adjust_trans_huge); gives those between that change.
  func isolate(
    _ start: UInt64, _ end: UInt64, _ process: LinuxProcessState,
    where isChanged: (LinuxArea) -> Bool
  ) -> [Int] {
    for edge in [start, end] where edge % Self.hugeSize != 0 {
      guard let area = process.area(of: edge), area.start != edge, isChanged(area),
        entry(of: edge, process).level == 2
      else { continue }
      split(edge, process)
    }
    return process.isolate(start, end).filter {
      guard isChanged(process.areas[$0]) else { return false }
      process.noteChanged(process.areas[$0])
      return true
    }
  }

  /// The entry of a huge page becomes 512 small ones, of the same frames and in the table that waits for it; of
  /// shared memory, ones that faults map again.
  ///
  /// The pages stay one folio (__split_huge_pmd).
  func split(_ address: UInt64, _ process: LinuxProcessState) {
    guard let place = place(of: address, level: 2, process) else { return }
    let entry = memory.entry(at: place)
    let start = address / Self.hugeSize * Self.hugeSize
    guard entry != 0, let first = frame(of: entry, level: 2) else { return }
    guard pages[first]?.file == nil else {
      event("the entry of the huge page at \(start.hex) is taken away")
      return unmapSharedHuge(first, at: start, place, process)
    }
    guard let table = process.deposited.popLast() else { return }
    let isPresent = X86Fields.present.isSet(in: entry)
    var page = entries.page(of: entry)
    let isZero = first == hugeZeroFrame
    if isZero { page.isSpecial = true }
    for index in 0..<Self.hugeFrames {
      let target = isZero ? zeroFrame : first + index
      let small = entries.present(target, page)
      memory.store(
        entry: isPresent ? small : entries.protNone(small),
        at: table * frameSize + index * Format.entrySize)
      if page.isDirty, !isZero { pages[target]?.isDirty = true }
    }
    store(entries.table(table), at: place, level: 2, start, process)
    event("the huge page at \(start.hex) is split")
  }

  /// Maps a huge page, for which a table was deposited already where it is not one of shared memory.
  func mapHuge(
    _ first: UInt64, at start: UInt64, _ entry: UInt64, _ process: LinuxProcessState
  ) throws(StepFailure) {
    let place = try makePlace(of: start, level: 2, process)
    store(entry, at: place, level: 2, start, process)
    guard first != hugeZeroFrame else { return }
    for index in 0..<Self.hugeFrames {
      pages[first + index, default: LinuxPage()].mappers.append(
        .init(pid: process.pid, address: start + index * frameSize))
      pages[first + index]?.isHuge = true
    }
  }

  /// A huge page of the process's own, written.
  func mapOwnHuge(
    _ first: UInt64, at address: UInt64, _ area: LinuxArea, _ process: LinuxProcessState
  ) throws(StepFailure) {
    process.noteOwnPage(at: address)
    var page = rights(area)
    (page.canWrite, page.isDirty, page.isSoftDirty) = (area.canWrite, true, true)
    for frame in first..<first + Self.hugeFrames {
      pages[frame] = LinuxPage(isExclusive: true)
    }
    swappable.append(first..<first + Self.hugeFrames)
    try mapHuge(
      first, at: address / Self.hugeSize * Self.hugeSize,
      entries.present(first, page, isHuge: true), process)
  }

  /// Puts a huge page in the place of the one of zeros, where one is free, from 6.13 on (do_huge_zero_wp_pmd).
  func replaceHugeZero(
    _ entry: UInt64, at address: UInt64, _ area: LinuxArea, _ process: LinuxProcessState
  ) throws(StepFailure) -> Bool {
    guard kernel.version >= LinuxVersion(6, 13), frame(of: entry, level: 2) == hugeZeroFrame,
      let first = takeHuge()
    else { return false }
    try mapOwnHuge(first, at: address, area, process)
    return true
  }

  func unmapHuge(_ start: UInt64, _ process: LinuxProcessState) {
    guard let place = place(of: start, level: 2, process),
      let first = frame(of: memory.entry(at: place), level: 2)
    else { return }
    guard pages[first]?.file == nil else {
      return unmapSharedHuge(first, at: start, place, process)
    }
    store(0, at: place, level: 2, start, process)
    if let table = process.deposited.popLast() { release(table) }
    guard first != hugeZeroFrame else { return }
    for index in 0..<Self.hugeFrames {
      pages[first + index]?.mappers.remove(
        .init(pid: process.pid, address: start + index * frameSize))
      dropIfUnused(first + index)
    }
  }

  // MARK: - Collapsing

  /// Small pages become huge ones, one area after the other; whatever is missing is filled with zeros
  /// (Linux mm/khugepaged.c, madvise_collapse).
  func collapse(
    _ start: UInt64, _ end: UInt64, _ process: LinuxProcessState
  ) throws(StepFailure) {
    guard kernel.version >= LinuxVersion(6, 1) else { throw .linux(.invalidArgument) }
    for part in process.parts(of: start, end) {
      guard let area = process.area(of: part.start), area.mayCollapse else {
        throw .linux(.invalidArgument)
      }
      let first = (part.start + Self.hugeSize - 1) / Self.hugeSize * Self.hugeSize
      let end = part.end / Self.hugeSize * Self.hugeSize
      // Where no whole one is asked for, all were made, unless the range lies between two boundaries.
      var isComplete = first <= end
      var huge = first
      while huge < end {
        if let file = area.file {
          if try !collapseShared(at: huge, file, area, process) { isComplete = false }
          huge += Self.hugeSize
          continue
        }
        guard let place = place(of: huge, level: 2, process) else {
          // Wide areas have no tables for most of what they hold.
          (isComplete, huge) = (false, (huge / span(3) + 1) * span(3))
          continue
        }
        if try !collapsePage(at: huge, place, area, process) { isComplete = false }
        guard report.status == nil else { return }
        huge += Self.hugeSize
      }
      guard isComplete else { throw .linux(.invalidArgument) }
    }
  }

  /// Makes one huge page; false where nothing is there to make it from, after which others are tried.
  private func collapsePage(
    at huge: UInt64, _ place: UInt64, _ area: LinuxArea, _ process: LinuxProcessState
  ) throws(StepFailure) -> Bool {
    guard entry(of: huge, process).level == 1 else { return true }
    // A table stays for when it is split again; there is none where nothing was ever touched.
    guard let table = table(of: memory.entry(at: place), level: 2) else {
      throw .linux(.invalidArgument)
    }
    guard mayBecomeHuge(huge, process) else { return false }
    try bringBack(huge, process)
    guard report.status == nil else { return true }
    guard let frames = takeHuge() else { throw .linux(.noMemory) }
    for index in 0..<Self.hugeFrames {
      let address = huge + index * frameSize
      let now = entry(of: address, process).entry
      if let source = frame(of: now) { memory.copy(source, to: frames + index) }
      if now != 0 { unmap(address, process) }
    }
    store(0, at: place, level: 2, huge, process)
    process.deposited.append(table / frameSize)
    try mapOwnHuge(frames, at: huge, area, process)
    event("\(Self.hugeFrames) pages from \(huge.hex) on become one huge page")
    return true
  }

  /// Whether one of the pages may be written, of which there had to be one before 6.18 (hpage_collapse_scan_pmd).
  private func mayBecomeHuge(_ huge: UInt64, _ process: LinuxProcessState) -> Bool {
    guard kernel.version < LinuxVersion(6, 18) else { return true }
    var next = huge
    while let found = nextEntry(from: next, to: huge + Self.hugeSize, process) {
      next = found.end
      if frame(of: found.entry) != nil, entries.page(of: found.entry).canWrite { return true }
    }
    return false
  }

  /// Maps what is in swap of the pages that become a huge one.
  private func bringBack(_ huge: UInt64, _ process: LinuxProcessState) throws(StepFailure) {
    for address in stride(from: huge, to: huge + Self.hugeSize, by: Int(frameSize)) {
      let reading = entries.decoder.reading(of: entry(of: address, process).entry, level: 1)
      // A guard is no page, and lets none be there.
      guard reading.state != .marker else { throw .linux(.invalidArgument) }
      guard reading.state == .swap else { continue }
      try access(.init(.read, address...address), process, isSilent: true)
      guard report.status == nil else { return }
    }
  }
}
