import Machine
import ReverseMap
import TestSupport
import Testing

/// How many bytes an index takes: eight for each mapping and for each table, whatever the tables look like.
@Suite struct IndexSizeTests {
  /// Header, checksum, the end of the directory, and the root.
  private static let fixed: UInt64 = 220

  private func index(_ sketch: TableSketch, spaces: [UInt64] = []) throws -> ReverseIndex {
    try IndexCache(.none).index(of: sketch.machine(further: spaces), from: nil)
  }

  /// 512 page tables at 0x1_0000, with `count` pages each, the frames `step` bytes apart.
  private func tables(pages count: UInt64, from first: UInt64, step: UInt64) -> TableSketch {
    var sketch = TableSketch.onePage()
    for table in 0..<512 as Range<UInt64> {
      let place = 0x1_0000 + table << 12
      sketch.put(place | 7, in: 0x3000, at: table)
      for page in 0..<count {
        sketch.put((first + (table * count + page) * step) | 7, in: place, at: page)
      }
    }
    return sketch
  }

  @Test(arguments: [
    (pages: 512 as UInt64, first: 0x5000 as UInt64, step: 0 as UInt64),
    // One page a table is as sparse as tables can be.
    (1, 0x5000, 0), (1, 0x21_0000, 0x1000), (8, 0x10_0000, 0x100),
    // Frames that the image does not hold, near each other.
    (512, 0x1_0000_0000, 0x1000), (1, 0x1_0000_0000, 0x1000),
  ])
  func mappingsAndTablesAreEightBytesEach(pages: UInt64, first: UInt64, step: UInt64) throws {
    let index = try index(tables(pages: pages, from: first, step: step))
    #expect(index.pageCount == 512 * pages)
    #expect(index.tableCount == 515)
    // A checksum for 64 KiB, and a bucket for 64 pages.
    let directory = index.pageCount / 64 + index.byteCount / (1 << 16) + 1
    #expect(index.byteCount <= 8 * (index.pageCount + index.tableCount + directory) + Self.fixed)
  }

  @Test func aSmallIndexHasNoLargeDirectory() throws {
    let index = try index(.onePage())
    #expect(index.pageCount == 1)
    #expect(index.byteCount < 256)
  }

  @Test func farFramesCostTwoWordsAStretch() throws {
    // Each frame in a stretch of 2 GiB of its own.
    let index = try index(tables(pages: 1, from: 1 << 32, step: 1 << 31))
    #expect(index.byteCount <= (8 + 16) * 512 + 8 * index.tableCount + Self.fixed)
  }

  @Test func aTableOfSeveralSpacesCostsAWordForEach() throws {
    // 200 top tables lead to one and the same kernel half: more than the word of a table can count.
    var sketch = TableSketch.onePage()
    sketch.put(0x2000 | 7, in: 0x1000, at: 256)
    let roots = (0..<200 as Range<UInt64>).map { 0x10_0000 + $0 << 12 }
    for root in roots { sketch.put(0x2000 | 7, in: root, at: 256) }
    let machine = try sketch.machine(further: roots)
    let index = try IndexCache(.none).index(of: machine, from: nil)
    #expect(index.tableCount == 204)
    #expect(index.byteCount <= 8 * (204 + 200 + 8) + 201 * 16 + Self.fixed)
    var sharers: [Int] = []
    try ReverseMap(machine, index).mappings(of: 0x5000...0x5fff) {
      sharers.append($0.sharers)
      return true
    }
    // The lower half of the first, and the upper one of all.
    #expect(sharers == [1, 201])
  }
}
