import PhysicalMemory
import TestSupport
import Testing

/// A search finds what looking at every place finds.
@Suite struct MemorySearchTests {
  /// Memory whose stretches touch, lie apart, are known zeros, and lie elsewhere in the file.
  private static func memory(_ random: inout SeededGenerator) throws -> RunMemory {
    let bytes = try ByteMapping.zeroed(count: 6 * 4096)
    for offset in 0..<bytes.count where random.chance(3) {
      bytes.store(UInt8(truncatingIfNeeded: random.next() % 3), at: offset)
    }
    func segment(_ start: UInt64, _ count: UInt64, _ offset: UInt64) -> RunMemory.Segment {
      RunMemory.Segment(
        start: PhysicalAddress(start), byteCount: count, source: .mapping(offset: offset))
    }
    return RunMemory(
      bytes,
      [
        segment(0x1000, 0x1000, 0x3000), segment(0x2000, 0x1800, 0x1000),
        segment(0x3800, 0x10, 0x10),
        RunMemory.Segment(start: PhysicalAddress(0x3810), byteCount: 0x20_0000, source: .zero),
        segment(0x20_3810, 0x7f0, 0x40),
        RunMemory.Segment(start: PhysicalAddress(0x20_4000), byteCount: 0x1000, source: .zero),
        segment(0x20_5000, 0x800, 0x2000),
        RunMemory.Segment(start: PhysicalAddress(0x20_5800), byteCount: 0x28, source: .zero),
        segment(0x20_5828, 0x200, 0x100), segment(0x30_0000, 0x1234, 0),
      ])
  }

  private static func plain(
    _ memory: RunMemory, _ pattern: [UInt8?], _ range: ClosedRange<UInt64>
  ) -> [UInt64] {
    memory.runs.flatMap { run in
      let bytes = memory.bytes(at: run.start, count: Int(run.byteCount))
      return bytes.indices.filter { index in
        guard index + pattern.count <= bytes.count,
          range.contains(run.start.rawValue + UInt64(index)),
          range.contains(run.start.rawValue + UInt64(index + pattern.count - 1))
        else { return false }
        return pattern.indices.allSatisfy { pattern[$0] == nil || pattern[$0] == bytes[index + $0] }
      }.map { run.start.rawValue + UInt64($0) }
    }
  }

  private static func found(
    _ memory: RunMemory, _ pattern: [UInt8?], _ range: ClosedRange<UInt64> = 0...UInt64.max
  ) throws -> [UInt64] {
    var found: [UInt64] = []
    MemorySearch(try BytePattern(pattern)).run(memory, in: range) {
      found.append($0.rawValue)
      return true
    }
    return found
  }

  @Test func placesAreThoseOfPlainLooking() throws {
    var random = SeededGenerator(seed: 21)
    let memory = try Self.memory(&random)
    var total = 0
    for _ in 0..<30 {
      // Never all zeros, of which there are millions of places.
      var pattern = (0..<Int(random.next() % 9 + 1)).map { _ -> UInt8? in
        random.chance(4) ? nil : UInt8(random.next() % 3)
      }
      pattern[Int(random.next() % UInt64(pattern.count))] = UInt8(random.next() % 2 + 1)
      let expected = Self.plain(memory, pattern, 0...UInt64.max)
      #expect(try Self.found(memory, pattern) == expected, "\(pattern)")
      total += expected.count
    }
    #expect(total > 1000)
  }

  @Test func placesAreFoundAcrossFramesBlocksAndKnownZeros() throws {
    let bytes = try ByteMapping.zeroed(count: 1 << 20)
    for start in [4094, 0x3_fffe, 0x4_0ffe, 0x7_ffff] {
      bytes.store(Array("needle".utf8), at: start)
    }
    let memory = FlatMemory(bytes, base: PhysicalAddress(0x1000))
    var found: [UInt64] = []
    MemorySearch(try BytePattern(text: "needle")).run(memory) {
      found.append($0.rawValue - 0x1000)
      return true
    }
    #expect(found == [4094, 0x3_fffe, 0x4_0ffe, 0x7_ffff])
  }

  @Test func aRangeHoldsAllOfAPlace() throws {
    var random = SeededGenerator(seed: 22)
    let memory = try Self.memory(&random)
    let pattern: [UInt8?] = [1, nil, 2]
    for _ in 0..<20 {
      let first = random.next() % 0x4000
      let range = first...(first + random.next() % 0x1000)
      #expect(try Self.found(memory, pattern, range) == Self.plain(memory, pattern, range))
    }
  }

  @Test func zerosAreFoundAmongKnownZeros() throws {
    let memory = RunMemory(
      try ByteMapping.zeroed(count: 0),
      [RunMemory.Segment(start: PhysicalAddress(0x1000), byteCount: 0x10_0000, source: .zero)])
    #expect(try Self.found(memory, [0, 0]).count == 0xf_ffff)
    #expect(try Self.found(memory, [0, nil, 1]) == [])
  }

  @Test func memoryThatEndsTheAddressSpaceEndsTheSearch() throws {
    let bytes = try ByteMapping.zeroed(count: 8192)
    bytes.store([7, 8], at: 8189)
    let memory = RunMemory(
      bytes,
      [
        RunMemory.Segment(
          start: PhysicalAddress(UInt64.max - 8191), byteCount: 8191, source: .mapping(offset: 0))
      ])
    #expect(try Self.found(memory, [7, 8]) == [UInt64.max - 2])
  }

  @Test(
    arguments: [
      ("4d5a", [0x4d, 0x5a]), ("4D 5a ?? 00", [0x4d, 0x5a, nil, 0]), ("00", [0]),
    ] as [(String, [UInt8?])])
  func patternsAreRead(text: String, bytes: [UInt8?]) throws {
    #expect(try BytePattern(hex: text).bytes == bytes)
  }

  @Test(arguments: [
    "", "4", "4d5", "??", "0x4d", "4d ?5", "zz", String(repeating: "00", count: 257),
  ])
  func whatIsNoPatternIsRefused(text: String) {
    #expect(throws: BytePattern.Problem.self) { try BytePattern(hex: text) }
  }

  @Test func textIsUTF8OrUTF16() throws {
    #expect(try BytePattern(text: "é").bytes == [0xc3, 0xa9])
    #expect(try BytePattern(utf16: "é€").bytes == [0xe9, 0, 0xac, 0x20])
  }
}
