/// What an entry is to say, for the entries that the processor does not use.
public enum PTEForm: Sendable, Hashable {
  /// Nothing is said.
  case zero
  /// The page is filled with zeros at the first access.
  case demandZero(MMProtection)
  /// The page was given back.
  case decommitted
  /// The page is committed and must not be accessed, by a protection that refuses: 0x18, or 8.
  case noAccess(MMProtection)
  /// The page is in a page file, at a page of it.
  case pageFile(number: UInt64, page: UInt64, MMProtection)
  /// The page is in a store of compressed pages: InStore says so where kernels have it, else the number.
  case virtualStore(number: UInt64, page: UInt64, MMProtection)
  /// The page is in memory, in a frame.
  case transition(pfn: UInt64, MMProtection)
  /// A prototype entry at an address holds the state; a protection of 0 is that of the VAD.
  ///
  /// Builds from 28000 have the offset in the region instead.
  case prototype(address: UInt64, MMProtection)
  /// A prototype entry holds the state, and the VAD says where it is.
  case prototypeVAD(MMProtection)
  /// A subsection at an address says where in a file the page is.
  ///
  /// Non-PAE kernels before Vista, and builds from 28000, have an offset instead.
  case subsection(address: UInt64, MMProtection)
  /// The page has been freed; something is left in the upper half.
  case freed(UInt64)

  /// The structure that describes the form, which is the one that has all its fields.
  public var structure: WindowsStructure {
    switch self {
    case .zero, .demandZero, .decommitted, .noAccess, .pageFile, .virtualStore, .freed: .software
    case .transition: .transition
    case .prototype, .prototypeVAD: .prototype
    case .subsection: .subsection
    }
  }

  /// The state that a reading finds.
  public var state: PTEState {
    switch self {
    case .zero: .zero
    case .demandZero: .demandZero
    case .decommitted: .decommitted
    case .noAccess: .noAccess
    case .pageFile: .pageFile
    case .virtualStore: .virtualStore
    case .transition: .transition
    case .prototype: .prototype
    case .prototypeVAD: .prototypeVAD
    case .subsection: .subsection
    case .freed: .freed
    }
  }
}
