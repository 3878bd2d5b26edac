import Paging
import PhysicalMemory
import WindowsMemory

/// VirtualProtect: pages get another protection, wherever they are.
extension WindowsSimulation {
  /// The range that holds all of these pages, where the protection of single pages can be changed.
  private func range(
    holding pages: ClosedRange<UInt64>, _ process: WindowsProcessState
  ) throws(StepFailure) -> AddressRange {
    guard let index = process.rangeIndex(of: pages.lowerBound),
      process.ranges[index].pages.contains(pages.upperBound),
      process.ranges[index].kind != .largePages
    else { throw .status(.conflictingAddresses) }
    return process.ranges[index]
  }

  /// Refuses a protection that the memory cannot have: private memory has nothing to copy from, and how the
  /// pages of a section are cached its section says (Memory Protection Constants).
  private func check(_ protection: MMProtection, for area: AddressRange) throws(StepFailure) {
    let isPossible = area.isPrivate ? !protection.isCopyOnWrite : !protection.saysHowToCache
    guard isPossible else { throw .status(.invalidParameter4) }
  }

  /// Refuses pages of a range that are not committed.
  private func requireCommitted(
    _ pages: ClosedRange<UInt64>, of area: AddressRange, _ process: WindowsProcessState
  ) throws(StepFailure) {
    let isCommitted =
      area.view == nil
      ? committedCount(pages, area, process) == pages.count
      : pages.allSatisfy { isCommittedView($0, area, process) }
    guard isCommitted else { throw .status(.notCommitted) }
  }

  /// Whether a page of a view is committed.
  private func isCommittedView(
    _ page: UInt64, _ area: AddressRange, _ process: WindowsProcessState
  ) -> Bool {
    guard let (section, first) = area.view,
      decoder.reading(of: entry(ofPage: page, process)).state != .valid,
      let address = prototype(of: section, page: first + page - area.pages.lowerBound)
    else { return true }
    return memory.entry(at: kernelPlace(address)) != 0
  }

  func protect(
    _ range: ClosedRange<UInt64>, _ protection: MMProtection, _ process: WindowsProcessState
  ) throws(StepFailure) {
    try requireUser(range, base: .invalidParameter2, size: .invalidParameter3)
    let pages = pages(of: range)
    let area = try self.range(holding: pages, process)
    try check(protection, for: area)
    try requireCommitted(pages, of: area, process)
    try check(protection, in: area)
    let isUnlocking =
      protection.isNeverValid && process.lockedPages.contains(where: pages.contains)
    try change(pages, of: area, to: protection, process)
    if isUnlocking { report.status = StepStatus(.wasUnlocked) }
  }

  /// Gives pages of a range, all of them committed, another protection, and charges what of a view becomes
  /// copied by whom writes.
  func change(
    _ pages: ClosedRange<UInt64>, of area: AddressRange, to protection: MMProtection,
    _ process: WindowsProcessState
  ) throws(StepFailure) {
    let (before, after) = charges(pages, of: area, changingTo: protection, process)
    try charge(max(before, after) - before)
    do throws(StepFailure) {
      try reprotect(pages, of: area, protection, process)
    } catch {
      committed -= max(before, after) - before
      throw error
    }
    committed -= max(before, after) - after
    if let index = process.rangeIndex(of: pages.lowerBound) {
      process.ranges[index].charge = area.charge + after - before
    }
  }

  private func reprotect(
    _ pages: ClosedRange<UInt64>, of area: AddressRange, _ protection: MMProtection,
    _ process: WindowsProcessState
  ) throws(StepFailure) {
    // What the descriptor says already, no entry has to say. Of images each part says its own.
    let isSaid =
      area.kind != .image
      && area.protection == granted(protection, page: pages.lowerBound, of: area)
    if !isSaid { try makeTables(of: pages, process) }
    for span in spans(of: pages, process) {
      for (page, place) in span.entries where !isSaid || memory.entry(at: place) != 0 {
        let granted = granted(protection, page: page, of: area)
        try reprotect(page * frameSize, place: place, granted, process)
      }
    }
  }

