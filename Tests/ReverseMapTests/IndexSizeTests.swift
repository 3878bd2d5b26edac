import Machine
import Paging
import PhysicalMemory
import ReverseMap
import TestSupport
import Testing

/// How many bytes an index takes: eight for each mapping and for each table, and where that is more than
/// sixteen for each mapping, less.
@Suite struct IndexSizeTests {
  /// Header, checksum, the end of the directory, and the root.
  private static let fixed: UInt64 = 240

  private func index(_ sketch: TableSketch, _ form: IndexBuilder.Form?) throws -> ReverseIndex {
    try ReverseMapTests.index(sketch.machine(), form)
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
    let index = try index(tables(pages: pages, from: first, step: step), .graph)
    #expect(index.pageCount == 512 * pages)
    #expect(index.tableCount == 515)
    // A checksum for 64 KiB, and a bucket for 64 pages.
    let directory = index.pageCount / 64 + index.byteCount / (1 << 16) + 1
    #expect(index.byteCount <= 8 * (index.pageCount + index.tableCount + directory) + Self.fixed)
  }

  @Test func aSmallIndexHasNoLargeDirectory() throws {
    let index = try index(.onePage(), nil)
    #expect(index.pageCount == 1)
    #expect(index.tableCount == 4)
    #expect(index.byteCount < 256)
  }

  @Test func farFramesCostTwoWordsAStretch() throws {
    // Each frame in a stretch of 2 GiB of its own.
    let index = try index(tables(pages: 1, from: 1 << 32, step: 1 << 31), .graph)
    #expect(index.byteCount <= (8 + 16) * 512 + 8 * index.tableCount + Self.fixed)
  }

  @Test func aTableOfSeveralSpacesCostsAWordForEach() throws {
    // 200 top tables lead to one and the same kernel half: more than the word of a table can count.
    var sketch = TableSketch.onePage()
    sketch.put(0x2000 | 7, in: 0x1000, at: 256)
    let roots = (0..<200 as Range<UInt64>).map { 0x10_0000 + $0 << 12 }
    for root in roots { sketch.put(0x2000 | 7, in: root, at: 256) }
    let machine = try sketch.machine(further: roots)
    let index = try ReverseMapTests.index(machine, .graph)
    #expect(index.tableCount == 204)
    #expect(index.byteCount <= 8 * (204 + 200 + 8) + 201 * 16 + Self.fixed)
    // The lower half of the first, and the upper one of all: two mappings.
    let law = try ReverseMapTests.index(machine)
    #expect(law.isList && law.byteCount <= 256 + 2 * 16)
    for index in [index, law] {
      let found = try ReverseMapTests.mappings(ReverseMap(machine, index), of: 0x5000...0x5fff)
      #expect(found.map(\.sharers) == [1, 201])
    }
  }

  /// 16 bytes for each mapping and 256 for the header, whatever the tables look like; and a list says what a
  /// graph says, in the same order.
  @Test(arguments: SparseSpaces.states.indices, SparseSpaces.Kind.allCases)
  func noIndexTakesMoreThanSixteenBytesAMapping(state: Int, kind: SparseSpaces.Kind) throws {
    let state = SparseSpaces.states[state]
    var lists = 0
    for (count, seed) in [(1, 1), (2, 2), (5, 3), (20, 4), (60, 5)] as [(Int, UInt64)] {
      let machine = try SparseSpaces.machine(state, kind, count: count, seed: seed)
      let comment: Comment = "\(state.mode.rawValue), \(kind) of \(count), seed \(seed)"
      lists += try check(machine, comment) ? 1 : 0
    }
    // Pages side by side fill tables well enough, mostly.
    let isDense = kind == .clusters
    #expect(lists > 0 || isDense, "no image of \(state.mode.rawValue) with \(kind) is sparse")
  }

  @Test func thousandsOfMappingsAreListedToo() throws {
    let state = PagingState(mode: .x86_64, cr3: 0)
    let machine = try SparseSpaces.machine(state, .chains, count: 3000, seed: 6)
    #expect(try check(machine, "chains of 3000, seed 6"))
  }

  /// Whether the index is a list, after a look at its size and its answers.
  private func check(_ machine: Machine, _ comment: Comment) throws -> Bool {
    let expected = PlainMapping.all(machine)
    let counts = ReverseMapTests.counts(expected, machine.paging.mode)
    let index = try ReverseMapTests.index(machine)
    #expect(index.byteCount <= 256 + 16 * UInt64(counts.count), comment)
    let right = try ReverseMap(machine, index)
    let expanded = try ReverseMapTests.mappings(right, expanding: true)
    #expect(expanded.map(ReverseMapTests.plain).sorted() == expected.sorted(), comment)
    let found = try ReverseMapTests.mappings(right)
    #expect(found.count == counts.count, comment)
    for form in IndexDamageTests.forms {
      let other = try ReverseMapTests.map(machine, form)
      #expect(try ReverseMapTests.mappings(other, expanding: true) == expanded, comment)
      #expect(try ReverseMapTests.mappings(other) == found, comment)
      #expect(try ReverseMapTests.shared(other) == ReverseMapTests.shared(right), comment)
      for mapping in found.prefix(30) {
        let last = mapping.physical.rawValue + (mapping.pageSize - 1)
        let places = try ReverseMapTests.mappings(other, of: last...last).map(\.address)
        let inside = mapping.address.rawValue &+ (mapping.pageSize - 1)
        #expect(places.contains { $0.rawValue == inside }, comment)
      }
    }
    return index.isList
  }

  /// Ways without end through tables that lead to each other, in the upper half of the second of two
  /// address spaces, which may be what the first one has; and as many of the first one.
  @Test(arguments: [0, 1])
  func imagesOfWaysWithoutEndHaveGraphs(space: Int) throws {
    var sketch = TableSketch()
    sketch.put(0x2000 | 7, in: space == 0 ? 0x1000 : 0x10_0000, at: 256)
    for (table, next) in [(0x2000, 0x3000), (0x3000, 0x4000), (0x4000, 0x5000)]
      as [(UInt64, UInt64)]
    {
      for index in 0..<512 as Range<UInt64> { sketch.put(next | 7, in: table, at: index) }
    }
    let index = try ReverseMapTests.index(sketch.machine(further: [0x10_0000]))
    #expect(!index.isList && index.tableCount == 5)
  }
}
