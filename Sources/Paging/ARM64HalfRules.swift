import BitLayout
public import PhysicalMemory

/// Geometry and rules of one half of the addresses, taken from the registers once for many walks.
///
/// Levels count as in all modes: 1 is L3, 4 is L0, 5 is L-1.
@frozen public struct ARM64HalfRules: Hashable, Sendable {
  /// Which half.
  public let half: ARM64Half
  /// The granule.
  public let granule: ARM64GranuleSize
  /// The number of address bits that are translated: 64 minus TnSZ.
  public let addressBits: UInt64
  /// The level of the top table.
  public let topLevel: Int
  /// Whether TCR_EL1.EPDn forbids walks.
  public let isDisabled: Bool
  /// Whether the top table is known.
  public let isKnown: Bool
  /// The bits of an address that must be 0 in the lower half and 1 in the upper.
  public let signMask: UInt64
  /// The same for instruction fetches, which have no memory tag and which TCR_EL1.TBIDn can deny
  /// the other.
  @usableFromInline let fetchSignMask: UInt64
  /// Whether TCR_EL1.E0PDn keeps EL0 out.
  @usableFromInline let refusesUser: Bool
  /// The top table.
  public let table: PhysicalAddress
  /// The bits of TTBRn_EL1 that lie beyond the output size; the walk faults where one is set.
  public let tableExcess: UInt64
  /// The bits of TTBRn_EL1 that are the address of the table.
  let tableMask: UInt64
  /// The number of bits of a physical address: the lesser of TCR_EL1.IPS and the processor's.
  public let outputBits: UInt64

  /// The bits of a descriptor that stand at their place in the address, above the granule.
  @usableFromInline let addressMask: UInt64
  /// The bits of a descriptor that are further up in the address.
  @usableFromInline let highMask: UInt64
  @usableFromInline let highLow: UInt64
  @usableFromInline let highPosition: UInt64
  /// The bits of a descriptor that are address beyond the output size.
  @usableFromInline let excess: UInt64
  /// The levels that have block descriptors, as bits.
  @usableFromInline let blockLevels: UInt64
  /// Whether APTable, UXNTable and PXNTable count (TCR_EL1.HPDn is 0).
  @usableFromInline let hasHierarchy: Bool
  /// Tells tables of this half apart from tables that are read by other rules.
  @usableFromInline let keyTag: UInt64

  /// Takes the rules of the half in view from the registers.
  public init(_ state: PagingState) {
    let half = state.arm64.half
    let fields = half == .lower ? ARM64RegisterLayouts.lower : ARM64RegisterLayouts.upper
    let tcr = state.arm64.tcr
    self.half = half
    granule = Self.granule(tcr, half)
    // What `contradiction` refuses must not become a table of any size here.
    addressBits = min(max(64 - fields.size.value(in: tcr), 25), 52)
    topLevel = Self.topLevel(granule, addressBits)
    isDisabled = fields.disable.isSet(in: tcr)
    isKnown = half == .lower || state.upperRegister != nil
    let above = UInt64.max << addressBits
    let topByte = fields.topByteIgnored.isSet(in: tcr) ? ARM64AddressFields.topByte.mask : 0
    let memoryTag = fields.memoryTag.isSet(in: tcr) ? ARM64AddressFields.memoryTag.mask : 0
    signMask = above & ~(topByte | memoryTag)
    fetchSignMask = fields.topByteOfDataOnly.isSet(in: tcr) ? above : above & ~topByte
    refusesUser = fields.userDisable.isSet(in: tcr)

    let isWide = ARM64RegisterLayouts.wideDescriptors.isSet(in: tcr)
    let holds52 = granule == .k64 ? state.physicalBits == 52 : isWide
    outputBits = Self.outputBits(tcr, limit: holds52 ? state.physicalBits : 48, state)
    let layout = ARM64Layouts.AddressFields(granule, holds52Bits: holds52)
    addressMask = layout.inPlace.mask
    (highMask, highLow) = (layout.high?.mask ?? 0, UInt64(layout.high?.low ?? 0))
    highPosition = layout.highPosition
    let beyond = UInt64.max << outputBits
    excess = addressMask & beyond | ((beyond >> highPosition) << highLow & highMask)
    blockLevels = Self.blockLevels(granule, holds52Bits: holds52)
    hasHierarchy = !fields.hierarchyDisable.isSet(in: tcr)
    keyTag = Self.keyTag(tcr, half)

    let topShift = granule.indexShift(topLevel)
    // With DS=1 whatever IPS says (AArch64.S1TTBaseAddress).
    let is52 = granule == .k64 ? holds52 && outputBits > 48 : isWide
    let base = ARM64TableBase(
      state.tableRegister, indexBits: addressBits - topShift, holds52Bits: is52)
    (table, tableExcess) = (base.address, base.address.rawValue & beyond)
    tableMask = base.mask
  }

