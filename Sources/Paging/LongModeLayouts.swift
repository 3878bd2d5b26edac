public import BitLayout

/// The entries of 4-level and 5-level paging (SDM 3A, Tables 4-14 to 4-20).
public enum LongModeLayouts {
  /// The frame of a table or of a 4-KByte page.
  @inlinable public static var frame: BitField {
    BitField("frame", 51, 12, .address, "physical address; bits 51:MAXPHYADDR are reserved")
  }
  /// The frame of a 2-MByte page.
  @inlinable public static var frame2M: BitField {
    BitField("frame", 51, 21, .address, "physical address; bits 51:MAXPHYADDR are reserved")
  }
  /// The frame of a 1-GByte page.
  @inlinable public static var frame1G: BitField {
    BitField("frame", 51, 30, .address, "physical address; bits 51:MAXPHYADDR are reserved")
  }
  /// The address bits below a 2-MByte page.
  @inlinable public static var reserved2M: BitField {
    BitField("reserved", 20, 13, .reserved, "must be 0: the page is aligned to 2 MBytes")
  }
  /// The address bits below a 1-GByte page.
  @inlinable public static var reserved1G: BitField {
    BitField("reserved", 29, 13, .reserved, "must be 0: the page is aligned to 1 GByte")
  }

  /// Bit 8 of a PML4E or PML5E on AMD's processors; in a PDPTE or PDE they ignore it as Intel's do.
  @inlinable public static var reservedOfAMD: BitField {
    BitField("G", 8, .reserved, "must be 0 on AMD's processors; Intel's ignore it")
  }

  /// A PML5E that references a PML4 table.
  public static let pml5e = WordLayout(
    "PML5E", citation: "SDM 3A, Table 4-14", table(bit7: reservedBit7))
  /// A PML4E that references a page-directory-pointer table.
  public static let pml4e = WordLayout(
    "PML4E", citation: "SDM 3A, Table 4-15", table(bit7: reservedBit7))
  /// A PML5E on AMD's processors.
  public static let pml5eOfAMD = WordLayout(
    "PML5E", citation: "AMD APM 2, 5.3", table(bit7: reservedBit7, bit8: reservedOfAMD))
  /// A PML4E on AMD's processors.
  public static let pml4eOfAMD = WordLayout(
    "PML4E", citation: "AMD APM 2, 5.3", table(bit7: reservedBit7, bit8: reservedOfAMD))
  /// A PDPTE that maps a 1-GByte page.
  public static let pdpte1G = WordLayout(
    "PDPTE that maps a 1-GByte page", citation: "SDM 3A, Table 4-16",
    largePage(reserved1G, frame1G))
  /// A PDPTE that references a page directory.
  public static let pdpte = WordLayout(
    "PDPTE", citation: "SDM 3A, Table 4-17", table(bit7: X86Fields.pageSize))
  /// A PDE that maps a 2-MByte page.
  public static let pde2M = WordLayout(
    "PDE that maps a 2-MByte page", citation: "SDM 3A, Table 4-18",
    largePage(reserved2M, frame2M))
  /// A PDE that references a page table.
  public static let pde = WordLayout(
    "PDE", citation: "SDM 3A, Table 4-19", table(bit7: X86Fields.pageSize))
  /// A PTE, which maps a 4-KByte page.
  public static let pte = WordLayout(
    "PTE", citation: "SDM 3A, Table 4-20",
    X86Fields.lowFlags + [
      X86Fields.dirty, X86Fields.pat, X86Fields.global, hlatAvailable, hlat, frame, available,
      X86Fields.protectionKey, X86Fields.executeDisable,
    ])

  private static let reservedBit7 = BitField(
    "PS", 7, .reserved, "must be 0: no page of this size exists")
  private static let hlatAvailable = BitField("AVL", 10, 9, .ignored, "available to software")
  private static let hlat = BitField(
    "R", 11, .ignored, "restart of HLAT paging; ignored in ordinary paging")
  private static let available = BitField("AVL_HIGH", 58, 52, .ignored, "available to software")

  private static func table(bit7: BitField, bit8: BitField? = nil) -> [BitField] {
    let low =
      bit8.map { [$0, hlatAvailable] } ?? [
        BitField("AVL", 10, 8, .ignored, "available to software")
      ]
    return X86Fields.lowFlags + low + [
      BitField("AVL6", 6, .ignored, "available to software"), bit7, hlat, frame,
      BitField("AVL_HIGH", 62, 52, .ignored, "available to software"), X86Fields.executeDisable,
    ]
  }

  private static func largePage(_ reserved: BitField, _ frame: BitField) -> [BitField] {
    X86Fields.lowFlags + [
      X86Fields.dirty, X86Fields.pageSize, X86Fields.global, hlatAvailable, hlat,
      X86Fields.patOfLargePage, reserved, frame, available, X86Fields.protectionKey,
      X86Fields.executeDisable,
    ]
  }
}
