/// What an entry means to the memory manager, by the words of the command line.
public enum PTEState: String, Sendable, CaseIterable {
  /// The processor uses the entry.
  case valid
  /// The processor uses the entry, which maps a large page.
  case large
  /// Nothing is said here: what the address is, the VAD says, or nobody.
  case zero
  /// The page will be filled with zeros when it is touched.
  case demandZero = "demand-zero"
  /// The page is committed, and no access is allowed.
  case noAccess = "no-access"
  /// The page was committed and given back.
  case decommitted
  /// The page is in a page file.
  case pageFile = "page-file"
  /// The page is in a store of compressed pages, which is named like a page file.
  case virtualStore = "virtual-store"
  /// The page is in memory, on the standby or modified list, or being read.
  case transition
  /// A prototype entry holds the state, at an address that is said here.
  case prototype
  /// A prototype entry holds the state, and the VAD says where it is.
  case prototypeVAD = "prototype-vad"
  /// The page is in a file, and a subsection says where (prototype entries only).
  case subsection
  /// The page has been freed: no protection, but something in the upper half.
  case freed
  /// The bits do not say: kernel lists and page-table pages leave such entries.
  case ambiguous
}

/// Where an entry was found, which decides what its bits mean.
public enum PTETable: String, Sendable, CaseIterable {
  /// A page table, of a process or of the system.
  case process
  /// An array of prototype entries of a section.
  case prototype
}

/// The reading of one entry: its state, its protection, and the one thing that it points at.
///
/// State, protection and modifier are separate facts. What a state does not have is nil.
public struct PTEReading: Sendable, Hashable {
  /// What the entry means.
  public let state: PTEState
  /// What `target` is.
  let kind: TargetKind
  /// The five bits, or `noProtection`.
  private let protectionBits: UInt8
  /// The number of the page file.
  private let file: UInt8
  private let target: UInt64

  /// What the entry points at.
  enum TargetKind: Sendable {
    case nothing, frame, pageFile, prototypeAddress, prototypeOffset, subsectionAddress
    case subsectionOffset
  }

  private static let noProtection = UInt8.max

  init(_ state: PTEState) {
    self.init(state, .nothing, 0)
  }

  init(_ state: PTEState, _ kind: TargetKind, _ target: UInt64, file: UInt64 = 0) {
    self.state = state
    self.kind = kind
    self.target = target
    self.file = UInt8(truncatingIfNeeded: file)
    protectionBits = Self.noProtection
  }

  init(
    _ state: PTEState, _ protection: MMProtection, _ kind: TargetKind = .nothing,
    _ target: UInt64 = 0, file: UInt64 = 0
  ) {
    self.state = state
    self.kind = kind
    self.target = target
    self.file = UInt8(truncatingIfNeeded: file)
    protectionBits = protection.rawValue
  }

  /// The protection in the entry; a valid entry and some prototype forms have none.
  ///
  /// In a prototype form, a protection of 0 means that of the VAD.
  public var protection: MMProtection? { MMProtection(rawValue: protectionBits) }

  private func target(_ kind: TargetKind) -> UInt64? { self.kind == kind ? target : nil }

  /// The number of the page's frame: of a large page, of its first frame.
  public var pfn: UInt64? { target(.frame) }
  /// The number of the page file or of the store.
  public var pageFile: UInt64? { kind == .pageFile ? UInt64(file) : nil }
  /// The page in the page file, in pages; in a store, the lower part of the key.
  public var pageFileOffset: UInt64? { target(.pageFile) }
  /// The address of the prototype entry.
  public var prototypeAddress: UInt64? { target(.prototypeAddress) }
  /// The bytes from the start of a region, whose base is not known, to the prototype entry.
  public var prototypeOffset: UInt64? { target(.prototypeOffset) }
  /// The address of the subsection.
  public var subsectionAddress: UInt64? { target(.subsectionAddress) }
  /// The bytes from the start of a region, whose base is not known, to the subsection.
  public var subsectionOffset: UInt64? { target(.subsectionOffset) }
}
