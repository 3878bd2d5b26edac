import Paging
import PhysicalMemory
import WindowsMemory

/// VirtualProtect: pages get another protection, wherever they are.
extension WindowsSimulation {
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
}
