import BitLayout

/// The bits of control registers that have nothing to do with translation, and the bits that no
/// processor has (SDM 3A, 2.5 and 2.2.1; AMD APM 2, 3.1.1, 3.1.3 and 3.1.7).
extension RegisterLayouts {
  /// CR0.NW.
  static let notWriteThrough = BitField("NW", 29, .value, "caches do not write through")
  /// CR0.CD.
  static let cacheDisable = BitField("CD", 30, .value, "caches are off")

  private static let otherCR0 = [
    BitField("MP", 1, .value, "WAIT heeds TS"), BitField("EM", 2, .value, "no x87 instructions"),
    BitField("TS", 3, .value, "the task was switched"),
    BitField("ET", 4, .value, "the processor has x87 instructions"),
    BitField("NE", 5, .value, "x87 errors are exceptions"),
    BitField("AM", 18, .value, "RFLAGS.AC can ask for alignment checks"), notWriteThrough,
    cacheDisable,
  ]

  private static let otherCR4 = [
    BitField("VME", 0, .value, "virtual-8086 extensions"),
    BitField("PVI", 1, .value, "protected-mode virtual interrupts"),
    BitField("TSD", 2, .value, "RDTSC is for the supervisor"),
    BitField("DE", 3, .value, "debugging extensions"), BitField("MCE", 6, .value, "machine checks"),
    BitField("PCE", 8, .value, "RDPMC is for everybody"),
    BitField("OSFXSR", 9, .value, "the system saves SSE state"),
    BitField("OSXMMEXCPT", 10, .value, "the system handles SIMD exceptions"),
    BitField("UMIP", 11, .value, "SGDT and its like are for the supervisor"),
    BitField("VMXE", 13, .value, "VMX instructions"), BitField("SMXE", 14, .value, "GETSEC"),
    BitField("FSGSBASE", 16, .value, "RDFSBASE and its like"),
    BitField("OSXSAVE", 18, .value, "the system uses XSAVE"),
    BitField("KL", 19, .value, "Key Locker"), BitField("UINTR", 25, .value, "user interrupts"),
    BitField("FRED", 32, .value, "flexible return and event delivery"),
  ]

  /// The bits of EFER that only AMD's processors have.
  static let eferOfAMD = [
    BitField("SVME", 12, .value, "SVM instructions"),
    BitField("LMSLE", 13, .value, "segment limits in 64-bit mode"),
    BitField("FFXSR", 14, .value, "fast FXSAVE and FXRSTOR"),
    BitField("TCE", 15, .value, "INVLPG leaves upper-level entries of other addresses"),
    BitField("MCOMMIT", 17, .value, "the MCOMMIT instruction"),
    BitField("INTWB", 18, .value, "WBINVD can be interrupted"), upperAddressIgnore,
    BitField("AIBRSE", 21, .value, "automatic IBRS"),
  ]

  /// The bits of a register that processors have no use for: one that is set in a register is an
  /// error of whoever says so.
  static let reserved = (
    cr0: unused(cr0 + otherCR0), cr4: unused(cr4 + otherCR4), efer: unused(efer + eferOfAMD)
  )

  private static func unused(_ fields: [BitField]) -> UInt64 {
    fields.reduce(UInt64.max) { $0 & ~$1.mask }
  }
}

extension [BitField] {
  /// The first of the fields that is set in `word`.
  func first(in word: UInt64) -> BitField? { first { $0.isSet(in: word) } }
}
