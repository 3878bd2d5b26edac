public import PhysicalMemory

/// How a walk ended.
@frozen public enum WalkOutcome: String, Sendable, CaseIterable {
  /// A page was found.
  case mapped
  /// An entry with P=0 was met.
  case notPresent = "not-present"
  /// An entry with P=1 and reserved bits set was met.
  case reservedBits = "reserved-bits"
  /// The address is not canonical; no table was read.
  case nonCanonical = "non-canonical"
  /// A table that the walk needs is not in the image; nothing is known.
  case missing
}

/// A page that a walk found.
@frozen public struct Translation: Hashable, Sendable {
  /// The physical address of the byte asked about.
  public var address: PhysicalAddress
  /// The level of the entry that maps the page.
  public var level: Int
  /// The entry that maps the page.
  public var entry: UInt64
  /// The effective rights over all levels.
  public var rights: Rights
  /// The size of the page as a power of 2.
  public var pageShift: UInt64

  /// Describes a page.
  @inlinable
  public init(
    address: PhysicalAddress, level: Int, entry: UInt64, rights: Rights, pageShift: UInt64
  ) {
    self.address = address
    self.level = level
    self.entry = entry
    self.rights = rights
    self.pageShift = pageShift
  }

  /// The size of the page in bytes.
  @inlinable public var pageSize: UInt64 { 1 &<< pageShift }
}

/// Where and why a walk found no page.
@frozen public struct WalkStop: Hashable, Sendable {
  /// The reason, with what belongs to it.
  @frozen public enum Cause: Hashable, Sendable {
    /// P=0.
    case notPresent
    /// These reserved bits are set.
    case reservedBits(UInt64)
    /// The address is not canonical.
    case nonCanonical
    /// The entry is not in the image.
    case missing
  }

  /// The reason.
  public var cause: Cause
  /// The level of the entry that decided; 0 where no table was read.
  public var level: Int
  /// The physical address of the entry that decided.
  public var entryAddress: PhysicalAddress
  /// The entry; 0 where it could not be read.
  public var entry: UInt64

  /// Describes the end of a walk.
  @inlinable
  public init(cause: Cause, level: Int, entryAddress: PhysicalAddress, entry: UInt64) {
    self.cause = cause
    self.level = level
    self.entryAddress = entryAddress
    self.entry = entry
  }
}

/// The end of a walk.
@frozen public enum WalkResult: Hashable, Sendable {
  /// A page was found.
  case mapped(Translation)
  /// None was found, for this reason.
  case stopped(WalkStop)

  /// The outcome in one word.
  public var outcome: WalkOutcome {
    switch self {
    case .mapped: .mapped
    case .stopped(let stop):
      switch stop.cause {
      case .notPresent: .notPresent
      case .reservedBits: .reservedBits
      case .nonCanonical: .nonCanonical
      case .missing: .missing
      }
    }
  }

  /// The page, where one was found.
  @inlinable public var translation: Translation? {
    if case .mapped(let translation) = self { translation } else { nil }
  }

  /// The reason, where none was found.
  @inlinable public var stop: WalkStop? {
    if case .stopped(let stop) = self { stop } else { nil }
  }
}

/// An entry that a walk read.
@frozen public struct WalkStep: Hashable, Sendable {
  /// The level, the highest for the top table, 1 for a PTE.
  public var level: Int
  /// The index of the entry in its table.
  public var index: UInt64
  /// The physical address of the entry.
  public var entryAddress: PhysicalAddress
  /// The entry, or nil where it is not in the image.
  public var entry: UInt64?
  /// The rights that are left after this entry.
  public var rights: Rights

  /// Describes a step.
  @inlinable
  public init(
    level: Int, index: UInt64, entryAddress: PhysicalAddress, entry: UInt64?, rights: Rights
  ) {
    self.level = level
    self.index = index
    self.entryAddress = entryAddress
    self.entry = entry
    self.rights = rights
  }
}
