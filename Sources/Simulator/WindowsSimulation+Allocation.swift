import Paging
import PhysicalMemory
import WindowsMemory

/// VirtualAlloc, VirtualProtect and VirtualFree.
extension WindowsSimulation {
  /// Reservations begin at multiples of 64 KiB.
  private static let granularity: UInt64 = 0x1_0000

  /// Charges pages to the commitment; a status where there is no room.
  func charge(_ pages: UInt64) throws(StepFailure) {
    guard committed + pages <= commitLimit else { throw .status(.commitmentLimit) }
    committed += pages
  }

  private func check(_ protection: MMProtection) throws(StepFailure) {
    // Private memory has nothing to copy from.
    guard !protection.isCopyOnWrite else { throw .status(.invalidPageProtection) }
  }

  func pages(of range: ClosedRange<UInt64>) -> ClosedRange<UInt64> {
    range.lowerBound / frameSize...range.upperBound / frameSize
  }

  private func requireUser(_ range: ClosedRange<UInt64>) throws(StepFailure) {
    guard isUser(range.lowerBound), isUser(range.upperBound),
      range.upperBound <= state.mode.lastAddress,
      state.isCanonical(VirtualAddress(range.upperBound)), range.lowerBound >= Self.granularity
    else { throw .status(.invalidParameter) }
  }

  func reserve(
    _ range: ClosedRange<UInt64>, _ protection: MMProtection, isCommitted: Bool, isLarge: Bool,
    _ process: WindowsProcessState
  ) throws(StepFailure) {
    try requireUser(range)
    try check(protection)
    let start = range.lowerBound / Self.granularity * Self.granularity
    let pages = pages(of: start...range.upperBound)
    if isLarge { return try reserveLarge(range, pages, protection, process) }
    guard process.place(for: pages) != nil else { throw .status(.conflictingAddresses) }
    let count = isCommitted ? UInt64(pages.count) : 0
    try charge(count)
    try add(
      AddressRange(
        pages: pages, kind: .none, protection: protection, isPrivate: true,
        isCommitted: isCommitted, address: 0, charge: count), to: process)
  }

  /// Large pages are in memory from the start and stay there.
  private func reserveLarge(
    _ range: ClosedRange<UInt64>, _ pages: ClosedRange<UInt64>, _ protection: MMProtection,
    _ process: WindowsProcessState
  ) throws(StepFailure) {
    let size: UInt64 = 1 << state.pageShift(2)
    guard range.lowerBound % size == 0, (range.upperBound &+ 1) % size == 0 else {
      throw .status(.invalidParameter)
    }
    guard process.place(for: pages) != nil else { throw .status(.conflictingAddresses) }
    let count = UInt64(pages.count)
    try charge(count)
    var taken: [UInt64] = []
    for _ in stride(from: range.lowerBound, through: range.upperBound, by: Int(size)) {
      guard let frame = frames.takeAligned(size / frameSize) else {
        committed -= count
        for frame in taken.flatMap({ $0..<$0 + size / frameSize }) { frames.release(frame) }
        throw .status(.insufficientResources)
      }
      taken.append(frame)
    }
    try add(
      AddressRange(
        pages: pages, kind: .largePages, protection: protection, isPrivate: true,
        isCommitted: true, address: 0, charge: count), to: process)
    for (index, first) in taken.enumerated() {
      let address = range.lowerBound + UInt64(index) * size
      let (place, _) = try makePlace(of: address, level: 2, root: process.root, process: process)
      let entry = try validEntry(first, protection, isDirty: true, isLarge: true)
      store(entry, at: place, level: 2, address: address, process: process)
      for frame in first..<first + size / frameSize {
        frames.update(frame) { record in
          record.use = .large
          record.pteAddress = pteAddress(of: address, level: 2)
          record.pteFrame = place / frameSize
          record.isModified = true
        }
      }
    }
  }

