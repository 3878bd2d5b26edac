public import BitLayout

/// The bits of control registers that concern translation, by the manual's names (SDM 3A, 2.5 and
/// 2.2.1); for the bits that do not, see `reserved`.
public enum RegisterLayouts {
  /// CR0.WP.
  public static let writeProtect = BitField(
    "WP", 16, .value, "supervisor writes respect RW of the entries")
  /// CR0.PG.
  public static let pagingEnable = BitField("PG", 31, .value, "paging is on")
  /// CR0.PE.
  public static let protectionEnable = BitField("PE", 0, .value, "protected mode is on")
  /// CR4.PSE.
  public static let pageSizeExtension = BitField(
    "PSE", 4, .value, "4-MByte pages exist in 32-bit paging")
  /// CR4.PAE.
  public static let physicalAddressExtension = BitField(
    "PAE", 5, .value, "entries have eight bytes")
  /// CR4.LA57.
  public static let fiveLevel = BitField("LA57", 12, .value, "linear addresses have 57 bits")
  /// CR4.SMEP.
  public static let executionPrevention = BitField(
    "SMEP", 20, .value, "the supervisor may not execute user pages")
  /// CR4.SMAP.
  public static let accessPrevention = BitField(
    "SMAP", 21, .value, "the supervisor may not read or write user pages")
  /// CR4.PKE.
  public static let userKeys = BitField("PKE", 22, .value, "protection keys apply to user pages")
  /// CR4.CET.
  public static let controlFlowEnforcement = BitField(
    "CET", 23, .value, "control-flow enforcement, with shadow stacks")
  /// CR4.PKS.
  public static let supervisorKeys = BitField(
    "PKS", 24, .value, "protection keys apply to supervisor pages")
  /// CR4.PCIDE.
  public static let processContextEnable = BitField(
    "PCIDE", 17, .value, "bits 11:0 of CR3 are a process-context identifier")
  /// CR4.LASS.
  public static let spaceSeparation = BitField(
    "LASS", 27, .value, "user mode keeps to addresses with bit 63 clear, the supervisor to others")
  /// CR4.LAM_SUP.
  public static let supervisorMasking = BitField(
    "LAM_SUP", 28, .value, "supervisor data addresses may carry metadata in their upper bits")
  /// EFER.LME.
  public static let longModeEnable = BitField("LME", 8, .value, "64-bit paging is enabled")
  /// EFER.LMA.
  public static let longModeActive = BitField("LMA", 10, .value, "64-bit paging is active")
  /// EFER.NXE.
  public static let noExecuteEnable = BitField("NXE", 11, .value, "bit 63 of an entry is XD")

  /// EFER.UAIE, of AMD.
  public static let upperAddressIgnore = BitField(
    "UAIE", 20, .value, "bits 63:57 of a data address are a tag (AMD APM 2, 5.10)")

  /// The named bits of CR0.
  public static let cr0 = [protectionEnable, writeProtect, pagingEnable]
  /// The named bits of CR4.
  public static let cr4 = [
    pageSizeExtension, physicalAddressExtension,
    BitField("PGE", 7, .value, "global pages exist"), fiveLevel,
    processContextEnable, executionPrevention, accessPrevention, userKeys, controlFlowEnforcement,
    supervisorKeys, spaceSeparation, supervisorMasking,
  ]
  /// The named bits of EFER.
  public static let efer = [
    BitField("SCE", 0, .value, "SYSCALL is enabled"), longModeEnable, longModeActive,
    noExecuteEnable, upperAddressIgnore,
  ]
}
