import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// userfaultfd: somebody else provides pages, and hears of writes (Linux mm/userfaultfd.c).
extension LinuxSimulation {
  func register(
    _ range: ClosedRange<UInt64>, _ modes: Set<Scenario.UserfaultMode>,
    _ process: LinuxProcessState
  ) throws(StepFailure) {
    let (start, end) = try wholePages(range)
    // Holes are passed over, but some area there has to be.
    let areas = process.areas(in: start, end)
    guard !modes.isEmpty, !areas.isEmpty, areas.allSatisfy({ mayRegister($0, modes) }) else {
      throw .linux(.invalidArgument)
    }
    let (isMissing, isProtect) = (modes.contains(.missing), modes.contains(.writeProtect))
    // An area that is watched for as much already stays as it is, even if for more.
    func isChanged(_ area: LinuxArea) -> Bool {
      isMissing && !area.isMissingNoted || isProtect && !area.isProtectNoted
    }
    for index in isolate(start, end, process, where: isChanged) {
      process[index].isMissingNoted = isMissing
      process[index].isProtectNoted = isProtect
    }
  }

  /// Whether an area may be watched (vma_can_userfault): memory of programs only, and shared memory of kernels
  /// that know how; writes to none before Linux 5.7.
  private func mayRegister(_ area: LinuxArea, _ modes: Set<Scenario.UserfaultMode>) -> Bool {
    guard !modes.contains(.writeProtect) || kernel.version >= LinuxVersion(5, 7) else {
      return false
    }
    guard let file = area.file else { return true }
    let first = modes.contains(.writeProtect) ? LinuxVersion(5, 19) : LinuxVersion(4, 11)
    return file.isMemory && kernel.version >= first
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
    let area = process.area(of: start)
    let isRefused = area.map { $0.end < end || !$0.isMissingNoted && !$0.isProtectNoted } ?? true
    // Private memory is made ready for pages of its own, zeros too; by locks of single areas even where the call
    // is then refused (uffd_lock_vma, from 6.9 on).
    if area?.isShared == false, !isRefused || kernel.version >= LinuxVersion(6, 9) {
      process.noteOwnPage(at: start)
    }
    guard let area, !isRefused else { throw .linux(.noEntry) }
    for address in stride(from: start, to: end, by: Int(frameSize)) {
      guard isVacant(address, forZero: isZero, area, process) else {
        // What was done before stays, and the call says so.
        throw .linux(address == start ? .exists : .tryAgain)
      }
      _ = try makePlace(of: address, process)
      if let file = area.file {
        try provide(
          area.filePage(of: address), of: file, isZero: isZero, at: address, area, process)
      } else if isZero {
        let page = LinuxEntries.Page(canExecute: area.canExecute, isSpecial: true)
        try map(zeroFrame, at: address, entries.present(zeroFrame, page), process)
      } else {
        let frame = try takeFrame()
        memory.fill(stepByte, at: frame * frameSize, count: Int(frameSize))
        try mapOwn(frame, at: address, area, process)
      }
    }
  }

  /// A page of shared memory is there for all from then on, and mapped as if it had been written; what is asked
  /// to be zeros is no page that others have too (shmem_mfill_atomic_pte).
  private func provide(
    _ page: UInt64, of file: LinuxFile, isZero: Bool, at address: UInt64, _ area: LinuxArea,
    _ process: LinuxProcessState
  ) throws(StepFailure) {
    let frame = try cached(file, page)
    if !isZero { memory.fill(stepByte, at: frame * frameSize, count: Int(frameSize)) }
    var bits = rights(area)
    (bits.canWrite, bits.isDirty, bits.isSoftDirty) = (area.canWrite, true, true)
    try map(frame, at: address, entries.present(frame, bits), process)
  }

