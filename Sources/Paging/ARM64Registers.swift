public import BitLayout
public import PhysicalMemory

/// The registers of an arm64 processor that a translation at EL1 and EL0 depends on, beside
/// TTBR0_EL1, which is the root of an address space.
public struct ARM64Registers: Hashable, Sendable {
  /// TTBR1_EL1: the top table of the upper half of addresses; nil where it is not known.
  public var ttbr1: UInt64?
  /// How far TTBR1_EL1 lies behind TTBR0_EL1, where a system keeps both top tables of each address space
  /// in one page.
  ///
  /// `ttbr1` then says nothing. It is nil where the upper half is one for all.
  public var upperTableOffset: UInt64?
  /// TCR_EL1: sizes of the two halves, granules, output size and features.
  public var tcr = Self.defaultTCR
  /// SCTLR_EL1.
  public var sctlr = ARM64RegisterLayouts.translationEnable.mask
  /// MAIR_EL1, the memory types that descriptors select; nil where it is not known.
  public var mair: UInt64?
  /// PSTATE.PAN: EL1 may not read or write what EL0 may.
  public var privilegedAccessNever = false
  /// The half that questions about the geometry of tables are about.
  public var half = ARM64Half.lower

  /// A processor with a granule of 4 KiB and 48-bit addresses in both halves.
  public init() {}

  /// T0SZ=T1SZ=16, TG0=0b00 and TG1=0b10 for 4 KiB, IPS=0b101 for 48 bits.
  static let defaultTCR: UInt64 = 0x5_8010_0010
}

/// One of the two ranges of virtual addresses that have a top table each (ARM ARM D8.2.1).
@frozen public enum ARM64Half: UInt8, Hashable, Sendable, CaseIterable {
  /// Bit 55 is 0; TTBR0_EL1 has the table.
  case lower
  /// Bit 55 is 1; TTBR1_EL1 has the table.
  case upper

  /// The half that an address belongs to: bit 55 decides, whatever the tag above it.
  @inlinable
  public init(of address: UInt64) {
    self = ARM64AddressFields.half.isSet(in: address) ? .upper : .lower
  }
}

/// The bits of a virtual address that are no part of what tables translate (ARM ARM D8.2.4, D8.8).
public enum ARM64AddressFields {
  /// Which half the address belongs to.
  @inlinable public static var half: BitField {
    BitField("half", 55, .value, "0: TTBR0_EL1 has the table, 1: TTBR1_EL1")
  }
  /// The tag of TCR_EL1.TBIn.
  @inlinable public static var topByte: BitField {
    BitField("tag", 63, 56, .ignored, "the top byte")
  }
  /// The tag of TCR_EL1.MTXn.
  @inlinable public static var memoryTag: BitField {
    BitField("memory tag", 59, 56, .ignored, "a logical address tag")
  }
}

extension PagingState {
  /// TTBR1_EL1, in every address space the same where it is set; 0 where it is not known.
  public var ttbr1: UInt64 {
    get { upperRegister ?? 0 }
    set { (arm64.ttbr1, arm64.upperTableOffset) = (newValue, nil) }
  }

  /// TTBR1_EL1; nil where it is not known.
  public var upperRegister: UInt64? {
    arm64.upperTableOffset.map { cr3 &+ $0 } ?? arm64.ttbr1
  }

  /// Puts the top table of the upper half behind that of the lower one, at the end of the same page: the
  /// entries of the page are then in the order of the addresses, as where one table translates all.
  public mutating func joinTopTables() {
    let upper = of(.upper)
    let entries = 1 << (upper.pageShift(1) - 3)
    arm64.upperTableOffset = UInt64(entries * entrySize) - upper.tableSize(upper.topLevel)
  }

  /// TCR_EL1.
  public var tcr: UInt64 {
    get { arm64.tcr }
    set { arm64.tcr = newValue }
  }

  /// SCTLR_EL1.
  public var sctlr: UInt64 {
    get { arm64.sctlr }
    set { arm64.sctlr = newValue }
  }

  /// PSTATE.PAN, 0 or 1.
  public var pan: UInt64 {
    get { arm64.privilegedAccessNever ? 1 : 0 }
    set { arm64.privilegedAccessNever = newValue != 0 }
  }

  /// Whether the mode is arm64.
  public var isARM64: Bool { mode == .arm64 }

  /// The state as seen from each top table: one, or the two halves of arm64, lower addresses first.
  ///
  /// Geometry and root of such a state are those of its half. A half that is not walked is left
  /// out: walks are disabled (TCR_EL1.EPD0, EPD1), or its table is not known or out of range.
  public var halves: [PagingState] {
    guard isARM64 else { return [self] }
    return ARM64Half.allCases.map(of).filter { ARM64HalfRules($0).isWalked }
  }

