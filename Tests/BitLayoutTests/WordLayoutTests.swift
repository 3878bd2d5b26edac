import BitLayout
import Testing

@Suite struct WordLayoutTests {
  static let low = BitField("LOW", 11, 0, .value, "the lower part")
  static let high = BitField("HIGH", 31, 12, .address, "the upper part")

  @Test func fieldsThatCoverEachBitOnceTile() {
    let layout = WordLayout("word", citation: "none", width: 32, [Self.high, Self.low])
    #expect(layout.tiling == (gaps: 0, overlaps: 0))
    #expect(layout.fields.map(\.low) == [0, 12])
  }

  @Test func gapsAndOverlapsAreFound() {
    let gap = WordLayout("word", citation: "none", width: 32, [Self.low])
    #expect(gap.tiling == (gaps: 0xffff_f000, overlaps: 0))
    let overlap = WordLayout(
      "word", citation: "none", width: 32,
      [Self.low, Self.high, BitField("X", 12, 11, .value, "both")])
    #expect(overlap.tiling == (gaps: 0, overlaps: 0x1800))
  }

  @Test func aFieldBeyondTheWordIsAGap() {
    let layout = WordLayout(
      "word", citation: "none", width: 32, [Self.low, BitField("HIGH", 32, 12, .value, "too long")])
    #expect(layout.tiling.gaps == 1 << 32)
  }

  @Test func fieldsAreFoundInAnyLetterCase() {
    let layout = WordLayout("word", citation: "none", width: 32, [Self.low, Self.high])
    #expect(layout.field(named: "hIgH")?.mask == 0xffff_f000)
    #expect(layout.field(named: "middle") == nil)
  }

  @Test func onlyFlagsThatAreSetAreNamedHighestFirst() {
    let layout = WordLayout(
      "word", citation: "none", width: 32,
      [
        BitField("P", 0, .value, "present"), BitField("RW", 1, .value, "writable"),
        BitField("AVL", 2, .ignored, "software's"), BitField("R", 3, .reserved, "must be 0"),
        BitField("KEY", 5, 4, .value, "a number"), BitField("XD", 31, .value, "execute-disable"),
        BitField("frame", 30, 6, .address, "a frame"),
      ])
    #expect(layout.setFlags(in: 0xffff_ffff) == ["XD", "RW", "P"])
    #expect(layout.setFlags(in: 0x8000_0001) == ["XD", "P"])
    #expect(layout.setFlags(in: 0).isEmpty)
  }
}
