public import BitLayout

/// The eight-byte descriptors of VMSAv8-64 stage 1 (ARM ARM D8.3.1 and D8.3.2).
public enum ARM64Layouts {
  /// Bit 0.
  @inlinable public static var valid: BitField {
    BitField("valid", 0, .value, "the descriptor is used; if 0 the other bits are software's")
  }
  /// Bit 1.
  @inlinable public static var type: BitField {
    BitField("type", 1, .value, "1: a table, or a page at L3; 0: a block, or not valid at L3")
  }
  /// AttrIndx.
  @inlinable public static var attributeIndex: BitField {
    BitField("AttrIndx", 4, 2, .value, "index of the memory type in MAIR_EL1")
  }
  /// AP[2:1].
  @inlinable public static var access: BitField {
    BitField("AP", 7, 6, .value, "AP[2:1]: 0b10 refuses writes, 0b01 lets EL0 access data")
  }
  /// AP[1], the lower bit of `access`.
  @inlinable public static var accessUser: UInt64 { access.mask & ~(access.mask &<< 1) }
  /// AP[2], the upper bit of `access`.
  @inlinable public static var accessReadOnly: UInt64 { access.mask & access.mask &<< 1 }
  /// AF.
  @inlinable public static var accessFlag: BitField {
    BitField("AF", 10, .value, "access flag: the page was used; if 0 an access faults")
  }
  /// DBM.
  @inlinable public static var dirtyModifier: BitField {
    BitField(
      "DBM", 51, .value,
      "dirty bit modifier: with TCR_EL1.HD=1 the page is writable, AP[2] says it is clean")
  }
  /// Contiguous.
  @inlinable public static var contiguous: BitField {
    BitField("Contiguous", 52, .value, "a hint: neighbours map adjacent memory alike")
  }
  /// nT, of a block.
  public static let tableChange = BitField(
    "nT", 16, .value, "the block replaces a table, or a table it; a processor may refuse it")
  /// PXN.
  @inlinable public static var privilegedExecuteNever: BitField {
    BitField("PXN", 53, .value, "EL1 may not execute the page")
  }
  /// UXN.
  @inlinable public static var userExecuteNever: BitField {
    BitField("UXN", 54, .value, "EL0 may not execute the page")
  }
  /// PXNTable.
  @inlinable public static var privilegedExecuteNeverTable: BitField {
    BitField("PXNTable", 59, .value, "PXN for all pages below")
  }
  /// UXNTable.
  @inlinable public static var userExecuteNeverTable: BitField {
    BitField("UXNTable", 60, .value, "UXN for all pages below")
  }
  /// APTable[1:0].
  @inlinable public static var accessTable: BitField {
    BitField("APTable", 62, 61, .value, "0b10 refuses writes, 0b01 EL0 access, to all pages below")
  }
  /// APTable[0], the lower bit of `accessTable`.
  @inlinable public static var accessTableNoUser: UInt64 {
    accessTable.mask & ~(accessTable.mask &<< 1)
  }
  /// APTable[1], the upper bit of `accessTable`.
  @inlinable public static var accessTableReadOnly: UInt64 {
    accessTable.mask & accessTable.mask &<< 1
  }

  /// Where descriptors hold an output address.
  struct AddressFields {
    /// The bits that stand at their place in the address, down to the granule.
    let inPlace: BitField
    /// The bits that stand elsewhere; nil where addresses have 48 bits.
    let high: BitField?
    /// The address bit that the lowest bit of `high` stands for.
    let highPosition: UInt64

    init(_ granule: ARM64GranuleSize, holds52Bits: Bool) {
      let low = UInt8(granule.shift)
      switch (granule, holds52Bits) {
      case (_, false):
        inPlace = BitField("OA", 47, low, .address, "physical address, bits 47 and below")
        (high, highPosition) = (nil, 48)
      case (.k64, true):
        inPlace = BitField("OA", 47, low, .address, "physical address, bits 47:16")
        high = BitField("OA_51_48", 15, 12, .value, "physical address, bits 51:48")
        highPosition = 48
      case (_, true):
        inPlace = BitField("OA", 49, low, .address, "physical address, bits 49 and below")
        high = BitField("OA_51_50", 9, 8, .value, "physical address, bits 51:50")
        highPosition = 50
      }
    }
  }
}

extension ARM64Layouts {
  /// The layout of a descriptor, which depends on level, granule and address size.
  static func layout(level: Int, isPage: Bool, _ rules: ARM64HalfRules) -> WordLayout? {
    let address = AddressFields(rules.granule, holds52Bits: rules.highMask != 0)
    if !isPage { return level > 1 && level <= rules.topLevel ? table(address) : nil }
    if level == 1 { return page(address) }
    return rules.blockLevels >> UInt64(level) & 1 == 1
      ? block(address, shift: UInt8(rules.granule.indexShift(level))) : nil
  }

