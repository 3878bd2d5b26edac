public import PhysicalMemory

/// What an entry says, once its bits are checked.
@frozen public enum EntryMeaning: Hashable, Sendable {
  /// P=0: the processor looks no further.
  case notPresent
  /// P=1 with reserved bits set; these are they.
  case reserved(UInt64)
  /// The table of the next level.
  case table(PhysicalAddress)
  /// A page of the size that belongs to the level.
  case page(PhysicalAddress)
}

/// The format of the page tables of one mode, with the register state that its rules depend on.
///
/// Walker and enumeration are generic over it and compiled for each format, so that geometry and
/// masks are constants in the loops. Levels count down: `topLevel` is the top table, 1 the PTE.
public protocol PagingFormat: Sendable {
  /// An entry as it lies in memory.
  associatedtype Word: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable

  /// The mode.
  static var mode: PagingMode { get }
  /// The number of levels.
  static var levelCount: Int { get }
  /// The number of bits of an address that index a table of this level.
  static func indexBits(_ level: Int) -> UInt64
  /// The lowest bit of an address that indexes a table of this level; a page that an entry of the
  /// level maps has 2 to this power bytes.
  static func indexShift(_ level: Int) -> UInt64

  /// All rights that entries can take away, from which a walk starts.
  static var allRights: Rights { get }

  /// Takes the rules from the registers.
  init(_ state: PagingState)
  /// The level of the top table.
  var topLevel: Int { get }
  /// The number of low bits of an address that the top table and those below translate.
  var addressBits: UInt64 { get }
  /// The first address that is translated.
  var firstAddress: UInt64 { get }
  /// The number of entries of a table of this level.
  func entryCount(_ level: Int) -> Int
  /// What tells tables of this level apart from those that other rules read differently.
  func keyTag(_ level: Int) -> UInt64
  /// Whether the processor translates the address at all.
  func isCanonical(_ address: UInt64) -> Bool
  /// The address whose translated bits are given, with the bits above them as they must be.
  func canonical(_ address: UInt64) -> UInt64
  /// A canonical address without the bits that select the top table.
  func translated(_ address: UInt64) -> UInt64
  /// What an entry of this level says.
  func meaning(of entry: UInt64, level: Int) -> EntryMeaning
  /// The rights that an entry of this level leaves.
  func rights(of entry: UInt64, level: Int) -> Rights
  /// The rights to a page whose entries leave these.
  func effective(_ rights: Rights) -> Rights
}

/// What holds wherever one top table translates all addresses.
extension PagingFormat {
  /// Writing, user, execution.
  @inlinable public static var allRights: Rights { .all }
  /// The highest level of the mode.
  @inlinable public var topLevel: Int { Self.levelCount }
  /// All bits that the levels index, and the offset.
  @inlinable public var addressBits: UInt64 {
    Self.indexShift(Self.levelCount) &+ Self.indexBits(Self.levelCount)
  }
  /// 0.
  @inlinable public var firstAddress: UInt64 { 0 }
  /// As many as there are indexes.
  @inlinable
  public func entryCount(_ level: Int) -> Int { Self.entryCount(level) }
  /// None: a table is read in one way only.
  @inlinable
  public func keyTag(_ level: Int) -> UInt64 { 0 }
  /// The address as it is.
  @inlinable
  public func translated(_ address: UInt64) -> UInt64 { address }
  /// The rights as they are.
  @inlinable
  public func effective(_ rights: Rights) -> Rights { rights }
}

extension PagingFormat {
  /// The number of entries of a full table of this level.
  @inlinable
  public static func entryCount(_ level: Int) -> Int {
    Int(truncatingIfNeeded: 1 as UInt64 &<< indexBits(level))
  }

  /// The number of bytes of an entry.
  @inlinable public static var entrySize: UInt64 { UInt64(MemoryLayout<Word>.size) }

  /// The index of the entry of this level that `address` uses.
  @inlinable
  public static func index(of address: UInt64, _ level: Int) -> UInt64 {
    (address &>> indexShift(level)) & ((1 &<< indexBits(level)) &- 1)
  }

  /// The size of a page that an entry of this level maps, in bytes.
  @inlinable
  public static func pageSize(_ level: Int) -> UInt64 { 1 &<< indexShift(level) }
}
