import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import Testing

/// Images whose every word is written by hand from SDM 3A, chapter 4: a wrong bit in a layout, which
/// builder and walker share, shows here.
@Suite struct PinnedImageTests {
  @Test func fourLevelPaging() throws {
    // 4.5, Tables 4-15 to 4-20. Indexes of 0x40_0000: PML4E 0, PDPTE 0, PDE 2, PTE 0. XD is bit 63,
    // PK bits 62:59, PAT bit 7 of a PTE and bit 12 of a large page, G bit 8, D bit 6, PS bit 7.
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

  @Test func fiveLevelPaging() throws {
    // 4.5, Table 4-14: PML5E index 56:48. 0x00ff_ffff_ffff_f000 has every index 0x1ff but PML5E 0xff.
    let image = try Fixture.build(
      """
      map:
        - { va: 0xff_ffff_ffff_f000, to: 0x8_0000_0000_0000, upper: { PML5E: { XD: 1 }, PDE: { US: 0 } } }
      """, machine: "{ mode: la57, memory: 16 MiB, root: 0x9018 }")
    #expect(
      image.words(8) == [
        0x97f8: 0x8000_0000_0000_1007, 0x1ff8: 0x2007, 0x2ff8: 0x3007, 0x3ff8: 0x4003,
        0x4ff8: 0x8_0000_0000_0007,
      ])
    #expect(image.machine.paging.cr3 == 0x9018)
  }

  @Test func paePaging() throws {
    // 4.4, Tables 4-8 to 4-11: a PDPTE has P and the address and no rights; PDPT of 32 bytes.
    // 0xc060_3000: PDPTE 3, PDE 3, PTE 3.
    let image = try Fixture.build(
      """
      map:
        - { va: 0xc060_3000, to: 0xf_ffff_ffff_f000, rights: { execute: false }, upper: { PDPTE: { PCD: 1 } } }
        - { va: 0x20_0000, to: 0x1_0020_0000, page: 2 MiB, rights: { write: false } }
      """, machine: "{ mode: pae, memory: 16 MiB, root: 0x1fe0 }")
    #expect(
      image.words(8) == [
        0x1ff8: 0x2011, 0x2018: 0x3007, 0x3018: 0x800f_ffff_ffff_f007,
        0x1fe0: 0x4001, 0x4008: 0x1_0020_0085,
      ])
  }

  @Test func thirtyTwoBitPaging() throws {
    // 4.3, Tables 4-4 to 4-6: PSE-36 puts address bits 39:32 into bits 20:13 of the PDE.
    // 0x0804_8000: PDE 0x20, PTE 0x48.
    let image = try Fixture.build(
      """
      map:
        - { va: 0x0804_8000, to: 0xffff_f000, rights: { user: false } }
        - { va: 0xffc0_0000, to: 0xa5_c040_0000, page: 4 MiB, fields: { A: 1 } }
      """, machine: "{ mode: x86, memory: 16 MiB }")
    #expect(
      image.words(4) == [
        0x1080: 0x2007, 0x2120: 0xffff_f003, 0x1ffc: 0xc040_0000 | 0xa5 << 13 | 0xa7,
      ])
  }

  @Test func sharedRecursiveAndRawEntries() throws {
    let image = try Fixture.build(
      """
      map:
        - { va: 0x40_0000, to: 0x5000 }
      share:
        - { va: 0x80_0000_0000, level: PDPTE, with: 0x40_0000 }
      self-map: { slot: 0x1ed }
      entries:
        - { va: 0x40_1000, level: PTE, value: 0x8000_0000_0000_2067 }
        - { va: 0x40_0000, level: PTE, set: { D: 1 }, bits: { set: [51], clear: [2] } }
        - { at: 0x7000, value: 0x1234_5678, width: 4 }
        - { at: 0x7000, bits: { set: [63] } }
      """)
    #expect(
      image.words(8) == [
        0x1000: 0x2007, 0x2000: 0x3007, 0x3010: 0x4007, 0x4000: 0x8_0000_0000_5043,
        0x4008: 0x8000_0000_0000_2067, 0x1008: 0x6007, 0x6000: 0x3007, 0x1f68: 0x1007,
        0x7000: 0x8000_0000_1234_5678,
      ])
  }

  @Test func contentsAtPhysicalAndVirtualAddresses() throws {
    let image = try Fixture.build(
      """
      map:
        - { va: 0x40_0000, to: 0x5000 }
        - { va: 0x40_1000, to: 0x8000 }
      contents:
        - { pa: 0x9000, text: "hellö" }
        - { pa: 0x9010, words: [1, 0xffff_ffff_ffff_ffff] }
        - { va: 0x40_0ffe, bytes: "de ad be ef" }
        - { pa: 0xa000, fill: 0xaa, size: 3 }
      """)
    let memory = image.machine.memory
    #expect(memory.bytes(at: PhysicalAddress(0x9000), count: 7) == Array("hellö\0".utf8))
    #expect(memory.load(UInt64.self, at: PhysicalAddress(0x9018)) == UInt64.max)
    #expect(memory.bytes(at: PhysicalAddress(0x5ffd), count: 3) == [0, 0xde, 0xad])
    #expect(memory.bytes(at: PhysicalAddress(0x8000), count: 3) == [0xbe, 0xef, 0])
    #expect(memory.bytes(at: PhysicalAddress(0xa000), count: 4) == [0xaa, 0xaa, 0xaa, 0])
  }

  @Test func randomContentsAreSplitMix64() throws {
    // The first outputs for the seed 1234567, as published with the generator.
    let image = try Fixture.build("contents: [{ pa: 0xffc, random: 1234567, size: 24 }]")
    let memory = image.machine.memory
    let words = [0, 8, 16].map { memory.load(UInt64.self, at: PhysicalAddress(0xffc + $0)) }
    #expect(
      words == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
  }

  @Test func factsAreTheOnlyWords() throws {
    let image = try Fixture.build(
      "golden: false",
      machine: "{ mode: x86-64, root: 0x1000, memory: { facts: { 0x1000: 0x2007, 0x2008: 0 } } }")
    let memory = image.machine.memory
    #expect(memory.runs.map(\.start.rawValue) == [0x1000, 0x2008])
    #expect(memory.runs.map(\.byteCount) == [8, 8])
    #expect(memory.load(UInt64.self, at: PhysicalAddress(0x1000)) == 0x2007)
    #expect(memory.load(UInt64.self, at: PhysicalAddress(0x2000)) == nil)
    #expect(image.machine.walk(VirtualAddress(0)).result.outcome == .missing)
  }
}
