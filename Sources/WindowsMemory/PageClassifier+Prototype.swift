import Paging
import PhysicalMemory

/// Pages whose state is kept in a prototype entry.
extension PageClassifier {
  /// Follows an entry that says where its prototype entry is.
  func followPrototype(_ finding: inout PageFinding, _ reading: PTEReading) {
    guard let address = reading.prototypeAddress else { return }
    let prototype = VirtualAddress(address)
    finding.prototype = prototype
    let own = reading.protection == .zeroAccess ? nil : reading.protection
    var vad: VAD?
    if !system.isSystem(finding.address), own == nil, process != nil {
      // The entry leaves its protection to the range.
      var failure: KernelReadFailure?
      finding.vad = vadAnswer(of: finding.address, failure: &failure)
      if case .found(let found) = finding.vad { vad = found }
    }
    takePrototype(at: prototype, perPage: own, vad: vad, into: &finding)
  }

  /// Completes a finding by the prototype entry at an address.
  func takePrototype(
    at address: VirtualAddress, perPage: MMProtection?, vad: VAD?, into finding: inout PageFinding
  ) {
    let entry: UInt64
    let place: PhysicalAddress
    do throws(KernelReadFailure) {
      (entry, place) = try kernel.prototypeEntry(at: address)
    } catch {
      finding.failure = error
      finding.steps.append(
        PageSearchStep(place: .prototype(address), address: nil, entry: nil, reading: nil))
      return
    }
    // The same bits mean something else here: bit 10 says subsection.
    let reading = search.decoder.reading(of: entry, table: .prototype)
    finding.steps.append(
      PageSearchStep(place: .prototype(address), address: place, entry: entry, reading: reading))
    finding.state = reading.state
    protect(&finding, at: address, perPage: perPage, vad: vad, reading, entry)
    switch reading.state {
    case .valid, .large, .transition: finding.content = inMemory(reading, finding.address)
    case .pageFile, .virtualStore: finding.content = paged(reading)
    case .demandZero: finding.content = .zeros
    case .subsection: finding.content = inFile(reading, address, vad, &finding)
    case .zero:
      finding.content = .nowhere
      finding.rules.append(
        WindowsRule(
          "an empty prototype entry: padding of an image, or a page that is not committed",
          "flow of ReactOS"))
    case .noAccess, .decommitted: finding.content = .nowhere
    case .prototype, .prototypeVAD, .freed, .ambiguous: finding.content = .unknown
    }
  }

  /// The entry's own protection counts before the range's, and in images the section's.
  private func protect(
    _ finding: inout PageFinding, at address: VirtualAddress, perPage: MMProtection?, vad: VAD?,
    _ reading: PTEReading, _ entry: UInt64
  ) {
    if let perPage {
      (finding.protection, finding.protectionSource) = (perPage, .entry)
    } else if let vad, vad.kind != .image {
      (finding.protection, finding.protectionSource) = (vad.protection, .vad)
    } else {
      finding.protection = protection(ofPrototype: reading, entry, at: address, vad)
      finding.protectionSource = .prototype
      guard vad == nil else { return }
      finding.rules.append(
        WindowsRule(
          "the entry leaves the protection to the VAD, which is not known; this is the section's",
          "prototype entry", isUncertain: true))
    }
  }

  /// A valid prototype entry has the protection in the PFN database; a form without one leaves it to the
  /// subsection.
  private func protection(
    ofPrototype reading: PTEReading, _ entry: UInt64, at prototype: VirtualAddress, _ vad: VAD?
  ) -> MMProtection? {
    let isValid = reading.state == .valid || reading.state == .large
    var said = isValid ? nil : reading
    if isValid, let frame = reading.pfn, let record = try? frames?.entry(of: frame) {
      said = search.decoder.reading(of: record.originalPte, table: .prototype)
    }
    if let protection = said?.protection { return protection }
    if let said, said.state == .subsection,
      let subsection = try? subsection(of: said, prototype, vad)
    {
      return subsection.protection
    }
    return isValid ? hardwareProtection(of: entry, level: 1) : nil
  }

  /// The subsection that an entry names, or that the view has where the kernel's form of the address is
  /// not known.
  private func subsection(
    of reading: PTEReading, _ prototype: VirtualAddress, _ vad: VAD?
  ) throws(KernelReadFailure) -> Subsection? {
    if let address = reading.subsectionAddress {
      return try subsections?.subsection(at: VirtualAddress(address))
    }
    guard let vad else { return nil }
    return try subsections?.subsection(holding: prototype, of: vad)
  }

  private func inFile(
    _ reading: PTEReading, _ prototype: VirtualAddress, _ vad: VAD?, _ finding: inout PageFinding
  ) -> PageContent {
    guard let subsections else { return .unknown }
    do throws(KernelReadFailure) {
      let subsection = try subsection(of: reading, prototype, vad)
      guard let subsection, let page = subsections.page(of: prototype, in: subsection) else {
        return .unknown
      }
      return content(of: subsection, page: page)
    } catch {
      finding.failure = error
      return .unknown
    }
  }

  /// Pages beyond what the file has are filled with zeros.
  func content(of subsection: Subsection, page: UInt64) -> PageContent {
    subsection.fileOffset(ofPage: page)
      .map { .file(controlArea: subsection.controlArea, offset: $0) } ?? .zeros
  }
}
