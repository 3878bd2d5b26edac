import BitLayout

/// A format in which some bits in the place of an address say something else about a page: that it
/// is encrypted (SME, SEV) or shared with the host (TDX); and that of AMD's processors, which reserve
/// a bit more in PML4Es and PML5Es.
///
/// The bits are taken away before anything else looks at an entry, so that they are neither address
/// nor reserved at any level. A format of its own, because most machines have none, and their walks
/// should not pay for one mask more.
@frozen public struct AttributeFormat<Base: PagingFormat>: PagingFormat {
  /// An entry as it lies in memory.
  public typealias Word = Base.Word
  /// The format of the entries without the bits.
  public let base: Base
  /// The bits that are no address.
  public let attributeBits: UInt64
  /// The bit that AMD reserves above PDPTEs; 0 of others.
  @usableFromInline let reservedInTop: UInt64

  /// The mode.
  @inlinable public static var mode: PagingMode { Base.mode }
  /// The number of levels.
  @inlinable public static var levelCount: Int { Base.levelCount }

  /// The number of bits of an address that index a table of this level.
  @inlinable
  public static func indexBits(_ level: Int) -> UInt64 { Base.indexBits(level) }

  /// The lowest bit of an address that indexes a table of this level.
  @inlinable
  public static func indexShift(_ level: Int) -> UInt64 { Base.indexShift(level) }

  /// Takes the rules from the registers.
  public init(_ state: PagingState) {
    base = Base(state)
    attributeBits = state.attributeBits
    reservedInTop = state.reservesBit8 ? LongModeLayouts.reservedOfAMD.mask : 0
  }

  /// Whether the processor translates the address at all.
  @inlinable
  public func isCanonical(_ address: UInt64) -> Bool { base.isCanonical(address) }

  /// The address whose translated bits are given, with the bits above them as they must be.
  @inlinable
  public func canonical(_ address: UInt64) -> UInt64 { base.canonical(address) }

  /// What an entry of this level says.
  @inlinable
  public func meaning(of entry: UInt64, level: Int) -> EntryMeaning {
    let meaning = base.meaning(of: entry & ~attributeBits, level: level)
    guard level > 3, entry & reservedInTop != 0 else { return meaning }
    switch meaning {
    case .notPresent: return meaning
    case .reserved(let bits): return .reserved(bits | reservedInTop)
    case .table, .page: return .reserved(reservedInTop)
    }
  }

  /// The rights that an entry of this level leaves.
  @inlinable
  public func rights(of entry: UInt64, level: Int) -> Rights {
    base.rights(of: entry, level: level)
  }
}
