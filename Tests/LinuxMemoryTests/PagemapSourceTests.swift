import LinuxMemory
import Testing

/// Words of pagemap from files and from running processes.
@Suite struct PagemapSourceTests {
  private static let heap = MemoryAreas([
    MemoryArea(start: 0x1000, end: 0x3000, flags: [.read]),
    MemoryArea(start: 0x8000, end: 0x9000, flags: [.read]),
  ])

  private static func bytes(_ words: [UInt64]) -> [UInt8] {
    words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
  }

  private static func read(
    _ source: some PagemapSource, _ range: ClosedRange<UInt64>
  ) throws -> [(area: UInt64?, run: PagemapRun)] {
    var found: [(area: UInt64?, run: PagemapRun)] = []
    try source.read(in: range) { area, piece in
      found.append((area?.start, piece.run))
      return true
    }
    return found
  }

  @Test func asManyWordsAsPagesAreThoseOfTheAreas() throws {
    let source = try CapturedPagemap(
      bytes: Self.bytes([1 << 63 | 5, 1 << 63 | 6, 7]), start: nil, areas: Self.heap)
    let found = try Self.read(source, 0...UInt64.max)
    #expect(found.map(\.area) == [0x1000, 0x8000])
    #expect(found.map(\.run.pageCount) == [2, 1])
    #expect(found.map(\.run.entry?.rawValue) == [1 << 63 | 5, 7])
    #expect(found[0].run.step == 1)
  }

  @Test func otherwiseTheyAreThoseFromAddressZeroOrTheStart() throws {
    let words = Self.bytes([10, 11, 12, 13])
    let whole = try CapturedPagemap(bytes: words, start: nil, areas: Self.heap)
    #expect(try Self.read(whole, 0x1000...0x1fff).first?.run.entry?.rawValue == 11)
    let part = try CapturedPagemap(bytes: words, start: 0x7000, areas: Self.heap)
    #expect(try Self.read(part, 0x8123...0x8123).first?.run.entry?.rawValue == 11)
    // What the words are not about is unknown, not absent.
    let before = try Self.read(part, 0x1000...0x2fff)
    #expect(before.map(\.run.entry) == [nil] && before.map(\.run.pageCount) == [2])
    #expect(part.extent == 0x7000...0xafff)
  }

  @Test func onePageIsAnsweredEvenWithoutAnArea() throws {
    let source = CapturedPagemap([1, 2], .from(0x5000), areas: Self.heap)
    let found = try Self.read(source, 0x6abc...0x6abc)
    #expect(found.map(\.area) == [nil] && found.map(\.run.address) == [0x6000])
    #expect(try Self.read(source, 0x5000...0x6fff).isEmpty)
  }

  /// Nothing is printed for words of which nobody says the pages.
  private static let placeless: [([UInt64], UInt64?, Bool)] = [
    ([], nil, false), ([1, 2], nil, true), ([1, 2], 0xffff_ffff_ffff_e000, true),
  ]

  @Test(arguments: placeless)
  func wordsOfNoPageAreRefused(words: [UInt64], start: UInt64?, isAboutPlace: Bool) {
    let far = MemoryAreas([MemoryArea(start: 0x10_0000, end: 0x10_3000, flags: [.read])])
    let problem = #expect(throws: CapturedPagemap.Problem.self) {
      try CapturedPagemap(bytes: Self.bytes(words), start: start, areas: far)
    }
    #expect(problem?.isAboutPlace == isAboutPlace)
  }

  @Test func theLastPageOfAllHasAnAnswer() throws {
    let source = CapturedPagemap([1, 2], .from(0x1000))
    let found = try Self.read(source, UInt64.max...UInt64.max)
    #expect(found.map(\.run.address) == [UInt64.max - 0xfff] && found[0].run.entry == nil)
  }

  @Test func halfWordsAreRefusedWithTheReason() {
    let problem = #expect(throws: CapturedPagemap.Problem.self) {
      try CapturedPagemap(bytes: [1, 2, 3, 4], start: nil, areas: Self.heap)
    }
    #expect(problem?.description.contains("unsigned long") == true)
  }

  /// Captures that lie about their place end; they do not trap or run for ever.
  @Test(arguments: [0, 0xfff, UInt64.max, UInt64.max - 0xfff]) func oddStartsAreSurvived(
    start: UInt64
  ) throws {
    let source = CapturedPagemap([1, 2], .from(start))
    for range in [0...0, 0...UInt64.max, UInt64.max...UInt64.max] as [ClosedRange<UInt64>] {
      _ = try Self.read(source, range)
    }
    _ = source.extent
  }

  private static let formats: [(LinuxVersion?, [UInt64], Bool)] = [
    (LinuxVersion(4, 1), [0x8600_0000_0000_0005], true),
    (LinuxVersion(4, 1), [0x8080_0000_0000_0005, 0], false),
    (LinuxVersion(3, 2), [], true), (LinuxVersion(4, 2), [0x8600_0000_0000_0005], false),
    (nil, [0x8600_0000_0000_0005, 0x0600_0000_0000_0000], true), (nil, [], false),
    (nil, [0x8600_0000_0000_0005, 0], false),
  ]

  @Test(arguments: formats) func theWordsTellWhatTheVersionLeavesOpen(
    version: LinuxVersion?, words: [UInt64], hasPageShift: Bool
  ) {
    #expect(PagemapFormat(version, words: words).hasPageShift == hasPageShift)
  }

  /// This very process: all pages are given, each once, and a touched page is in memory.
  @Test(arguments: [true, false]) func aRunningProcessIsRead(mayScan: Bool) throws {
    let source = try LivePagemap("self", mayScan: mayScan)
    #expect(source.version != nil && source.name != nil)
    if !mayScan { #expect(!source.scans) }
    var present: UInt64 = 0
    for area in source.areas.areas.prefix(64) where area.end - area.start < 1 << 30 {
      var next = area.start
      try source.read(area) { piece in
        #expect(piece.run.address == next)
        next += piece.run.pageCount << source.pageShift
        if piece.run.entry?.isPresent == true { present += piece.run.pageCount }
        return true
      }
      #expect(next == area.end)
    }
    #expect(present > 0)
  }
}
