import ImageBuilder
import Paging
import PhysicalMemory
import Testing

/// Images whose every word is written by hand from SDM 3A, chapter 4: a wrong bit in a layout, which
/// builder and walker share, shows here.
@Suite struct PinnedImageTests {
  @Test func fourLevelPaging() throws {
    // 4.5: PML4E 0, PDPTE 0, PDE 2, PTE 0; XD is bit 63, G bit 8, PK bits 62:59.
    let image = try Fixture.build(
      """
      map:
        - { va: 0x40_0000, to: 0x5000, rights: { write: false, execute: false } }
        - { va: 0x40_1000, to: 0x6000, rights: { user: false }, fields: { G: 1, PK: 3, PAT: 1 } }
        - { va: 0x80_0000..0xbf_ffff, to: { from: 0x60_0000 }, page: 2 MiB, fields: { D: 1, PAT: 1 } }
        - { va: 0xffff_ff80_0000_0000, to: 0x4000_0000, page: 1 GiB }
      """)
    #expect(
      image.words(8) == [
        0x1000: 0x2007, 0x2000: 0x3007, 0x3010: 0x4007, 0x4000: 0x8000_0000_0000_5005,
        0x4008: 0x1800_0000_0000_6183, 0x3020: 0x60_10c7, 0x3028: 0x80_10c7,
        0x1ff8: 0x7007, 0x7000: 0x4000_0087,
      ])
  }
}
