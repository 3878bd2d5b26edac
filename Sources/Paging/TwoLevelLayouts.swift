public import BitLayout

/// The four-byte entries of 32-bit paging (SDM 3A, Tables 4-4 to 4-6).
public enum TwoLevelLayouts {
  /// The frame of a page table or of a 4-KByte page.
  @inlinable public static var frame: BitField {
    BitField("frame", 31, 12, .address, "physical address")
  }
  /// Address bits 31:22 of a 4-MByte page.
  @inlinable public static var frame4M: BitField {
    BitField("frame", 31, 22, .address, "physical address, bits 31:22")
  }
  /// Address bits 39:32 of a 4-MByte page, with the PSE-36 mechanism.
  @inlinable public static var frame4MHigh: BitField {
    BitField("frame_high", 20, 13, .value, "physical address, bits 39:32, up to MAXPHYADDR")
  }
  /// Bit 21 of a PDE that maps a 4-MByte page.
  @inlinable public static var reserved4M: BitField {
    BitField("reserved", 21, .reserved, "must be 0")
  }
  /// The physical address bit that the lowest bit of `frame4MHigh` stands for.
  @inlinable public static var frame4MHighPosition: UInt64 { 32 }

  /// A PDE that maps a 4-MByte page.
  public static let pde4M = WordLayout(
    "PDE that maps a 4-MByte page", citation: "SDM 3A, Table 4-4", width: 32,
    X86Fields.lowFlags + [
      X86Fields.dirty, X86Fields.pageSize, X86Fields.global, available, X86Fields.patOfLargePage,
      frame4MHigh, reserved4M, frame4M,
    ])
  /// A PDE that references a page table.
  public static let pde = WordLayout(
    "PDE", citation: "SDM 3A, Table 4-5", width: 32,
    X86Fields.lowFlags + [
      BitField("AVL6", 6, .ignored, "available to software"),
      BitField("PS", 7, .value, "page size: the entry maps a page if CR4.PSE=1, else ignored"),
      BitField("AVL", 11, 8, .ignored, "available to software"), frame,
    ])
  /// A PTE, which maps a 4-KByte page.
  public static let pte = WordLayout(
    "PTE", citation: "SDM 3A, Table 4-6", width: 32,
    X86Fields.lowFlags + [
      X86Fields.dirty, X86Fields.pat, X86Fields.global, available, frame,
    ])

  private static let available = BitField("AVL", 11, 9, .ignored, "available to software")
}