  private static func table(_ address: AddressFields) -> WordLayout {
    let low = [valid, type] + spare("ignored", .ignored, 11, 2, without: address.high)
    let high = [
      BitField("ignored_58_51", 58, 51, .ignored, "software may use it"),
      privilegedExecuteNeverTable, userExecuteNeverTable, accessTable,
      BitField("NSTable", 63, .value, "non-secure; ignored outside Secure state"),
    ]
    let gap = spare("RES0", .ignored, address.inPlace.low - 1, 12, without: address.high)
    return WordLayout(
      "table descriptor", citation: "ARM ARM D8.3.1.1",
      low + gap + address.fields + reserved(address, 50) + high)
  }

  private static func page(_ address: AddressFields) -> WordLayout {
    let gap = spare("RES0", .ignored, address.inPlace.low - 1, 12, without: address.high)
    return WordLayout(
      "page descriptor", citation: "ARM ARM D8.3.1.2",
      leafLow(address) + gap + address.fields + reserved(address, 49) + leafHigh)
  }

  private static func block(_ address: AddressFields, shift: UInt8) -> WordLayout {
    let frame = BitField(
      "OA", address.inPlace.high, shift, .address, "physical address of the block")
    let gap = spare("RES0", .ignored, 15, 12, without: address.high)
    return WordLayout(
      "block descriptor", citation: "ARM ARM D8.3.1.2",
      leafLow(address) + gap + [tableChange]
        + spare("RES0_block", .ignored, shift - 1, 17, without: nil)
        + [frame] + (address.high.map { [$0] } ?? []) + reserved(address, 49) + leafHigh)
  }

  /// The bits of a descriptor of a page or block that say something about the memory there and who
  /// may use it: no address, no record of use, no hint.
  static func attributes(level: Int, _ rules: ARM64HalfRules) -> UInt64 {
    let others = accessFlag.mask | contiguous.mask | tableChange.mask | rules.highMask
    let fields = layout(level: level, isPage: true, rules)?.fields ?? []
    return fields.filter { $0.kind == .value }.reduce(0) { $0 | $1.mask } & ~others
  }

  private static func leafLow(_ address: AddressFields) -> [BitField] {
    let shareability = BitField("SH", 9, 8, .value, "shareability: 0b10 outer, 0b11 inner")
    let isTaken = address.high?.mask == shareability.mask
    return [
      valid, type, attributeIndex,
      BitField("NS", 5, .value, "non-secure; ignored outside Secure state"), access,
    ] + (isTaken ? [] : [shareability]) + [
      accessFlag, BitField("nG", 11, .value, "not global: the translation belongs to an ASID"),
    ]
  }

  private static var leafHigh: [BitField] {
    [
      BitField("GP", 50, .value, "guarded page, for branch target identification"), dirtyModifier,
      contiguous, privilegedExecuteNever, userExecuteNever,
      BitField("ignored_58_55", 58, 55, .ignored, "software may use it"),
      BitField("PBHA", 62, 59, .value, "page-based hardware attributes"),
      BitField("ignored_63", 63, .ignored, "software may use it"),
    ]
  }

  /// The bits from the top of the address up to `last`, which are 0.
  private static func reserved(_ address: AddressFields, _ last: UInt8) -> [BitField] {
    guard address.inPlace.high < last else { return [] }
    return [
      BitField("RES0_high", last, address.inPlace.high + 1, .ignored, "should be 0, is not checked")
    ]
  }

  /// The bits from `high` to `low` that nothing uses, but for those of `taken`.
  private static func spare(
    _ name: StaticString, _ kind: BitField.Kind, _ high: UInt8, _ low: UInt8,
    without taken: BitField?
  ) -> [BitField] {
    guard high >= low else { return [] }
    let meaning: StaticString = "should be 0, is not checked"
    guard let taken, taken.low <= high, taken.high >= low else {
      return [BitField(name, high, low, kind, meaning)]
    }
    let above = taken.high < high ? [BitField(name, high, taken.high + 1, kind, meaning)] : []
    let below =
      taken.low > low ? [BitField("ignored_low", taken.low - 1, low, kind, meaning)] : []
    return above + below
  }
}

extension ARM64Layouts.AddressFields {
  /// The fields that a descriptor has.
  fileprivate var fields: [BitField] { [inPlace] + (high.map { [$0] } ?? []) }
}
