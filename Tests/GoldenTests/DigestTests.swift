import Golden
import Machine
import Paging
import PhysicalMemory
import TestSupport
import Testing

@Suite struct DigestTests {
  private func digest(_ sketch: TableSketch, root: UInt64 = 0x1000) throws -> TranslationDigest {
    let machine = try sketch.machine(root: root)
    var digester = Digester(memory: machine.memory, state: machine.paging)
    return digester.digest(root: root)
  }

  @Test func xxh3MatchesThePublishedVectorOfTheEmptyInput() {
    // xxhsum -H128 of an empty file (xxHash 0.8).
    let bytes: [UInt8] = []
    let digest = unsafe Digest128(hashing: bytes.span.bytes)
    #expect("\(digest)" == "xxh3-128:99aa06d3014798d86001c324468d497f")
    #expect(Digest128("\(digest)") == digest)
    #expect(Digest128("xxh3-128:99aa") == nil)
  }

  @Test func digestDoesNotDependOnWhereTablesLie() throws {
    let here = try digest(.onePage())
    let there = try digest(.onePage([0x9000, 0x23000, 0x11000, 0x8000]), root: 0x9000)
    #expect(here == there)
    #expect(here.mappings == 1 && here.bytes == 4096)
  }

  @Test func rightsTakenAwayAboveAndBelowGiveTheSameDigest() throws {
    var above = TableSketch.onePage()
    above.put(0x3000 | 0x05, in: 0x2000, at: 0)
    var below = TableSketch.onePage()
    below.put(0x5000 | 0x05, in: 0x4000, at: 3)
    #expect(try digest(above) == digest(below))
    #expect(try digest(above) != digest(.onePage()))
  }

  @Test(
    arguments: [
      (0x5027, true), (0x5067, true), (0x5107, true), (0x6007, false), (0x5005, false),
      (0x5003, false), (0x8000_0000_0000_5007, false), (0x5006, false),
    ] as [(UInt64, Bool)])
  func onlyFrameAndRightsEnter(entry: UInt64, isSame: Bool) throws {
    var sketch = TableSketch.onePage()
    sketch.put(entry, in: 0x4000, at: 3)
    #expect(try (digest(sketch) == digest(.onePage())) == isSame)
  }

  @Test func emptyTableIsAsGoodAsNone() throws {
    var sketch = TableSketch.onePage()
    sketch.put(0x8000 | TableSketch.table, in: 0x3000, at: 7)
    #expect(try digest(sketch) == digest(.onePage()))
  }

  @Test func absentTableIsNotAnEmptyOne() throws {
    var sketch = TableSketch.onePage()
    sketch.put(0x8000 | TableSketch.table, in: 0x3000, at: 7)
    sketch.removeFrame(0x8000)
    #expect(try digest(sketch).digest != digest(.onePage()).digest)
  }

  @Test func smallPagesAndOneLargePageDiffer() throws {
    var large = TableSketch.onePage()
    large.put(0x20_0000 | TableSketch.large, in: 0x3000, at: 2)
    var small = TableSketch.onePage()
    for index in 0..<512 as Range<UInt64> {
      small.put(0x20_0000 + index << 12 | TableSketch.page, in: 0x4000, at: index)
    }
    let (one, many) = (try digest(large), try digest(small))
    #expect(one.bytes == many.bytes && one.mappings == 1 && many.mappings == 512)
    #expect(one.digest != many.digest)
  }

  @Test func fourTablesTranslatingTheWholeSpaceAreCountedInFull() throws {
    var sketch = TableSketch()
    for index in 0..<512 as Range<UInt64> {
      sketch.put(0x2000 | TableSketch.table, in: 0x1000, at: index)
      sketch.put(0x3000 | TableSketch.table, in: 0x2000, at: index)
      sketch.put(0x4000 | TableSketch.table, in: 0x3000, at: index)
      sketch.put(0x5000 | TableSketch.page, in: 0x4000, at: index)
    }
    let digest = try digest(sketch)
    #expect(digest.mappings == 1 << 36)
    #expect(digest.bytes == 1 << 48)
  }

  @Test func tableThatLeadsToItselfEnds() throws {
    var sketch = TableSketch()
    for index in 0..<512 as Range<UInt64> { sketch.put(0x1007, in: 0x1000, at: index) }
    #expect(try digest(sketch).mappings == 1 << 36)
  }

  @Test(arguments: [1, 2, 3, 7])
  func shardsTogetherGiveTheSameDigest(count: Int) throws {
    var sketch = TableSketch()
    for top in 0..<5 as Range<UInt64> {
      let pdpt = 0x2000 + top * 0x1000
      sketch.put(pdpt | TableSketch.table, in: 0x1000, at: top * 60)
      for middle in 0..<4 as Range<UInt64> {
        let directory = 0x1_0000 + (top * 4 + middle) * 0x1000
        sketch.put(directory | TableSketch.table, in: pdpt, at: middle * 9)
        sketch.put(
          (0x20_0000 * (top + 1)) | TableSketch.large, in: directory, at: 100 * middle)
      }
    }
    let machine = try sketch.machine()
    var whole = Digester(memory: machine.memory, state: machine.paging)
    let expected = whole.digest(root: 0x1000)

    var combined = Digester(memory: machine.memory, state: machine.paging)
    #expect(combined.missingNodes(of: [0x1000]) == 20)
    var nodes = 0
    for index in 0..<count {
      var shard = Digester(memory: machine.memory, state: machine.paging)
      let share = shard.nodes(of: [0x1000], shard: index, of: count)
      nodes += share.count
      combined.load(share)
    }
    #expect(nodes == 20)
    #expect(combined.missingNodes(of: [0x1000]) == 0)
    #expect(combined.digest(root: 0x1000) == expected)
  }
}
