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

    /// A processor with all features and no emulator's habits.
    public init() {}
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
  /// MAXPHYADDR: the number of bits of a physical address, 32 to 52.
  public var physicalBits = 52
  /// What the processor can do.
  public var features = Features()

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
    case .la57:
      cr4 = RegisterLayouts.physicalAddressExtension.mask | RegisterLayouts.fiveLevel.mask
      efer = RegisterLayouts.noExecuteEnable.mask | longMode
    }
  }

  /// The physical address of the top table: CR3 without the bits that are not address.
  public var root: PhysicalAddress {
    PhysicalAddress(cr3 & RegisterLayouts.root(in: mode).mask)
  }

  /// The bits of CR3 that are not part of the root's address.
  public var ignoredRootBits: UInt64 { cr3 & ~RegisterLayouts.root(in: mode).mask }

  /// Whether bit 63 of an entry is XD rather than reserved; 32-bit paging has no such bit.
  public var noExecute: Bool {
    mode != .x86 && RegisterLayouts.noExecuteEnable.isSet(in: efer)
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

  /// Why the registers cannot be those of a processor in this mode, or nil where they can.
  public var contradiction: String? {
    if !(32...52).contains(physicalBits) {
      return "MAXPHYADDR is \(physicalBits); processors have 32 to 52 physical address bits"
    }
    if !RegisterLayouts.pagingEnable.isSet(in: cr0) { return "CR0.PG=0: paging is off" }
    let longMode = mode == .x86_64 || mode == .la57
    let actual = Self.mode(cr0: cr0, cr4: cr4, longMode: longMode)
    guard let actual, actual != mode else { return nil }
    return "mode \(mode.rawValue) contradicts CR4=\(cr4.hex), which is mode \(actual.rawValue)"
  }
}
