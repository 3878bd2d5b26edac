import PhysicalMemory
import WindowsMemory

/// What views may have of their sections, and what of them is charged to the process.
extension WindowsSimulation {
  /// Refuses a view that its section does not allow, as MapViewOfFile does.
  ///
  /// Of images each part has its own protection, whatever is asked for.
  func check(_ protection: MMProtection, of section: SectionState) throws(StepFailure) {
    guard section.isImage || section.parts.allSatisfy({ $0.protection.permits(protection) })
    else { throw .status(.sectionProtection) }
  }

  /// Refuses pages of a view a protection that the view was not mapped with.
  ///
  /// VirtualProtect is documented to want one that is compatible with the view's, whatever its section allows:
  /// the section is as its handle was opened, and who may only read it gets no more by asking later.
  func check(_ protection: MMProtection, in area: AddressRange) throws(StepFailure) {
    guard let section = area.view?.section, !section.isImage else { return }
    let granted = granted(protection, page: area.pages.lowerBound, of: area)
    guard area.protection.permits(granted) else { throw .status(.sectionProtection) }
  }

  /// The protection that a page gets of one that is asked for.
  ///
  /// Who may write to an image, or to a view that copies, gets a copy, as a debugger does that sets a
  /// breakpoint; only the writable parts that an image shares are written in place.
  func granted(
    _ wanted: MMProtection, page: UInt64, of area: AddressRange
  ) -> MMProtection {
    guard let (section, first) = area.view else { return wanted }
    guard section.isImage else {
      return area.protection.isCopyOnWrite ? wanted.copyingOnWrite : wanted
    }
    let part = section.part(ofPage: first + page - area.pages.lowerBound)
    return part?.protection.isWrittenInPlace ?? false ? wanted : wanted.copyingOnWrite
  }

  // MARK: - Charges

  /// How many pages of a new view are charged: those of which a write makes a copy.
  func usualCharge(_ pages: ClosedRange<UInt64>, of area: AddressRange) -> UInt64 {
    guard let (section, first) = area.view else { return 0 }
    guard section.isImage else {
      return area.protection.isCopyOnWrite ? UInt64(pages.count) : 0
    }
    let shown = pages.lowerBound - area.pages.lowerBound + first
    let end = shown + UInt64(pages.count)
    return section.parts.reduce(0) { count, part in
      guard part.protection.isCopyOnWrite else { return count }
      let (low, high) = (max(shown, part.first), min(end, part.first + part.count))
      return count + (high > low ? high - low : 0)
    }
  }

  /// How many pages of a view are charged: the copies, and those of which a write makes one.
  func chargedCount(
    _ pages: ClosedRange<UInt64>, of area: AddressRange, _ process: WindowsProcessState
  ) -> UInt64 {
    spans(of: pages, process).reduce(0) { count, span in
      guard span.hasTable else { return count + usualCharge(span.pages, of: area) }
      return span.entries.reduce(count) { count, item in
        let protection = sharedProtection(item.page, memory.entry(at: item.place), area, process)
        return count + (protection?.isCopyOnWrite ?? true ? 1 : 0)
      }
    }
  }

  /// How many pages of a view are charged, and will be with another protection.
  func charges(
    _ pages: ClosedRange<UInt64>, of area: AddressRange, changingTo protection: MMProtection,
    _ process: WindowsProcessState
  ) -> (before: UInt64, after: UInt64) {
    guard area.view != nil else { return (0, 0) }
    let after = pages.reduce(0 as UInt64) { count, page in
      let isOwn = sharedProtection(page, entry(ofPage: page, process), area, process) == nil
      return count + (isOwn || granted(protection, page: page, of: area).isCopyOnWrite ? 1 : 0)
    }
    return (chargedCount(pages, of: area, process), after)
  }

  /// The protection of a page of a view that is still the section's; nil of a copy.
  private func sharedProtection(
    _ page: UInt64, _ entry: UInt64, _ area: AddressRange, _ process: WindowsProcessState
  ) -> MMProtection? {
    guard let (section, first) = area.view else { return nil }
    let reading = decoder.reading(of: entry)
    guard !isCombined(reading) else { return nil }
    let own: MMProtection?
    switch reading.state {
    case .valid:
      guard let frame = reading.pfn, frames[frame].isPrototype else { return nil }
      own = process.viewProtections[page]
    case .prototypeVAD: own = reading.protection == .zeroAccess ? nil : reading.protection
    case .zero, .prototype: own = nil
    default: return nil
    }
    guard own == nil, section.isImage else { return own ?? area.protection }
    return section.part(ofPage: first + page - area.pages.lowerBound)?.protection
  }
}

extension MMProtection {
  /// Whether a view may have another protection where its section, or the view so far, has this one.
  ///
  /// What refuses all is always allowed, and a copy wherever reading is; a copy that is executed only where
  /// this one says so (the table of compatible protections in ReactOS).
  func permits(_ other: MMProtection) -> Bool {
    if other.refusesAccess { return true }
    guard allowsExecute || !other.allowsExecute else { return false }
    if other.isExecuteOnly { return true }
    guard !refusesAccess, !isExecuteOnly else { return false }
    if other.isCopyOnWrite { return allowsWrite || !other.allowsExecute }
    return !other.allowsWrite || isWrittenInPlace
  }

  /// Whether a write changes the page itself.
  var isWrittenInPlace: Bool { allowsWrite && !isCopyOnWrite }

  private var isExecuteOnly: Bool { pageName == "PAGE_EXECUTE" }
}
