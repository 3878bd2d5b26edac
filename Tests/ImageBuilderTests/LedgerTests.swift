import ImageBuilder
import Testing

/// What the ledger says is what the walker finds, and it says all that is mapped.
@Suite struct LedgerTests {
  @Test func rulesOfAllKindsTranslateAsMeant() throws {
    let image = try Fixture.build(
      """
      map:
        - va: 0x0040_0000..0x005f_ffff
          to: 0x5000
          upper: { PDE: { RW: 0 } }
        - { va: 0x1_0000_0000..0x1_0fff_ffff, to: { from: 0x1_0000_0000, stride: 8 KiB } }
        - { va: 0x2_0000_0000..0x2_0fff_ffff, to: { from: 0x2_0000, order: shuffled, seed: 3 } }
        - { va: 0x3_0000_0000..0x3_00ff_ffff, to: { random: 0x10_0000..0x1f_ffff, seed: 3 }, every: 8 KiB }
        - { va: 0x4_0000_0000..0x4_0000_ffff, to: auto, alternate: [ { write: false }, { user: false } ] }
      """, machine: "{ mode: x86-64, memory: 1 GiB }")
    #expect(image.disagreements() == [])
    #expect(image.ledger.pageCount() == 512 + 65536 * 2 + 2048 + 16)
  }
}