  /// Whether a page may be put at an address: over what a marker remembers too, unless it is the one of zeros
  /// (mfill_atomic_install_pte, mfill_atomic_pte_zeropage); of shared memory, only where there is none.
  private func isVacant(
    _ address: UInt64, forZero isZero: Bool, _ area: LinuxArea, _ process: LinuxProcessState
  ) -> Bool {
    let (entry, level) = entry(of: address, process)
    let isMarker = entries.decoder.reading(of: entry, level: level).state == .marker
    guard let file = area.file else { return entry == 0 || !isZero && isMarker }
    let page = area.filePage(of: address)
    return (entry == 0 || isMarker) && file.cache[page] == nil && file.swapped[page] == nil
  }

  func userfaultProtect(
    _ range: ClosedRange<UInt64>, isProtected: Bool, _ process: LinuxProcessState
  ) throws(StepFailure) {
    let (start, end) = try wholePages(range)
    let areas = process.areas(in: start, end)
    // Before 6.3 one area has to hold all of it; from then on holes are passed over (mwriteprotect_range).
    let isOne = areas.first.map { $0.start <= start && $0.end >= end } == true
    guard kernel.version >= LinuxVersion(6, 3) || isOne, !areas.isEmpty else {
      throw .linux(.noEntry)
    }
    for area in areas {
      guard area.isProtectNoted else { throw .linux(.noEntry) }
      let (first, stop) = (max(start, area.start), min(end, area.end))
      var next = first
      while let found = nextWholeEntry(from: next, to: stop, process) {
        // Shared memory has markers for small pages alone (pgtable_split_needed).
        guard found.level == 1 || area.isAnonymous else {
          split(found.address, process)
          continue
        }
        next = found.end
        setUserfaultProtection(found, isProtected, area, process)
      }
      if isProtected { try protectMissing(first, stop, area, process) }
    }
  }

  private func setUserfaultProtection(
    _ found: FoundEntry, _ isProtected: Bool, _ area: LinuxArea, _ process: LinuxProcessState
  ) {
    let (place, start, entry) = (found.place, found.address, found.entry)
    let reading = entries.decoder.reading(of: entry, level: found.level)
    if reading.isPresent, let frame = reading.frame?.frame {
      var page = entries.page(of: entry)
      page.isUserfaultProtected = isProtected
      // From 6.3 on the program's own pages need no fault to be written again (uffd_wp_range).
      page.canWrite =
        !area.isShared && kernel.version >= LinuxVersion(6, 3) && mayUpgrade(page, frame, area)
      store(
        entries.changed(reading.state, frame, page, isHuge: found.level == 2), at: place,
        level: found.level, start, process)
    } else if reading.state == .swap, let offset = reading.swapOffset {
      store(
        entries.swap(
          type: 0, offset: offset, isSoftDirty: reading.isSoftDirty,
          isExclusive: reading.isExclusive, isUserfaultProtected: isProtected), at: place, start,
        process)
    } else if !isProtected, reading.markers == .userfaultWriteProtect {
      store(0, at: place, start, process)
    }
  }

  /// Of shared memory a marker remembers it where no entry can, as the page may be there already.
  private func protectMissing(
    _ start: UInt64, _ end: UInt64, _ area: LinuxArea, _ process: LinuxProcessState
  ) throws(StepFailure) {
    guard !area.isAnonymous, let marker = entries.marker(.userfaultWriteProtect) else { return }
    for address in stride(from: start, to: end, by: Int(frameSize)) {
      let place = try makePlace(of: address, process)
      if memory.entry(at: place) == 0 { store(marker, at: place, address, process) }
    }
  }

  /// Takes an entry away; a marker remembers that userfaultfd protects a page of shared memory
  /// (pte_install_uffd_wp_if_needed).
  func unmapRemembering(_ address: UInt64, _ process: LinuxProcessState) {
    let (entry, level) = entry(of: address, process)
    let reading = entries.decoder.reading(of: entry, level: level)
    unmap(address, process)
    guard reading.isUserfaultWriteProtected, process.area(of: address)?.isAnonymous == false,
      let marker = entries.marker(.userfaultWriteProtect), let place = place(of: address, process)
    else { return }
    store(marker, at: place, address / frameSize * frameSize, process)
  }
}
