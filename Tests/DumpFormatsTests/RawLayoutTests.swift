import DumpFormats
import PhysicalMemory
import Testing

@Suite struct RawLayoutTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Ten frames, each of which begins with its number.
  private func open(_ layout: RawLayout) throws -> DumpFile {
    var bytes = [UInt8](repeating: 0, count: 10 * 4096)
    for frame in 0..<10 { bytes[frame * 4096] = UInt8(frame) }
    return try DumpFile.open(folder.write(bytes), layout: layout)
  }

  private func frames(_ dump: DumpFile, _ addresses: [UInt64]) -> [UInt8?] {
    addresses.map { dump.memory.load(UInt8.self, at: PhysicalAddress($0)) }
  }

  @Test func bytesInAHoleAreNoMemory() throws {
    let dump = try open(RawLayout(holes: [0x2000...0x3fff, 0x9800...0xf_ffff]))
    #expect(
      dump.memory.runs == [
        MemoryRun(start: PhysicalAddress(0), byteCount: 0x2000),
        MemoryRun(start: PhysicalAddress(0x4000), byteCount: 0x5800),
      ])
    #expect(frames(dump, [0x1000, 0x2000, 0x3000, 0x4000, 0x9000]) == [1, nil, nil, 4, 9])
  }

  @Test func behindASkippedRangeTheImageGoesOn() throws {
    let dump = try open(
      RawLayout(
        base: PhysicalAddress(0x1000), holes: [0x10_1000...0x10_1fff], skips: [0x4000...0xf_ffff]))
    #expect(
      frames(dump, [0x0, 0x1000, 0x3000, 0x4000, 0x10_0000, 0x10_1000, 0x10_2000, 0x10_6000])
        == [nil, 0, 2, nil, 3, nil, 5, 9])
    #expect(frames(dump, [0x10_7000]) == [nil])
  }

  @Test func layoutsThatCannotBeAreRefused() throws {
    let cases: [(RawLayout, String)] = [
      (RawLayout(holes: [0...1, 1...2]), "holes overlap: 0x0..0x1 and 0x1..0x2"),
      (RawLayout(base: PhysicalAddress(8), skips: [8...9]), "which is not behind its first byte"),
      (RawLayout(skips: [8...9, 5...8]), "ranges that the image skips overlap"),
    ]
    for (layout, expected) in cases {
      #expect(layout.problem?.contains(expected) == true)
      let error = try dumpError { _ = try open(layout) }
      #expect(error.description.contains(expected))
    }
  }

  @Test func rangesAtTheEndOfTheAddressSpaceDoNotWrap() throws {
    let end = UInt64.max
    #expect(try open(RawLayout(skips: [0x1000...end])).memory.byteCount == 0x1000)
    #expect(try open(RawLayout(holes: [0x1000...end])).memory.byteCount == 0x1000)
    #expect(try open(RawLayout(holes: [0...end])).memory.runs == [])
    #expect(try open(RawLayout(skips: [0x1000...(end - 0x1000)])).memory.byteCount == 0x1fff)
  }
}