  func commit(
    _ range: ClosedRange<UInt64>, _ protection: MMProtection, _ process: WindowsProcessState
  ) throws(StepFailure) {
    try requireUser(range)
    try check(protection)
    let pages = pages(of: range)
    guard let index = process.rangeIndex(of: pages.lowerBound),
      process.ranges[index].pages.contains(pages.upperBound),
      process.ranges[index].kind == .none
    else { throw .status(.conflictingAddresses) }
    let area = process.ranges[index]
    guard area.isPrivate else { return try commitView(area, pages, protection, process) }
    let states = pages.map { entry(ofPage: $0, process) }
    let fresh = states.filter { $0 == 0 && !area.isCommitted || isDecommitted($0) }
    try charge(UInt64(fresh.count))
    process.ranges[index].charge += UInt64(fresh.count)
    for (page, entry) in zip(pages, states) {
      let address = page * frameSize
      if entry == 0, area.isCommitted, area.protection == protection { continue }
      let (place, _) = try makePlace(of: address, root: process.root, process: process)
      if entry == 0 || isDecommitted(entry) {
        store(
          try softwareEntry(protection), at: place, level: 1, address: address, process: process)
      } else {
        // Committing what is committed changes its protection.
        try reprotect(address, place: place, protection, process)
      }
    }
  }

  func entry(ofPage page: UInt64, _ process: WindowsProcessState) -> UInt64 {
    place(of: page * frameSize, root: process.root).map { memory.entry(at: $0) } ?? 0
  }

  private func isDecommitted(_ entry: UInt64) -> Bool {
    decoder.reading(of: entry).state == .decommitted
  }

  /// The range that holds all of these pages, each of which is committed.
  private func committedRange(
    _ pages: ClosedRange<UInt64>, _ process: WindowsProcessState
  ) throws(StepFailure) -> AddressRange {
    guard let index = process.rangeIndex(of: pages.lowerBound),
      process.ranges[index].pages.contains(pages.upperBound)
    else { throw .status(.conflictingAddresses) }
    let area = process.ranges[index]
    for page in pages where !isCommitted(page, area, process) { throw .status(.notCommitted) }
    return area
  }

  /// Whether a page of a range is committed.
  func isCommitted(
    _ page: UInt64, _ area: AddressRange, _ process: WindowsProcessState
  ) -> Bool {
    let entry = entry(ofPage: page, process)
    if let (section, first) = area.view {
      guard entry == 0 || decoder.reading(of: entry).state != .valid,
        let address = prototype(of: section, page: first + page - area.pages.lowerBound)
      else { return true }
      return memory.entry(at: kernelPlace(address)) != 0
    }
    return entry == 0 ? area.isCommitted : !isDecommitted(entry)
  }

  func protect(
    _ range: ClosedRange<UInt64>, _ protection: MMProtection, _ process: WindowsProcessState
  ) throws(StepFailure) {
    try requireUser(range)
    let pages = pages(of: range)
    let area = try committedRange(pages, process)
    guard area.kind == .none || area.kind == .image else {
      throw .status(.invalidPageProtection)
    }
    if area.isPrivate { try check(protection) }
    if let section = area.view?.section {
      let most = section.parts.map(\.protection).max { $0.base < $1.base } ?? area.protection
      guard !protection.allowsWrite || protection.isCopyOnWrite || most.allowsWrite else {
        throw .status(.sectionProtection)
      }
    }
    for page in pages {
      let address = page * frameSize
      if entry(ofPage: page, process) == 0, area.protection == protection { continue }
      let (place, _) = try makePlace(of: address, root: process.root, process: process)
      try reprotect(address, place: place, protection, process)
    }
  }

