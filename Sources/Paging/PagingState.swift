import BitLayout
public import PhysicalMemory

/// All that a translation depends on beside memory: the mode, the root and the registers.
public struct PagingState: Hashable, Sendable {
  /// What differs between processors of one architecture.
  public struct Features: Hashable, Sendable {
    /// A PDE of 32-bit paging holds address bits 39:32 of a 4-MByte page (CPUID PSE-36).
    public var pse36 = true
    /// A PDPTE of 4-level and 5-level paging can map a 1-GByte page (CPUID Page1GB).
    public var page1G = true
    /// Bit 5 of a PAE PDPTE is harmless, as QEMU writes it; never so on a processor.
    public var acceptsAccessedPDPTE = false
    /// PAE PDPTEs are read with each walk, as emulators do it, not loaded with CR3: their reserved
    /// bits raise a page fault, and they have an accessed bit that a walk sets.
    public var walksPDPTEs = false

    /// A processor with all features and no emulator's habits.
    public init() {}
  }

  /// Who made the processor, where manufacturers differ.
  public enum Vendor: String, Sendable, CaseIterable {
    /// Intel, with linear-address masking.
    case intel
    /// AMD, with upper-address ignore.
    case amd
  }

  /// The paging mode.
  public var mode: PagingMode
  /// CR3 as it was given, low bits included.
  public var cr3: UInt64
  /// CR0.
  public var cr0: UInt64
  /// CR4.
  public var cr4: UInt64
  /// The extended-feature-enable register.
  public var efer: UInt64
  /// User protection-key rights.
  public var pkru: UInt64 = 0
  /// Supervisor protection-key rights.
  public var pkrs: UInt64 = 0
  /// IA32_PAT: the memory types that entries select.
  public var pat: UInt64 = Self.resetPAT
  /// MAXPHYADDR: the number of bits of a physical address, 32 to 52.
  public var physicalBits = 52
  /// The manufacturer; nil where nobody says, see `rulesOf`.
  public var vendor: Vendor?
  /// The bit of an entry that says its page is encrypted (AMD SME and SEV): no address bit.
  public var encryptionBit: Int?
  /// The bit of an entry that says its page is shared with the host (Intel TDX): no address bit.
  public var sharedBit: Int?
  /// RFLAGS.AC, which lifts SMAP for explicit accesses.
  public var alignmentCheck = false
  /// What the processor can do.
  public var features = Features()
  /// The registers of an arm64 processor; `cr3` is its TTBR0_EL1.
  public var arm64 = ARM64Registers()

  /// The state in which an operating system of `mode` runs: PG and WP set, PSE in 32-bit paging,
  /// NXE in the others, nothing else beyond what the mode is.
  public init(mode: PagingMode, cr3: UInt64 = 0) {
    self.mode = mode
    self.cr3 = cr3
    cr0 =
      RegisterLayouts.protectionEnable.mask | RegisterLayouts.writeProtect.mask
      | RegisterLayouts.pagingEnable.mask
    let longMode = RegisterLayouts.longModeEnable.mask | RegisterLayouts.longModeActive.mask
    switch mode {
    case .x86:
      cr4 = RegisterLayouts.pageSizeExtension.mask
      efer = 0
    case .pae:
      cr4 = RegisterLayouts.physicalAddressExtension.mask
      efer = RegisterLayouts.noExecuteEnable.mask
    case .x86_64:
      cr4 = RegisterLayouts.physicalAddressExtension.mask
      efer = RegisterLayouts.noExecuteEnable.mask | longMode
    case .arm64:
      (cr0, cr4, efer) = (0, 0, 0)
    case .la57:
      cr4 = RegisterLayouts.physicalAddressExtension.mask | RegisterLayouts.fiveLevel.mask
      efer = RegisterLayouts.noExecuteEnable.mask | longMode
    }
  }

  /// The bits among the address bits of entries and of CR3 that are neither address nor reserved.
  public var attributeBits: UInt64 { Self.bit(encryptionBit) | Self.bit(sharedBit) }

  /// Whether bit 8 of PML4Es and PML5Es is reserved (AMD APM 2, 5.3).
  var reservesBit8: Bool { (mode == .x86_64 || mode == .la57) && rulesOf == .amd }

  /// Whether entries have bits that those of most machines have not; see `AttributeFormat`.
  public var hasAttributes: Bool { attributeBits != 0 || reservesBit8 }

  private static func bit(_ number: Int?) -> UInt64 {
    guard let number, attributeBitRange.contains(number) else { return 0 }
    return 1 << UInt64(number)
  }

  /// Where an encryption bit or a shared bit can be: in the address of every entry of eight bytes.
  static let attributeBitRange = 32...51

  private var rootMask: UInt64 { RegisterLayouts.root(in: mode).mask & ~attributeBits }

  /// The physical address of the top table: CR3 without the bits that are not address.
  public var root: PhysicalAddress {
    isARM64 ? ARM64HalfRules(self).table : PhysicalAddress(cr3 & rootMask)
  }

  /// The bits of CR3 that are not part of the root's address.
  public var ignoredRootBits: UInt64 {
    isARM64 ? arm64IgnoredRootBits : cr3 & ~rootMask
  }

  /// Whether bit 63 of an entry is XD rather than reserved; 32-bit paging has no such bit.
  public var noExecute: Bool {
    isARM64 || mode != .x86 && RegisterLayouts.noExecuteEnable.isSet(in: efer)
  }

  /// Whether a PDE of 32-bit paging can map a 4-MByte page.
  public var pageSizeExtension: Bool { RegisterLayouts.pageSizeExtension.isSet(in: cr4) }

  /// The mode that the registers of a running processor describe, or nil where paging is off.
  public static func mode(cr0: UInt64, cr4: UInt64, longMode: Bool) -> PagingMode? {
    guard RegisterLayouts.pagingEnable.isSet(in: cr0) else { return nil }
    guard RegisterLayouts.physicalAddressExtension.isSet(in: cr4) else { return .x86 }
    guard longMode else { return .pae }
    return RegisterLayouts.fiveLevel.isSet(in: cr4) ? .la57 : .x86_64
  }
}