  /// The granule; the reserved encoding of TGn counts as 4 KiB, and `contradiction` refuses it.
  private static func granule(_ tcr: UInt64, _ half: ARM64Half) -> ARM64GranuleSize {
    let fields = half == .lower ? ARM64RegisterLayouts.lower : ARM64RegisterLayouts.upper
    return ARM64GranuleSize(field: fields.granule.value(in: tcr), of: half) ?? .k4
  }

  /// The level whose table the walk of so many address bits starts with (ARM ARM D8.2.9 to D8.2.11).
  private static func topLevel(_ granule: ARM64GranuleSize, _ addressBits: UInt64) -> Int {
    var level = 1
    while level < 5, granule.indexShift(level + 1) < addressBits { level += 1 }
    return level
  }

  /// IPS says no more than descriptors can hold and the processor has (ARM ARM D8.1.7).
  private static func outputBits(_ tcr: UInt64, limit: Int, _ state: PagingState) -> UInt64 {
    let sizes = PagingState.outputSizes
    let encoding = Int(ARM64RegisterLayouts.outputSize.value(in: tcr))
    // What `contradiction` refuses counts as the largest.
    let said = sizes[min(encoding, sizes.count - 1)]
    return UInt64(min(said, limit, state.physicalBits))
  }

  /// Which levels map blocks (ARM ARM D8.3.1, Table D8-14).
  private static func blockLevels(_ granule: ARM64GranuleSize, holds52Bits: Bool) -> UInt64 {
    let levels: [Int] =
      switch granule {
      case .k4: holds52Bits ? [2, 3, 4] : [2, 3]
      case .k16, .k64: holds52Bits ? [2, 3] : [2]
      }
    return levels.reduce(0) { $0 | 1 << UInt64($1) }
  }

  /// 0 for the lower half and wherever the upper half reads tables by the same rules.
  private static func keyTag(_ tcr: UInt64, _ half: ARM64Half) -> UInt64 {
    guard half == .upper else { return 0 }
    let lower = ARM64RegisterLayouts.lower.hierarchyDisable.isSet(in: tcr)
    let upper = ARM64RegisterLayouts.upper.hierarchyDisable.isSet(in: tcr)
    return granule(tcr, .lower) == granule(tcr, .upper) && lower == upper ? 0 : 1 << 4
  }

  /// The number of address bits that index the top table, of which there may be fewer than below.
  @inlinable public var topIndexBits: UInt64 { addressBits &- granule.indexShift(topLevel) }

  /// The first address of the half.
  @inlinable public var firstAddress: UInt64 { half == .lower ? 0 : UInt64.max &<< addressBits }

  /// The last address of the half.
  public var lastAddress: UInt64 { firstAddress | ~(UInt64.max << addressBits) }

  /// The levels whose descriptors map pages or blocks, smallest page first.
  public var pageLevels: [Int] {
    (1...topLevel).filter { $0 == 1 || blockLevels >> UInt64($0) & 1 == 1 }
  }

  /// Whether there is a top table to start from.
  @inlinable public var isWalked: Bool { !isDisabled && isKnown && tableExcess == 0 }

  /// Why no table of the half is read, where none is.
  public var stop: WalkStop? {
    func stop(_ cause: WalkStop.Cause) -> WalkStop {
      WalkStop(cause: cause, level: 0, entryAddress: table, entry: 0)
    }
    if isDisabled { return stop(.notPresent) }
    if !isKnown { return stop(.missing) }
    return tableExcess == 0 ? nil : stop(.reservedBits(tableExcess))
  }
}

/// The address of a top table in TTBRn_EL1 (ARM ARM D19.2, TTBR0_EL1.BADDR).
struct ARM64TableBase {
  let address: PhysicalAddress
  /// The bits of the register that are the address.
  let mask: UInt64

  init(_ register: UInt64, indexBits: UInt64, holds52Bits: Bool) {
    // A table is aligned to its size, and to 64 bytes where the register holds 52 bits.
    let alignment = max(indexBits + 3, holds52Bits ? 6 : 1)
    let low = ARM64RegisterLayouts.base.mask & UInt64.max << alignment
    let high = ARM64RegisterLayouts.baseHigh
    guard holds52Bits else {
      (address, mask) = (PhysicalAddress(register & low), low)
      return
    }
    let upper = high.value(in: register) << ARM64RegisterLayouts.baseHighPosition
    (address, mask) = (PhysicalAddress(register & low | upper), low | high.mask)
  }
}