  /// The state as seen from each top table that there can be, lower addresses first.
  public var allHalves: [PagingState] { isARM64 ? ARM64Half.allCases.map(of) : [self] }

  /// Whether tables of two states have the same sizes and translate the same addresses.
  public func hasGeometry(of other: PagingState) -> Bool {
    guard mode == other.mode else { return false }
    return zip(allHalves, other.allHalves).allSatisfy { mine, theirs in
      mine.translatedBits == theirs.translatedBits && mine.pageShift(1) == theirs.pageShift(1)
    }
  }

  /// The state as seen from the top table that translates `address`.
  public func half(of address: VirtualAddress) -> PagingState {
    isARM64 ? of(ARM64Half(of: address.rawValue)) : self
  }

  /// The state as seen from one half.
  public func of(_ half: ARM64Half) -> PagingState {
    var state = self
    state.arm64.half = half
    return state
  }

  /// The register that holds the root of the half in view: TTBR0_EL1 or TTBR1_EL1.
  var tableRegister: UInt64 { arm64.half == .lower ? cr3 : ttbr1 }
}

extension PagingState {
  /// The bits of TTBR0_EL1 or TTBR1_EL1 that are not part of the root's address: ASID and CnP.
  var arm64IgnoredRootBits: UInt64 { tableRegister & ~ARM64HalfRules(self).tableMask }

  /// Why TCR_EL1 and SCTLR_EL1 cannot be those of a processor that translates.
  var arm64Contradictions: [String] {
    let (tcr, sctlr) = (arm64.tcr, arm64.sctlr)
    var found: [String] = []
    if !(32...52).contains(physicalBits) {
      found.append(
        "\(physicalBits) physical address bits; arm64 processors have 32 to 52 "
          + "(ARM ARM D19.2, ID_AA64MMFR0_EL1.PARange)")
    }
    if !ARM64RegisterLayouts.translationEnable.isSet(in: sctlr) {
      found.append("SCTLR_EL1.M=0: translation is off (ARM ARM D8.2.1)")
    }
    if ARM64RegisterLayouts.bigEndian.isSet(in: sctlr) {
      found.append("SCTLR_EL1.EE=1: the bench does not read big-endian tables")
    }
    if encryptionBit != nil || sharedBit != nil {
      found.append(
        "a C-bit or shared bit in mode arm64: memory encryption of this kind is of x86")
    }
    let outputSize = ARM64RegisterLayouts.outputSize
    if outputSize.value(in: tcr) >= Self.outputSizes.count {
      found.append(
        "TCR_EL1.IPS=\(outputSize.value(in: tcr)) is reserved: processors differ in what it "
          + "means; \(outputSize.meaning) (ARM ARM D19.2, TCR_EL1)")
    }
    found += ARM64Half.allCases.compactMap { Self.contradiction(of: $0, tcr) }
    let reserved = [
      Self.reserved("TCR_EL1", tcr, ARM64RegisterLayouts.reservedTCR, "ARM ARM D19.2, TCR_EL1"),
      Self.reserved(
        "SCTLR_EL1", sctlr, ARM64RegisterLayouts.reservedSCTLR, "ARM ARM D19.2, SCTLR_EL1"),
    ]
    return found + reserved.compactMap { $0 }
  }

  /// The sizes of physical addresses, as TCR_EL1.IPS numbers them.
  static let outputSizes = [32, 36, 40, 42, 44, 48, 52]

  private static func contradiction(of half: ARM64Half, _ tcr: UInt64) -> String? {
    let fields = half == .lower ? ARM64RegisterLayouts.lower : ARM64RegisterLayouts.upper
    // The fields of a half that is not walked may hold anything.
    if fields.disable.isSet(in: tcr) { return nil }
    let granule = ARM64GranuleSize(field: fields.granule.value(in: tcr), of: half)
    guard let granule else {
      return "TCR_EL1.\(fields.granule.name)=\(fields.granule.value(in: tcr)) is reserved; "
        + "\(fields.granule.meaning); a half that is not used has \(fields.disable.name)=1 "
        + "(ARM ARM D19.2, TCR_EL1)"
    }
    let size = fields.size.value(in: tcr)
    let isWide = ARM64RegisterLayouts.wideDescriptors.isSet(in: tcr)
    let least: UInt64 = isWide || granule == .k64 ? 12 : 16
    if (least...39).contains(size) { return nil }
    let why =
      size >= 12 && size < 16
      ? "addresses of more than 48 bits need DS=1 or the granule of 64 KiB"
      : "a half has 25 to 52 address bits (fewer, by FEAT_TTST, are not modelled), and one that is "
        + "not used has \(fields.disable.name)=1"
    return "TCR_EL1.\(fields.size.name)=\(size) is not in \(least)...39: \(why) (ARM ARM D8.2.9)"
  }
}
