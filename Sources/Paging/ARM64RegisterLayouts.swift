public import BitLayout

/// The fields of TCR_EL1, SCTLR_EL1 and TTBRn_EL1 by the names of the Arm Architecture Reference
/// Manual (ARM ARM, DDI 0487, D19.2 "General system control registers").
public enum ARM64RegisterLayouts {
  /// SCTLR_EL1.M.
  public static let translationEnable = BitField(
    "M", 0, .value, "stage 1 translation is on at EL1 and EL0")
  /// SCTLR_EL1.WXN.
  public static let writableNeverExecuted = BitField(
    "WXN", 19, .value, "what may be written may not be executed")
  /// SCTLR_EL1.EE.
  public static let bigEndian = BitField("EE", 25, .value, "tables are big-endian")
  /// SCTLR_EL1.EPAN.
  public static let enhancedPAN = BitField(
    "EPAN", 57, .value, "PAN counts what EL0 may execute as accessible to EL0")
  /// The bit of SCTLR_EL1 that is RES0 whatever features the processor has.
  static let reservedSCTLR = BitField("RES0_17", 17, .reserved, "0").mask
  /// The bits of TCR_EL1 that are RES0 whatever features the processor has.
  static let reservedTCR = tcr.fields.filter { $0.kind == .reserved }.reduce(0) { $0 | $1.mask }

  /// The named fields of SCTLR_EL1; the others do not change a translation.
  public static let sctlr = [
    translationEnable, writableNeverExecuted,
    BitField("SPAN", 23, .value, "PSTATE.PAN is left alone on exceptions to EL1"), bigEndian,
    enhancedPAN,
  ]

  /// What TCR_EL1 says of one half.
  public struct Half: Sendable {
    /// TnSZ: 64 minus the number of address bits.
    public let size: BitField
    /// EPDn.
    public let disable: BitField
    /// TGn.
    public let granule: BitField
    /// TBIn.
    public let topByteIgnored: BitField
    /// HPDn.
    public let hierarchyDisable: BitField
    /// E0PDn.
    public let userDisable: BitField
    /// TBIDn.
    public let topByteOfDataOnly: BitField
    /// MTXn.
    public let memoryTag: BitField
  }

  /// The fields for TTBR0_EL1.
  public static let lower = Half(
    size: BitField("T0SZ", 5, 0, .value, "64 minus the address bits of the lower half"),
    disable: BitField("EPD0", 7, .value, "no walks of the tables of TTBR0_EL1"),
    granule: BitField("TG0", 15, 14, .value, "granule: 0b00 4 KiB, 0b01 64 KiB, 0b10 16 KiB"),
    topByteIgnored: BitField("TBI0", 37, .value, "bits 63:56 of lower addresses are a tag"),
    hierarchyDisable: BitField("HPD0", 41, .value, "APTable, UXNTable, PXNTable do not count"),
    userDisable: BitField("E0PD0", 55, .value, "EL0 accesses to the lower half fault"),
    topByteOfDataOnly: BitField("TBID0", 51, .value, "TBI0 is for data only, not for fetches"),
    memoryTag: BitField("MTX0", 60, .value, "bits 59:56 of lower data addresses are a memory tag"))
  /// The fields for TTBR1_EL1.
  public static let upper = Half(
    size: BitField("T1SZ", 21, 16, .value, "64 minus the address bits of the upper half"),
    disable: BitField("EPD1", 23, .value, "no walks of the tables of TTBR1_EL1"),
    granule: BitField("TG1", 31, 30, .value, "granule: 0b01 16 KiB, 0b10 4 KiB, 0b11 64 KiB"),
    topByteIgnored: BitField("TBI1", 38, .value, "bits 63:56 of upper addresses are a tag"),
    hierarchyDisable: BitField("HPD1", 42, .value, "APTable, UXNTable, PXNTable do not count"),
    userDisable: BitField("E0PD1", 56, .value, "EL0 accesses to the upper half fault"),
    topByteOfDataOnly: BitField("TBID1", 52, .value, "TBI1 is for data only, not for fetches"),
    memoryTag: BitField("MTX1", 61, .value, "bits 59:56 of upper data addresses are a memory tag"))
  /// TCR_EL1.IPS.
  public static let outputSize = BitField(
    "IPS", 34, 32, .value,
    "physical address bits: 0b000 32, 36, 40, 42, 44, 0b101 48, 0b110 52")
  /// TCR_EL1.HA.
  public static let hardwareAccess = BitField(
    "HA", 39, .value, "the processor sets AF itself")
  /// TCR_EL1.HD.
  public static let hardwareDirty = BitField(
    "HD", 40, .value, "the processor clears AP[2] of writable-clean pages itself, if HA is 1")
  /// TCR_EL1.DS.
  public static let wideDescriptors = BitField(
    "DS", 59, .value, "descriptors of 4 KiB and 16 KiB granules hold 52-bit addresses (LPA2)")

