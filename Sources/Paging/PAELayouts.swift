public import BitLayout

/// The entries of PAE paging (SDM 3A, Tables 4-8 to 4-11).
public enum PAELayouts {
  /// The frame of a table or of a 4-KByte page.
  @inlinable public static var frame: BitField {
    BitField("frame", 51, 12, .address, "physical address; bits 51:MAXPHYADDR are reserved")
  }
  /// The frame of a 2-MByte page.
  @inlinable public static var frame2M: BitField {
    BitField("frame", 51, 21, .address, "physical address; bits 51:MAXPHYADDR are reserved")
  }
  /// The address bits below a 2-MByte page.
  @inlinable public static var reserved2M: BitField {
    BitField("reserved", 20, 13, .reserved, "must be 0: the page is aligned to 2 MBytes")
  }
  /// The bits between the address and XD.
  @inlinable public static var reservedHigh: BitField {
    BitField("reserved_high", 62, 52, .reserved, "must be 0")
  }
  /// Bits 2:1 of a PDPTE.
  @inlinable public static var pdpteReservedLow: BitField {
    BitField("reserved_2_1", 2, 1, .reserved, "must be 0: a PDPTE holds no rights")
  }
  /// Bits 8:5 of a PDPTE; bit 5 is where emulators keep an accessed bit.
  @inlinable public static var pdpteReservedMiddle: BitField {
    BitField("reserved_8_5", 8, 5, .reserved, "must be 0: a PDPTE has no accessed bit")
  }
  /// The bits above the address of a PDPTE.
  @inlinable public static var pdpteReservedHigh: BitField {
    BitField("reserved_high", 63, 52, .reserved, "must be 0")
  }

  /// A PDPTE; the processor loads all four with CR3.
  public static let pdpte = WordLayout(
    "PDPTE", citation: "SDM 3A, Table 4-8",
    [
      X86Fields.present, pdpteReservedLow, X86Fields.writeThrough, X86Fields.cacheDisable,
      pdpteReservedMiddle, BitField("AVL", 11, 9, .ignored, "available to software"), frame,
      pdpteReservedHigh,
    ])
  /// A PDE that maps a 2-MByte page.
  public static let pde2M = WordLayout(
    "PDE that maps a 2-MByte page", citation: "SDM 3A, Table 4-9",
    X86Fields.lowFlags + [
      X86Fields.dirty, X86Fields.pageSize, X86Fields.global, available, X86Fields.patOfLargePage,
      reserved2M, frame2M, reservedHigh, X86Fields.executeDisable,
    ])
  /// A PDE that references a page table.
  public static let pde = WordLayout(
    "PDE", citation: "SDM 3A, Table 4-10",
    X86Fields.lowFlags + [
      BitField("AVL6", 6, .ignored, "available to software"), X86Fields.pageSize,
      BitField("AVL", 11, 8, .ignored, "available to software"), frame, reservedHigh,
      X86Fields.executeDisable,
    ])
  /// A PTE, which maps a 4-KByte page.
  public static let pte = WordLayout(
    "PTE", citation: "SDM 3A, Table 4-11",
    X86Fields.lowFlags + [
      X86Fields.dirty, X86Fields.pat, X86Fields.global, available, frame, reservedHigh,
      X86Fields.executeDisable,
    ])

  private static let available = BitField("AVL", 11, 9, .ignored, "available to software")
}
