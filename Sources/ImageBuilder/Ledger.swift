public import Paging
public import PhysicalMemory
public import ScenarioFile

/// A page as the scenario means it.
public struct IntendedPage: Hashable, Sendable {
  /// The index of the address space, in the order of the scenario.
  public var space: Int
  /// The first virtual address.
  public var va: VirtualAddress
  /// The physical address of the first byte.
  public var pa: PhysicalAddress
  /// The size in bytes.
  public var pageSize: UInt64
  /// The effective rights: those of the item and what `upper:` leaves of them.
  public var rights: Rights

  /// Describes a page.
  public init(
    space: Int, va: VirtualAddress, pa: PhysicalAddress, pageSize: UInt64, rights: Rights
  ) {
    self.space = space
    self.va = va
    self.pa = pa
    self.pageSize = pageSize
    self.rights = rights
  }
}

/// What the builder was asked for: intent taken from the scenario, never from encoded bits.
///
/// It says nothing of what `entries:` changed, of what a self-map shows, and of what lies under
/// absent tables; `exclusions` lists those addresses.
public struct Ledger: Sendable {
  /// Addresses that the ledger says nothing about.
  public struct Exclusion: Hashable, Sendable {
    /// Why it says nothing.
    public enum Reason: String, Sendable {
      /// An item of `entries:` changed an entry.
      case edited
      /// An entry of the top table leads to the top table.
      case selfMap = "self-map"
      /// An item of `ptes:` made an entry above the leaves one that is not valid.
      case invalid = "not-valid"
      /// The image does not hold the entry.
      case absent
    }

    /// The index of the address space whose tables these are.
    public var space: Int
    /// The first address.
    public var start: VirtualAddress
    /// The last address, inclusive.
    public var end: VirtualAddress
    /// Why the ledger says nothing.
    public var reason: Reason
    /// The item that is the cause; nil for absent tables.
    public var mark: SourceMark?
    /// The level of the entry concerned.
    var level: Int

    /// The addresses as numbers.
    var range: ClosedRange<UInt64> { start.rawValue...end.rawValue }
  }

  /// Rights that an entry above the leaves takes away.
  struct Denial: Hashable, Sendable {
    var range: ClosedRange<UInt64>
    var rights: Rights
  }

  /// What belongs to the tables of one address space.
  struct Space: Sendable {
    /// The items of `map:` in the order of the file.
    var rules: [IntendedRule] = []
    /// The entries that are not valid, in the order of the file.
    var entries: [IntendedEntries] = []
    /// The shared ranges in ascending order.
    var shares: [SharedRange] = []
    /// The denials by level, in ascending order, apart from each other.
    var denials: [[Denial]]
    /// The addresses by level that the ledger says nothing about.
    var silent: [RangeList]
    /// Of them, those by level where entries were changed or are absent.
    var changed: [RangeList]
  }

  /// The indexes in `owned` of the tables that a space uses, one for each half of arm64; spaces with
  /// one root share them.
  var owners: [[Int]]
  var owned: [Space]
  /// Addresses that the ledger says nothing about.
  public var exclusions: [Exclusion]
  let levelCount: Int
  /// Whether execution by EL0 and by EL1 are apart, as on arm64.
  let isARM64: Bool

  /// The rules of an address space in the order of the file, without what it shares.
  public func rules(of space: Int) -> [IntendedRule] {
    owners[space].flatMap { owned[$0].rules }
  }
}