  /// Gives a page another protection, wherever it is.
  func reprotect(
    _ address: UInt64, place: UInt64, _ protection: MMProtection, _ process: WindowsProcessState
  ) throws(StepFailure) {
    let page = address / frameSize
    let start = page * frameSize
    var entry = memory.entry(at: place)
    var reading = decoder.reading(of: entry)
    if reading.state == .valid, let frame = reading.pfn {
      try setOriginal(frame, protection)
      if frames[frame].isPrototype { process.viewProtections[page] = protection }
      if !protection.refusesAccess, protection.modifier != .guardPage {
        if entry & leaf.dirtyMask != 0 {
          try releaseSlot(of: frame)
          frames.update(frame) { $0.isModified = true }
        }
        let next = try validEntry(frame, protection, isDirty: entry & leaf.dirtyMask != 0)
        return store(next, at: place, level: 1, address: start, process: process)
      }
      // No valid entry says guard or no access: the page goes into transition.
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
      next = try word(
        .pageFile(
          number: reading.pageFile ?? 0, page: reading.pageFileOffset ?? 0, protection))
    case .prototype, .prototypeVAD: next = try word(.prototypeVAD(protection))
    case .zero where isView(page, process): next = try word(.prototypeVAD(protection))
    default: next = try softwareEntry(protection)
    }
    store(next, at: place, level: 1, address: start, process: process)
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
      next = try word(
        .pageFile(number: pageFiles[slot.file].number, page: slot.page, protection))
    } else {
      next = try softwareEntry(protection)
    }
    frames.update(frame) { $0.originalPte = next }
  }

  func decommit(_ range: ClosedRange<UInt64>, _ process: WindowsProcessState) throws(StepFailure) {
    let pages = pages(of: range)
    guard let index = process.rangeIndex(of: pages.lowerBound) else {
      throw .status(.memoryNotAllocated)
    }
    let area = process.ranges[index]
    guard area.pages.contains(pages.upperBound), area.kind == .none else {
      throw .status(.unableToFree)
    }
    guard area.isPrivate else { throw .status(.unableToDeleteSection) }
    let gone = try word(.decommitted)
    var count: UInt64 = 0
    for page in pages where isCommitted(page, area, process) {
      let address = page * frameSize
      let (place, _) = try makePlace(of: address, root: process.root, process: process)
      try delete(address, place: place, of: process, leaving: gone)
      count += 1
    }
    committed -= count
    process.ranges[index].charge -= min(count, process.ranges[index].charge)
  }

  func free(_ address: UInt64, _ process: WindowsProcessState) throws(StepFailure) {
    guard let index = process.rangeIndex(of: address / frameSize) else {
      throw .status(.memoryNotAllocated)
    }
    let area = process.ranges[index]
    guard area.isPrivate else { throw .status(.unableToDeleteSection) }
    guard area.pages.lowerBound == address / frameSize else { throw .status(.freeNotAtBase) }
    try release(area, of: process)
    remove(index, of: process)
  }

  /// Gives back all that a range has; its descriptor stays.
  func release(_ area: AddressRange, of process: WindowsProcessState) throws(StepFailure) {
    committed -= min(area.charge, committed)
    if area.kind == .largePages { return releaseLarge(area, process) }
    var page = area.pages.lowerBound
    while page <= area.pages.upperBound {
      let address = page * frameSize
      guard let place = place(of: address, root: process.root) else {
        // Nothing is below this table.
        let span: UInt64 = 1 << (state.pageShift(2) - 12)
        page = (page / span + 1) * span
        continue
      }
      if memory.entry(at: place) != 0 { try delete(address, place: place, of: process) }
      let isLast = page == area.pages.upperBound
      if isLast || (page + 1) % (1 << (state.pageShift(2) - 12)) == 0 {
        releaseEmptyTables(above: address, process)
      }
      page += 1
    }
    area.view?.section.viewCount -= 1
  }

  private func releaseLarge(_ area: AddressRange, _ process: WindowsProcessState) {
    let size: UInt64 = 1 << state.pageShift(2)
    let first = area.pages.lowerBound * frameSize
    for address in stride(from: first, through: area.pages.upperBound * frameSize, by: Int(size)) {
      guard let place = place(of: address, level: 2, root: process.root),
        let frame = decoder.reading(of: memory.entry(at: place), level: 2).pfn
      else { continue }
      store(0, at: place, level: 2, address: address, process: process)
      for page in frame..<frame + size / frameSize { frames.release(page) }
      releaseEmptyTables(above: address, process)
    }
  }

  /// A stack: its top pages are committed, the one below them is the guard.
  func makeStack(
    _ range: ClosedRange<UInt64>, committed count: UInt64, _ process: WindowsProcessState
  ) throws(StepFailure) {
    try reserve(range, Self.readWrite, isCommitted: false, isLarge: false, process)
    let top = range.upperBound + 1
    guard (count + 2) * frameSize <= top - range.lowerBound else {
      throw .mistake("a stack has a committed page, a guard page and one that stays unused")
    }
    try commit(top - count * frameSize...range.upperBound, Self.readWrite, process)
    let limit = top - (count + 1) * frameSize
    try commit(limit...limit + (frameSize - 1), Self.guarded, process)
    process.stack = ThreadStack(
      allocationBase: VirtualAddress(range.lowerBound), base: VirtualAddress(top))
  }
}
