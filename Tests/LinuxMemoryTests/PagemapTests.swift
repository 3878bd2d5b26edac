import BitLayout
import LinuxMemory
import PhysicalMemory
import Testing

/// Words of `/proc/PID/pagemap`, and runs of them.
@Suite struct PagemapTests {
  @Test func layoutsTileTheWord() {
    for layout in [PagemapEntry.layout, PagemapEntry.swapLayout, PagemapEntry.oldLayout] {
      // The old format leaves no bit unused.
      #expect(layout.tiling == (0, 0))
    }
  }

  /// The words of the well-known forum answer, from a kernel before 4.2: page shift 12.
  @Test func theOldFormatHasThePageShift() {
    let entry = PagemapEntry(rawValue: 0x8600_0000_000f_d5fa)
    #expect(entry.isPresent && entry.frame == PhysicalAddress(0xfd5f_a000))
    #expect(PagemapEntry.pageShift.value(in: entry.rawValue) == 12)
    let absent = PagemapEntry(rawValue: 0x0600_0000_0000_0000)
    #expect(!absent.isPresent && !absent.isSwapped && absent.frame == nil)
  }

  @Test func aFrameThatWasWithheldIsNotFrameZero() {
    let entry = PagemapEntry(rawValue: 0x8180_0000_0000_0000)
    #expect(entry.isPresent && entry.frame == nil)
  }

  @Test func flagsAreThoseOfTheVersion() {
    func names(_ version: LinuxVersion) -> [String] {
      PagemapFormat(version).flags.map { String(describing: $0.name) }
    }
    #expect(names(LinuxVersion(3, 10)) == ["file"])
    #expect(names(LinuxVersion(3, 11)) == ["soft_dirty", "file"])
    #expect(names(LinuxVersion(4, 2)) == ["soft_dirty", "file", "exclusive"])
    #expect(names(LinuxVersion(6, 1)) == ["soft_dirty", "file", "exclusive", "uffd_wp"])
    #expect(names(LinuxVersion(6, 15)).contains("guard"))
  }

  private static func run(_ address: UInt64, _ count: UInt64, _ word: UInt64?, _ step: UInt64)
    -> PagemapRun
  {
    PagemapRun(
      address: address, pageCount: count, entry: word.map(PagemapEntry.init(rawValue:)), step: step)
  }

  @Test func runsJoinWhereTheyContinueEachOther() {
    var joined = PagemapCoalescer()
    let present: UInt64 = 1 << 63
    joined.add(Self.run(0x1000, 1, present | 5, 1))
    joined.add(Self.run(0x2000, 1, present | 6, 1))
    joined.add(Self.run(0x3000, 2, present | 7, 1))
    joined.add(Self.run(0x5000, 1, present | 8, 1))  // the same frame again
    joined.add(Self.run(0x6000, 3, 0, 0))
    joined.add(Self.run(0x9000, 1, 0, 0))
    joined.add(Self.run(0xa000, 1, nil, 0))
    joined.add(Self.run(0xb000, 2, nil, 0))
    joined.add(Self.run(0xe000, 1, nil, 0))  // not adjacent
    #expect(
      joined.finish() == [
        Self.run(0x1000, 4, present | 5, 1), Self.run(0x5000, 1, present | 8, 1),
        Self.run(0x6000, 4, 0, 0), Self.run(0xa000, 3, nil, 0), Self.run(0xe000, 1, nil, 0),
      ])
    #expect(joined.finish() == [])
  }

  @Test func coverageIsCountedPieceByPiece() {
    var coverage = CoverageCount()
    coverage.add(10, count: 10)
    coverage.add(15, count: 10)
    coverage.add(30, count: 0)
    coverage.add(UInt64.max, count: 2)
    let table = coverage.table()
    #expect(table.value(at: 9).value == nil && table.value(at: 9).end == 10)
    #expect(table.value(at: 10).value == 1 && table.value(at: 10).end == 15)
    #expect(table.value(at: 19).value == 2 && table.value(at: 20).value == 1)
    #expect(table.value(at: 25).value == nil && table.value(at: 25).end == UInt64.max)
  }
}
