import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// Finds the pages that entries lead to which the processor does not use.
protocol SoftwarePages {
  /// Whether there can be any.
  static var exist: Bool { get }
  /// The page in memory that the entry of a page table leads to, if any.
  func page(of entry: EntryVisit) -> UInt64?
  /// The table that an entry above those leads to, if any.
  func table(behind entry: EntryVisit) -> PhysicalAddress?
  /// Gives the pages in memory that views of the address space lead to, and no entry; false where there
  /// are too many to be true. `steps` counts the work over all address spaces.
  func views(steps: inout Int, _ body: (VirtualAddress, PhysicalAddress) -> Void) -> Bool
}

/// No operating system is known: entries that are not present lead nowhere.
struct NoSoftwarePages: SoftwarePages {
  static var exist: Bool { false }
  func page(of entry: EntryVisit) -> UInt64? { nil }
  func table(behind entry: EntryVisit) -> PhysicalAddress? { nil }
  func views(steps: inout Int, _ body: (VirtualAddress, PhysicalAddress) -> Void) -> Bool { true }
}

/// What Windows still has in memory: pages and tables in transition, and pages of prototype entries.
struct WindowsPages: SoftwarePages {
  static var exist: Bool { true }
  private let decoder: PTEDecoder
  private let classifier: PageClassifier

  /// Takes the system and what is known of the process with the tables.
  init(_ decoder: PTEDecoder, _ classifier: PageClassifier) {
    self.decoder = decoder
    self.classifier = classifier
  }

  func page(of entry: EntryVisit) -> UInt64? {
    guard entry.entry != 0, entry.level == 1 else { return nil }
    let reading = decoder.reading(of: entry.entry, level: 1)
    switch reading.state {
    case .transition: return reading.pfn.map { $0 &* frameSize }
    case .prototype, .prototypeVAD:
      // Where the prototype entry is, it says; or the range that the address is in.
      guard
        case .memory(let place) = classifier.finding(of: VirtualAddress(entry.address)).content
      else { return nil }
      return place.rawValue & ~(frameSize - 1)
    default: return nil
    }
  }

  func table(behind entry: EntryVisit) -> PhysicalAddress? {
    guard entry.entry != 0 else { return nil }
    let reading = decoder.reading(of: entry.entry, level: entry.level)
    guard reading.state == .transition else { return nil }
    return reading.pfn.map { PhysicalAddress($0 &* frameSize) }
  }

  func views(steps: inout Int, _ body: (VirtualAddress, PhysicalAddress) -> Void) -> Bool {
    classifier.viewPages(steps: &steps, body)
  }
}

extension Machine {
  /// Who finds the pages of an address space that the processor does not see; nil without Windows.
  func windowsPages(in space: AddressSpace) -> WindowsPages? {
    guard let decoder = system.windows?.decoder, let classifier = classifier(in: space) else {
      return nil
    }
    return WindowsPages(decoder, classifier)
  }
}

/// What an address leads to: by the processor's walk, or as the operating system sees it.
struct PageAnswer: Hashable {
  var address: PhysicalAddress
  var pageShift: UInt64
  var rights: Rights
  /// Nil where the entry is valid.
  var state: ReverseMapping.State?
}

extension ReverseMap {
  /// What an address leads to under a state, in one address space.
  func answer(_ address: VirtualAddress, _ half: PagingState, space: Int) -> PageAnswer? {
    var question = Confirmation(address: address)
    if let found = half.perform(&question, on: machine.memory).translation {
      return PageAnswer(
        address: found.address, pageShift: found.pageShift, rights: found.rights, state: nil)
    }
    guard let classifier = classifier(of: space) else { return nil }
    let finding = classifier.finding(of: address)
    guard case .memory(let place) = finding.content,
      let state = ReverseMapping.State(finding)
    else { return nil }
    let pageShift = state == .prototype ? frameShift : half.pageShift(finding.level)
    return PageAnswer(
      address: place, pageShift: pageShift, rights: rights(finding), state: state)
  }

  /// The rights that the page has once a fault has brought it back.
  private func rights(_ finding: PageFinding) -> Rights {
    var rights: Rights = []
    if finding.address.rawValue < upperHalf { rights.insert(.user) }
    guard let protection = finding.protection else { return rights }
    if protection.allowsWrite, !protection.isCopyOnWrite { rights.insert(.write) }
    if protection.allowsExecute { rights.insert(.execute) }
    return rights
  }
}

extension ReverseMapping.State {
  /// The state of a page in memory that the processor does not reach; nil for others.
  fileprivate init?(_ finding: PageFinding) {
    if finding.prototype != nil {
      self = .prototype
      return
    }
    switch finding.reading?.state {
    // An entry that is valid counts for nothing below a table in transition.
    case .transition, .valid, .large: self = .transition
    default: return nil
    }
  }
}

/// One walk, of which only the end matters.
private struct Confirmation: WalkerOperation {
  let address: VirtualAddress

  mutating func run(_ walker: some TableWalker) -> WalkResult { walker.translate(address) }
}
