public import Paging
public import PhysicalMemory

/// Where the content of a page is.
public enum PageContent: Hashable, Sendable {
  /// In memory; the address is that of the byte asked about.
  case memory(PhysicalAddress)
  /// In a page file, at a page of it.
  case pageFile(number: UInt64, page: UInt64)
  /// In a store of compressed pages, under a key.
  case store(number: UInt64, key: UInt64)
  /// In a file, which the control area knows, from a byte on.
  case file(controlArea: VirtualAddress, offset: UInt64)
  /// Nowhere yet: the page will be filled with zeros.
  case zeros
  /// Nowhere: there is no page.
  case nowhere
  /// It could not be found out.
  case unknown
}

/// A rule that led to an answer.
public typealias WindowsRule = VerdictRule

/// What the memory manager knows about the page at an address, wherever it has to look.
///
/// State, protection and content are separate facts. The state is the page's: where the entry leads
/// to a prototype entry or leaves the answer to the VAD, it is what is found there.
public struct PageFinding: Hashable, Sendable {
  /// What the descriptors of address ranges say, where they were asked.
  public enum VADAnswer: Hashable, Sendable {
    /// The entry says all.
    case notAsked
    /// They are not known or cannot be read.
    case unknown(String)
    /// No range has the address.
    case none
    /// This range has it.
    case found(VAD)
  }

  /// Who says the protection.
  public enum ProtectionSource: String, Hashable, Sendable {
    /// The entry.
    case entry
    /// The processor's bits in the entry.
    case hardware
    /// The descriptor of the range.
    case vad = "VAD"
    /// The prototype entry.
    case prototype = "prototype entry"
  }

  /// The address.
  public let address: VirtualAddress
  /// The state; nil where the image lacks what would tell, or where an entry is malformed.
  public internal(set) var state: PTEState?
  /// The level of the entry that was reached; above 1 where a page table is not in memory.
  public internal(set) var level = 1
  /// The entry that was reached; nil where the image lacks it.
  public internal(set) var entry: UInt64?
  /// What that entry says by itself.
  public internal(set) var reading: PTEReading?
  /// The protection of the page.
  public internal(set) var protection: MMProtection?
  /// Who says the protection.
  public internal(set) var protectionSource: ProtectionSource?
  /// Where the content is.
  public internal(set) var content = PageContent.unknown
  /// The prototype entry, where there is one.
  public internal(set) var prototype: VirtualAddress?
  /// What the descriptors say.
  public internal(set) var vad = VADAnswer.notAsked
  /// The entries that were read, in order.
  public internal(set) var steps: [PageSearchStep] = []
  /// Whether it is the page that the kernel shares with every process, and this one has no entry for it yet.
  public internal(set) var isSharedData = false
  /// What could not be read and would have told more.
  public internal(set) var failure: KernelReadFailure?
  /// The rules that led here.
  public internal(set) var rules: [WindowsRule] = []

  init(_ address: VirtualAddress) { self.address = address }

  /// The physical address that the image lacks and that would have told more.
  public var missing: PhysicalAddress? { failure?.missing }

  /// Whether the page is shared: its state is kept in a prototype entry, or would be.
  public var isShared: Bool {
    if isSharedData { return true }
    if case .found(let vad) = vad, isLeftToVAD { return !vad.isPrivate }
    return reading?.state == .prototype || reading?.state == .prototypeVAD
  }

  /// Whether the entry leaves the answer to the descriptor of the range.
  var isLeftToVAD: Bool {
    switch reading?.state {
    case .zero, .prototypeVAD: true
    case .demandZero: level > 1
    default: false
    }
  }

  /// Whether the page table that would have the entry is not in memory.
  public var isTableAbsent: Bool { level > 1 && state != nil && !isValid && !isLeftToVAD }

  /// Whether the processor uses the entry.
  var isValid: Bool { reading?.state == .valid || reading?.state == .large }
}

extension PageContent {
  /// The first byte of the page in its page file, or the byte of another file; nil elsewhere.
  ///
  /// Page files have 2 to the 32 pages: the offset needs 44 bits.
  public var byteOffset: UInt64? {
    switch self {
    case .pageFile(_, let page): page &* frameSize
    case .file(_, let offset): offset
    case .memory, .store, .zeros, .nowhere, .unknown: nil
    }
  }
}
