import Paging
import PhysicalMemory
import TestSupport
import Testing
import WindowsMemory

/// Counts of entries by what they mean.
@Suite struct CensusTests {
  @Test func everyEntryIsCountedOnce() throws {
    var sketch = WindowsSketch(.x86_64)
    let entries: [(UInt64, PTEState)] = [
      (0x1234_5025, .valid), (0x80, .demandZero), (0x220, .demandZero), (0x200, .decommitted),
      (0x300, .noAccess), (0x1234_5860, .transition), (0x777_0000_1084, .pageFile),
      (0xf8a0_0123_4568_0400, .prototype), (0xffff_ffff_0000_0480, .prototypeVAD),
      (0xffff_ffff_f000, .freed),
    ]
    for (index, entry) in entries.enumerated() { sketch.setUser(UInt64(index) << 12, entry.0) }
    let system = try sketch.system("windows-19041.508")
    let census = system.decoder.census(
      of: sketch.paging, in: try sketch.memory, 0...0x7fff_ffff_ffff)
    let expected = Dictionary(entries.map { ($0.1, 1 as UInt64) }, uniquingKeysWith: +)
    for state in PTEState.allCases where state != .zero {
      #expect(census.count(of: state) == expected[state] ?? 0, "\(state)")
    }
    // The rest of the page table, and of the three tables above it for these addresses.
    #expect(census.count(of: .zero) == UInt64(512 - entries.count + 511 + 511 + 255))
  }

  @Test(
    arguments: [
      ("windows-2600.6419", PagingMode.x86, 0, nil), ("windows-7601.17514", .x86_64, 0, nil),
      ("windows-9600.19269", .pae, 1 << 35, nil), ("windows-19041.508", .x86_64, 1 << 45, 2),
      ("windows-19041.508", .x86_64, 0, 0), ("windows-28000", .x86_64, 1 << 45, 15),
    ] as [(String, PagingMode, UInt64, UInt64?)])
  func theCountsAreThoseOfTheReadings(
    name: String, mode: PagingMode, mask: UInt64, store: UInt64?
  ) throws {
    for seed in 1...50 as ClosedRange<UInt64> {
      var random = SeededGenerator(seed: seed)
      var sketch = WindowsSketch(mode)
      var system = try sketch.system(name, mask: mask)
      system.virtualStore = store
      var expected: [PTEState: UInt64] = [:]
      for page in 0..<512 as Range<UInt64> {
        // Few bits, so that all states come up; the upper half all ones for sentinels.
        var entry = random.next() & random.next() & random.next() & ~1
        if random.chance(8) { entry |= 0xffff_ffff_0000_0000 }
        if random.chance(8) { entry &= 0xffff }
        if mode == .x86 { entry &= 0xffff_ffff }
        sketch.setUser(page << 12, entry)
        expected[system.decoder.reading(of: entry).state, default: 0] += 1
      }
      let census = system.decoder.census(of: sketch.paging, in: try sketch.memory, 0...0x1f_ffff)
      for state in PTEState.allCases {
        #expect(census.count(of: state) == expected[state] ?? 0, "\(state), seed \(seed)")
      }
    }
  }

  @Test func aTableThatLeadsToItselfEnds() throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.setEntry(WindowsSketch.root | 0x63, in: WindowsSketch.root, 0x1ed)
    let system = try sketch.system("windows-7601.17514")
    let census = system.decoder.census(of: sketch.paging, in: try sketch.memory)
    #expect(census.count(of: .valid) > 256)
    #expect(census.missing == 0)
  }

  @Test func whatTheImageLacksIsCountedApart() throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.removeFrame(WindowsSketch.userTable)
    let system = try sketch.system("windows-19041.508")
    let census = system.decoder.census(
      of: sketch.paging, in: try sketch.memory, 0...0x7fff_ffff_ffff)
    #expect(census.missing == 512)
    #expect(census.count(of: .valid) == 0)
  }
}