  /// Gives a page another protection, wherever it is.
  func reprotect(
    _ address: UInt64, place: UInt64, _ wanted: MMProtection, _ process: WindowsProcessState
  ) throws(StepFailure) {
    let page = address / frameSize
    let start = page * frameSize
    var entry = memory.entry(at: place)
    var reading = decoder.reading(of: entry)
    let protection = possible(wanted, of: reading)
    if reading.state == .valid, let frame = reading.pfn {
      try setOriginal(frame, protection)
      if frames[frame].isPrototype { process.viewProtections[page] = protection }
      if !protection.isNeverValid {
        let caching = protection.caching
        if frames[frame].caching != caching { frames.update(frame) { $0.caching = caching } }
        if leaf.isDirty(entry) {
          try releaseSlot(of: frame)
          frames.update(frame) { $0.isModified = true }
        }
        let next = try validEntry(frame, protection, isDirty: leaf.isDirty(entry))
        return store(next, at: place, level: 1, address: start, process: process)
      }
      // No valid entry says guard or no access: the page goes into transition, also where it was locked.
      process.lockedPages.remove(page)
      _ = try trim(page, of: process)
      entry = memory.entry(at: place)
      reading = decoder.reading(of: entry)
    }
    let next: UInt64
    switch reading.state {
    case .transition:
      let frame = reading.pfn ?? 0
      try setOriginal(frame, protection)
      next = try word(.transition(pfn: frame, protection))
    case .pageFile, .virtualStore:
      next = try pageFileEntry(
        reading.pageFile ?? 0, page: reading.pageFileOffset ?? 0, protection)
    case .prototype where isCombined(reading):
      process.viewProtections[page] = protection
      next = try viewEntry(page, reading.prototypeAddress ?? 0, process)
    case .prototype, .prototypeVAD: next = try word(.prototypeVAD(protection))
    case .zero where isView(page, process): next = try word(.prototypeVAD(protection))
    default: next = try softwareEntry(protection)
    }
    store(next, at: place, level: 1, address: start, process: process)
  }

  /// The protection that a page can have of the one that is wanted.
  ///
  /// Pages that are combined are copied by whom writes; of the process's own pages nobody needs a copy.
  private func possible(_ wanted: MMProtection, of reading: PTEReading) -> MMProtection {
    if isCombined(reading) { return wanted.copyingOnWrite }
    switch reading.state {
    case .valid:
      return reading.pfn.map { frames[$0].isPrototype } ?? false ? wanted : wanted.writingInPlace
    case .transition, .pageFile, .virtualStore: return wanted.writingInPlace
    default: return wanted
    }
  }

  /// Whether an entry of a process leads to a page that is combined with others.
  func isCombined(_ reading: PTEReading) -> Bool {
    let prototype =
      reading.state == .valid
      ? reading.pfn.map { frames[$0].pteAddress } : reading.prototypeAddress
    return prototype.map { combineBlocks[$0] != nil } ?? false
  }

  private func isView(_ page: UInt64, _ process: WindowsProcessState) -> Bool {
    process.rangeIndex(of: page).map { process.ranges[$0].view != nil } ?? false
  }

  private func slot(of frame: UInt64) -> (file: Int, page: UInt64)? {
    slot(of: frames[frame].originalPte, isPrototype: frames[frame].isPrototype)
  }

  /// A private page goes back to an entry with this protection; that of a section is not changed.
  private func setOriginal(_ frame: UInt64, _ protection: MMProtection) throws(StepFailure) {
    let record = frames[frame]
    guard !record.isPrototype, record.use == .private else { return }
    let next: UInt64
    if let slot = slot(of: frame) {
      next = try pageFileEntry(pageFiles[slot.file].number, page: slot.page, protection)
    } else {
      next = try softwareEntry(protection)
    }
    frames.update(frame) { $0.originalPte = next }
  }
}

extension MMProtection {
  /// The same with a copy for whom writes, where it allows writing.
  var copyingOnWrite: MMProtection {
    guard allowsWrite else { return self }
    let name = allowsExecute ? "PAGE_EXECUTE_WRITECOPY" : "PAGE_WRITECOPY"
    return MMProtection(base: name, modifier: modifier) ?? self
  }

  /// The same without a copy.
  var writingInPlace: MMProtection {
    guard isCopyOnWrite else { return self }
    let name = allowsExecute ? "PAGE_EXECUTE_READWRITE" : "PAGE_READWRITE"
    return MMProtection(base: name, modifier: modifier) ?? self
  }

  /// Whether it says how pages are cached.
  var saysHowToCache: Bool { modifier == .nocache || modifier == .writecombine }

  /// Whether no entry that the processor uses can say it.
  fileprivate var isNeverValid: Bool { refusesAccess || modifier == .guardPage }
}

extension MMProtection {
  /// How the PFN database says that a page with the protection is cached.
  var caching: PFNEntry.CacheAttribute {
    switch modifier {
    case .nocache: .nonCached
    case .writecombine: .writeCombined
    case .none, .guardPage: .cached
    }
  }
}
