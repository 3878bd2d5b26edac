import BitLayout
import Paging
import Testing

/// The descriptors and registers of arm64, as the manual draws them.
@Suite struct ARM64LayoutTests {
  /// A granule with and without 52-bit addresses, as TCR_EL1 selects them by bit numbers.
  static let states: [(name: String, state: PagingState)] = [
    ("4K", 0, 5), ("4K DS", 1 << 59, 6), ("16K", 2 << 14, 5), ("16K DS", 2 << 14 | 1 << 59, 6),
    ("64K", 1 << 14, 6), ("64K 48", 1 << 14, 5),
  ].map { (name: String, bits: UInt64, ips: UInt64) in
    var state = PagingState(mode: .arm64)
    state.tcr = bits | ips << 32 | 16 << 16 | (bits >> 59 == 1 || bits >> 14 & 3 == 1 ? 12 : 16)
    if name == "64K 48" { state.physicalBits = 48 }
    return (name, state)
  }

  static var layouts: [(name: String, layout: WordLayout)] {
    states.flatMap { name, state in
      (1...5).flatMap { level in
        [true, false].compactMap { isPage in
          state.layout(level: level, isPage: isPage).map {
            ("\(name) \(state.mode.entryName(level)) \(isPage ? "page" : "table")", $0)
          }
        }
      }
    } + [("TCR_EL1", ARM64RegisterLayouts.tcr), ("TTBR", ARM64RegisterLayouts.ttbr)]
  }

  @Test func everyDescriptorTilesItsWord() {
    #expect(Self.layouts.count > 30)
    for (name, layout) in Self.layouts {
      #expect(layout.tiling == (gaps: 0, overlaps: 0), "\(name)")
      let names = layout.fields.map { String(describing: $0.name).lowercased() }
      #expect(Set(names).count == names.count, "\(name): \(names)")
    }
  }

  /// ARM ARM Table D8-14 and D8-15: which entries exist, from the level where a walk starts.
  @Test(
    arguments: [
      ("4K", ["L3 page", "L2 page", "L2 table", "L1 page", "L1 table", "L0 table"]),
      (
        "4K DS",
        [
          "L3 page", "L2 page", "L2 table", "L1 page", "L1 table", "L0 page", "L0 table",
          "L-1 table",
        ]
      ),
      ("16K", ["L3 page", "L2 page", "L2 table", "L1 table", "L0 table"]),
      ("16K DS", ["L3 page", "L2 page", "L2 table", "L1 page", "L1 table", "L0 table"]),
      ("64K", ["L3 page", "L2 page", "L2 table", "L1 page", "L1 table"]),
      ("64K 48", ["L3 page", "L2 page", "L2 table", "L1 table"]),
    ] as [(String, [String])])
  func descriptorsExistWhereTheManualHasThem(granule: String, entries: [String]) {
    let prefix = granule + " "
    let found = Self.layouts.map(\.name).filter {
      $0.hasPrefix(prefix) && entries.contains(String($0.dropFirst(prefix.count)))
    }
    let all = Self.layouts.map(\.name).filter {
      $0.hasPrefix(prefix) && !$0.dropFirst(prefix.count).contains("DS")
        && !$0.dropFirst(prefix.count).hasPrefix("48 ")
    }
    #expect(found == entries.map { prefix + $0 })
    #expect(all == found)
  }

  /// ARM ARM D8.3.1, the figures of the descriptor formats, typed from there.
  @Test(
    arguments: [
      ("4K L3 page", "valid", 0x1), ("4K L3 page", "type", 0x2), ("4K L3 page", "AttrIndx", 0x1c),
      ("4K L3 page", "NS", 0x20), ("4K L3 page", "AP", 0xc0), ("4K L3 page", "SH", 0x300),
      ("4K L3 page", "AF", 0x400), ("4K L3 page", "nG", 0x800),
      ("4K L3 page", "OA", 0x0000_ffff_ffff_f000), ("4K L3 page", "GP", 0x4_0000_0000_0000),
      ("4K L3 page", "DBM", 0x8_0000_0000_0000),
      ("4K L3 page", "Contiguous", 0x10_0000_0000_0000),
      ("4K L3 page", "PXN", 0x20_0000_0000_0000), ("4K L3 page", "UXN", 0x40_0000_0000_0000),
      ("4K L3 page", "PBHA", 0x7800_0000_0000_0000),
      ("4K L2 page", "OA", 0x0000_ffff_ffe0_0000), ("4K L2 page", "nT", 0x1_0000),
      ("4K L1 page", "OA", 0x0000_ffff_c000_0000),
      ("4K L0 table", "PXNTable", 0x800_0000_0000_0000),
      ("4K L0 table", "UXNTable", 0x1000_0000_0000_0000),
      ("4K L0 table", "APTable", 0x6000_0000_0000_0000),
      ("4K L0 table", "NSTable", 0x8000_0000_0000_0000),
      ("4K L0 table", "OA", 0x0000_ffff_ffff_f000),
      ("4K DS L3 page", "OA", 0x0003_ffff_ffff_f000), ("4K DS L3 page", "OA_51_50", 0x300),
      ("4K DS L0 page", "OA", 0x0003_ff80_0000_0000), ("16K L3 page", "OA", 0xffff_ffff_c000),
      ("16K L2 page", "OA", 0x0000_ffff_fe00_0000), ("64K L3 page", "OA", 0xffff_ffff_0000),
      ("64K L3 page", "OA_51_48", 0xf000), ("64K L2 page", "OA", 0x0000_ffff_e000_0000),
      ("64K L1 page", "OA", 0x0000_fc00_0000_0000), ("TCR_EL1", "T0SZ", 0x3f),
      ("TCR_EL1", "EPD0", 0x80), ("TCR_EL1", "TG0", 0xc000), ("TCR_EL1", "T1SZ", 0x3f_0000),
      ("TCR_EL1", "EPD1", 0x80_0000), ("TCR_EL1", "TG1", 0xc000_0000),
      ("TCR_EL1", "IPS", 0x7_0000_0000), ("TCR_EL1", "TBI0", 0x20_0000_0000),
      ("TCR_EL1", "HA", 0x80_0000_0000), ("TCR_EL1", "HD", 0x100_0000_0000),
      ("TCR_EL1", "HPD0", 0x200_0000_0000), ("TCR_EL1", "DS", 0x800_0000_0000_0000),
    ] as [(String, String, UInt64)])
  func fieldsStandWhereTheManualPutsThem(layout: String, field: String, mask: UInt64) {
    let found = Self.layouts.first { $0.name == layout }?.layout.field(named: field)
    #expect(found?.mask == mask, "\(layout)")
  }
}
