import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// Entries that make the next access fault so that somebody learns of it: NUMA hints, userfaultfd,
/// soft-dirty bits.
extension LinuxSimulation {
  func numaScan(_ range: ClosedRange<UInt64>, _ process: LinuxProcessState) {
    let (start, end) = pages(of: range)
    for area in process.areas(in: start, end) where isScanned(area) {
      forEachEntry(max(start, area.start), min(end, area.end), process) {
        address, place, entry, level in
        let reading = entries.decoder.reading(of: entry, level: level)
        guard reading.state == .present, let frame = reading.frame?.frame, !isZero(frame),
          level > 1 || isHinted(frame, area)
        else { return }
        let hint = entries.protNone(entry, keepingWrite: kernel.version < LinuxVersion(6, 2))
        store(hint, at: place, level: level, address, process)
      }
    }
  }

  /// Whether NUMA balancing looks at an area (Linux kernel/sched/fair.c, task_numa_work): not where
  /// nothing may be accessed, and from 3.15 on not at what looks like a library that many share.
  private func isScanned(_ area: LinuxArea) -> Bool {
    let isLibrary = area.file != nil && area.canRead && !area.canWrite
    return area.isAccessible && !(isLibrary && kernel.version >= LinuxVersion(3, 15))
  }

  /// Whether a small page gets a hint (Linux mm/mprotect.c, change_pte_range).
  private func isHinted(_ frame: UInt64, _ area: LinuxArea) -> Bool {
    guard let page = pages[frame] else { return false }
    let isOnDisk = page.file.map { !$0.file.isMemory } ?? false
    // What has to be written to a file first cannot be moved.
    if isOnDisk, page.isDirty, kernel.version >= LinuxVersion(4, 17) { return false }
    guard !area.isShared, kernel.version >= LinuxVersion(4, 16) else { return true }
    // Copy-on-write pages that others have too stay where they are; at first the other entries were
    // counted, then everybody who holds the page, and in the end the entries again.
    let countsHolders = (LinuxVersion(5, 17)..<LinuxVersion(6, 10)).contains(kernel.version)
    let holders = countsHolders ? (page.file == nil ? 0 : 1) + (page.swap == nil ? 0 : 1) : 0
    return page.mappers.count + holders == 1
  }

  func register(
    _ range: ClosedRange<UInt64>, _ modes: Set<Scenario.UserfaultMode>,
    _ process: LinuxProcessState
  ) throws(StepFailure) {
    let (start, end) = try wholePages(range)
    guard process.covers(start, end) else { throw .linux(.invalidArgument) }
    for index in process.isolate(start, end) {
      process.areas[index].isMissingNoted = modes.contains(.missing)
      process.areas[index].isProtectNoted = modes.contains(.writeProtect)
    }
  }

  /// The addresses of a call about userfaultfd, which takes whole pages only.
  private func wholePages(
    _ range: ClosedRange<UInt64>
  ) throws(StepFailure) -> (start: UInt64, end: UInt64) {
    let (start, end) = (range.lowerBound, range.upperBound &+ 1)
    guard start % frameSize == 0, end % frameSize == 0, start < end else {
      throw .linux(.invalidArgument)
    }
    return (start, end)
  }

  func userfaultFill(
    _ range: ClosedRange<UInt64>, isZero: Bool, _ process: LinuxProcessState
  ) throws(StepFailure) {
    let (start, end) = try wholePages(range)
    // One area has to hold all of it, and be registered for whatever (uffd_mfill_lock).
    guard let area = process.area(of: start), area.end >= end,
      area.isMissingNoted || area.isProtectNoted
    else { throw .linux(.noEntry) }
    for address in stride(from: start, to: end, by: Int(frameSize)) {
      guard isVacant(address, forZero: isZero, process) else {
        // What was done before stays, and the call says so.
        throw .linux(address == start ? .exists : .tryAgain)
      }
      _ = try makePlace(of: address, process)
      if isZero {
        let page = LinuxEntries.Page(canExecute: area.canExecute, isSpecial: true)
        try map(zeroFrame, at: address, entries.present(zeroFrame, page), process)
      } else {
        let frame = try takeFrame()
        memory.fill(stepByte, at: frame * frameSize, count: Int(frameSize))
        try mapOwn(frame, at: address, area, process)
      }
    }
  }

  /// Whether a page may be put at an address: over what a marker remembers too, unless it is one of zeros
  /// (mfill_atomic_install_pte, mfill_atomic_pte_zeropage).
  private func isVacant(
    _ address: UInt64, forZero isZero: Bool, _ process: LinuxProcessState
  ) -> Bool {
    let (entry, level) = entry(of: address, process)
    return entry == 0
      || !isZero && entries.decoder.reading(of: entry, level: level).state == .marker
  }

  func userfaultProtect(
    _ range: ClosedRange<UInt64>, isProtected: Bool, _ process: LinuxProcessState
  ) throws(StepFailure) {
    let (start, end) = try wholePages(range)
    var reached = start
    for area in process.areas(in: start, end) {
      guard area.start <= reached, area.isProtectNoted else { break }
      let stop = min(end, area.end)
      while let found = nextEntry(from: reached, to: stop, process) {
        reached = found.level > 1 ? found.address : found.end
        if found.level > 1 {
          split(found.address, process)
        } else {
          setUserfaultProtection(found, isProtected, process)
        }
      }
      reached = stop
    }
    guard reached == end else { throw .linux(.noEntry) }
  }

  private func setUserfaultProtection(
    _ found: FoundEntry, _ isProtected: Bool, _ process: LinuxProcessState
  ) {
    let (place, start, entry) = (found.place, found.address, found.entry)
    let reading = entries.decoder.reading(of: entry, level: 1)
    if reading.isPresent, let frame = reading.frame?.frame {
      var page = entries.page(of: entry)
      page.isUserfaultProtected = isProtected
      page.canWrite = false
      store(entries.changed(reading.state, frame, page), at: place, start, process)
    } else if reading.state == .swap, let offset = reading.swapOffset {
      store(
        entries.swap(
          type: 0, offset: offset, isSoftDirty: reading.isSoftDirty,
          isExclusive: reading.isExclusive, isUserfaultProtected: isProtected), at: place, start,
        process)
    }
  }

  func clearRefs(_ process: LinuxProcessState) throws(StepFailure) {
    guard kernel.bits.softDirty != nil else { throw .linux(.invalidArgument) }
    for index in process.areas.indices { process.areas[index].isSoftDirty = false }
    for area in process.areas {
      forEachEntry(area.start, area.end, process) { address, place, entry, level in
        let reading = entries.decoder.reading(of: entry, level: level)
        if reading.isPresent, let frame = reading.frame?.frame {
          var page = entries.page(of: entry)
          (page.isSoftDirty, page.canWrite) = (false, false)
          store(
            entries.changed(reading.state, frame, page, isHuge: level == 2), at: place,
            level: level, address, process)
        } else if reading.state == .swap, let mask = kernel.swapEntry.softDirty?.mask {
          store(entry & ~mask, at: place, address, process)
        }
      }
    }
  }
}