  /// TCR_EL1.
  public static let tcr = WordLayout(
    "TCR_EL1", citation: "ARM ARM D19.2, TCR_EL1",
    fields(of: lower) + fields(of: upper) + [
      BitField("RES0_6", 6, .reserved, "0"),
      BitField("IRGN0", 9, 8, .value, "inner cacheability of walks by TTBR0_EL1"),
      BitField("ORGN0", 11, 10, .value, "outer cacheability of walks by TTBR0_EL1"),
      BitField("SH0", 13, 12, .value, "shareability of walks by TTBR0_EL1"),
      BitField("A1", 22, .value, "TTBR1_EL1 rather than TTBR0_EL1 holds the ASID"),
      BitField("IRGN1", 25, 24, .value, "inner cacheability of walks by TTBR1_EL1"),
      BitField("ORGN1", 27, 26, .value, "outer cacheability of walks by TTBR1_EL1"),
      BitField("SH1", 29, 28, .value, "shareability of walks by TTBR1_EL1"), outputSize,
      BitField("RES0_35", 35, .reserved, "0"),
      BitField("AS", 36, .value, "ASIDs have 16 bits"), hardwareAccess, hardwareDirty,
      BitField("HWU0", 46, 43, .value, "bits 62:59 of lower leaf descriptors are the hardware's"),
      BitField("HWU1", 50, 47, .value, "bits 62:59 of upper leaf descriptors are the hardware's"),
      BitField("NFD0", 53, .value, "no walks for non-faulting accesses to the lower half"),
      BitField("NFD1", 54, .value, "no walks for non-faulting accesses to the upper half"),
      BitField("TCMA0", 57, .value, "unchecked tags in the lower half"),
      BitField("TCMA1", 58, .value, "unchecked tags in the upper half"), wideDescriptors,
      BitField("RES0_63_62", 63, 62, .reserved, "0"),
    ])

  private static func fields(of half: Half) -> [BitField] {
    [
      half.size, half.disable, half.granule, half.topByteIgnored, half.hierarchyDisable,
      half.userDisable, half.topByteOfDataOnly, half.memoryTag,
    ]
  }

  /// TTBRn_EL1.BADDR: address bits 47:1; where 52-bit addresses are in use, see `baseHigh`.
  static let base = BitField("BADDR", 47, 1, .address, "physical address of the top table")
  /// Address bits 51:48 of a top table, where 52-bit addresses are in use.
  static let baseHigh = BitField("BADDR_51_48", 5, 2, .value, "physical address, bits 51:48")
  /// The physical address bit that the lowest bit of `baseHigh` stands for.
  static let baseHighPosition: UInt64 = 48
  /// TTBRn_EL1.
  public static let ttbr = WordLayout(
    "TTBRn_EL1", citation: "ARM ARM D19.2, TTBR0_EL1",
    [
      BitField("CnP", 0, .value, "the translations are common to a group of processors"), base,
      BitField("ASID", 63, 48, .value, "address space identifier"),
    ])
}
