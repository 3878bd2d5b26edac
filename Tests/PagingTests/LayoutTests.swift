import BitLayout
import Paging
import Testing

/// The layouts of all entries: each describes every bit of its word exactly once.
@Suite struct LayoutTests {
  static let layouts: [WordLayout] = [
    TwoLevelLayouts.pde4M, TwoLevelLayouts.pde, TwoLevelLayouts.pte,
    PAELayouts.pdpte, PAELayouts.pde2M, PAELayouts.pde, PAELayouts.pte,
    LongModeLayouts.pml5e, LongModeLayouts.pml4e, LongModeLayouts.pdpte1G,
    LongModeLayouts.pdpte, LongModeLayouts.pde2M, LongModeLayouts.pde, LongModeLayouts.pte,
  ]

  @Test func everyLayoutTilesItsWord() {
    for layout in Self.layouts {
      #expect(layout.tiling == (gaps: 0, overlaps: 0), "\(layout.name)")
    }
  }

  @Test func fieldNamesAreUniqueWithinALayout() {
    for layout in Self.layouts {
      let names = layout.fields.map { String(describing: $0.name).lowercased() }
      #expect(Set(names).count == names.count, "\(layout.name): \(names)")
    }
  }

  @Test func everyBitFlipBelongsToOneField() {
    for layout in Self.layouts {
      for word in [0, UInt64.max >> UInt64(64 - layout.width)] {
        for bit in 0..<UInt64(layout.width) {
          let flipped = word ^ 1 << bit
          let changed = layout.fields.filter { $0.value(in: word) != $0.value(in: flipped) }
          #expect(changed.count == 1, "\(layout.name) bit \(bit)")
          #expect(changed.first.map { $0.low <= bit && bit <= $0.high } == true)
        }
      }
    }
  }

  @Test func widthsAreThoseOfTheModes() {
    for layout in Self.layouts {
      let isTwoLevel =
        String(describing: layout.citation).contains("4-4")
        || String(describing: layout.citation).contains("4-5")
        || String(describing: layout.citation).contains("4-6")
      #expect(layout.width == (isTwoLevel ? 32 : 64), "\(layout.name)")
    }
  }

  /// SDM 3A, Tables 4-4 to 4-20: where the manual puts each field, typed from there.
  @Test(
    arguments: [
      ("P", 0x1), ("RW", 0x2), ("US", 0x4), ("PWT", 0x8), ("PCD", 0x10), ("A", 0x20), ("D", 0x40),
      ("PAT", 0x80), ("G", 0x100), ("frame", 0x000f_ffff_ffff_f000),
      ("PK", 0x7800_0000_0000_0000), ("XD", 0x8000_0000_0000_0000),
    ] as [(String, UInt64)])
  func fieldsOfAPTEStandWhereTheManualPutsThem(name: String, mask: UInt64) {
    #expect(LongModeLayouts.pte.field(named: name)?.mask == mask)
  }

  @Test(
    arguments: [
      ("PAE 2M", PAELayouts.pde2M, "PAT", 0x1000), ("PAE 2M", PAELayouts.pde2M, "PS", 0x80),
      ("PAE 2M", PAELayouts.pde2M, "frame", 0x000f_ffff_ffe0_0000),
      ("PAE 2M", PAELayouts.pde2M, "reserved", 0x001f_e000),
      ("2M", LongModeLayouts.pde2M, "PAT", 0x1000),
      ("2M", LongModeLayouts.pde2M, "frame", 0x000f_ffff_ffe0_0000),
      ("2M", LongModeLayouts.pde2M, "reserved", 0x001f_e000),
      ("1G", LongModeLayouts.pdpte1G, "frame", 0x000f_ffff_c000_0000),
      ("1G", LongModeLayouts.pdpte1G, "reserved", 0x3fff_e000),
      ("1G", LongModeLayouts.pdpte1G, "PAT", 0x1000),
      ("4M", TwoLevelLayouts.pde4M, "frame", 0xffc0_0000),
      ("4M", TwoLevelLayouts.pde4M, "frame_high", 0x001f_e000),
      ("4M", TwoLevelLayouts.pde4M, "reserved", 0x0020_0000),
      ("4M", TwoLevelLayouts.pde4M, "PAT", 0x1000),
      ("32-bit PTE", TwoLevelLayouts.pte, "frame", 0xffff_f000),
    ] as [(String, WordLayout, String, UInt64)])
  func fieldsOfLargePagesStandWhereTheManualPutsThem(
    page: String, layout: WordLayout, name: String, mask: UInt64
  ) {
    #expect(layout.field(named: name)?.mask == mask, "\(page)")
  }
}
