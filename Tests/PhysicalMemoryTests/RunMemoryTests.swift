import PhysicalMemory
import TestSupport
import Testing

/// What memory holds, found the slow way: the first segment in the list that has the byte.
private struct NaiveMemory {
  let bytes: [UInt8]
  let segments: [RunMemory.Segment]

  func byte(at address: UInt64) -> UInt8? {
    // No dump has memory at the last address, and sizes that reach it are cut.
    guard address != .max else { return nil }
    for segment in segments where address >= segment.run.start.rawValue {
      let offset = address - segment.run.start.rawValue
      guard offset < segment.run.byteCount else { continue }
      switch segment.source {
      case .zero: return 0
      case .mapping(let start):
        let (place, overflow) = start.addingReportingOverflow(offset)
        // What the file does not have, a later segment may.
        if !overflow, place < UInt64(bytes.count) { return bytes[Int(place)] }
      }
    }
    return nil
  }

  func word(at address: UInt64) -> UInt64? {
    var word: UInt64 = 0
    for index in UInt64(0)..<8 {
      let (place, overflow) = address.addingReportingOverflow(index)
      guard !overflow, let byte = byte(at: place) else { return nil }
      word |= UInt64(byte) << (index * 8)
    }
    return word
  }
}

@Suite struct RunMemoryTests {
  private static func mapping(_ bytes: [UInt8]) throws -> ByteMapping {
    let mapping = try ByteMapping.zeroed(count: bytes.count)
    for (index, byte) in bytes.enumerated() { mapping.store(byte, at: index) }
    return mapping
  }

  private static func segment(
    _ start: UInt64, _ count: UInt64, at offset: UInt64?
  ) -> RunMemory.Segment {
    RunMemory.Segment(
      start: PhysicalAddress(start), byteCount: count,
      source: offset.map { .mapping(offset: $0) } ?? .zero)
  }

  private static func address(_ value: UInt64) -> PhysicalAddress { PhysicalAddress(value) }

  @Test func aHoleIsNil() throws {
    let memory = RunMemory(
      try Self.mapping([1, 2, 3, 4]),
      [Self.segment(0x1000, 2, at: 0), Self.segment(0x3000, 2, at: 2)])
    #expect(memory.load(UInt16.self, at: Self.address(0x1000)) == 0x0201)
    #expect(memory.load(UInt16.self, at: Self.address(0x3000)) == 0x0403)
    for absent: UInt64 in [0, 0xfff, 0x1001, 0x1002, 0x2fff, 0x3001, 0x4000, .max] {
      #expect(memory.load(UInt16.self, at: Self.address(absent)) == nil)
    }
    #expect(memory.withBytes(at: Self.address(0x1000), count: 3) { _ in true } == nil)
    #expect(memory.byteCount == 4)
  }

  @Test func aLoadMayStraddleTwoSegments() throws {
    let memory = RunMemory(
      try Self.mapping([1, 2, 3, 4, 5, 6, 7, 8]),
      [Self.segment(0x1000, 4, at: 4), Self.segment(0x1004, 4, at: 0)])
    #expect(memory.load(UInt64.self, at: Self.address(0x1000)) == 0x0403_0201_0807_0605)
    #expect(memory.load(UInt32.self, at: Self.address(0x1003)) == 0x0302_0108)
    #expect(memory.load(UInt64.self, at: Self.address(0x1001)) == nil)
    #expect(memory.runs == [MemoryRun(start: Self.address(0x1000), byteCount: 8)])
  }

  @Test func aFrameInTwoPiecesIsHeld() throws {
    let bytes = try ByteMapping.zeroed(count: 8192)
    let pieces = [Self.segment(0x1000, 8, at: 4096), Self.segment(0x1008, 4088, at: 0)]
    #expect(RunMemory(bytes, pieces).holdsFrame(of: Self.address(0x1fff)))
    let short = [pieces[0], Self.segment(0x1008, 4087, at: 0)]
    #expect(!RunMemory(bytes, short).holdsFrame(of: Self.address(0x1000)))
    let late = [Self.segment(0x1001, 4095, at: 0)]
    #expect(!RunMemory(bytes, late).holdsFrame(of: Self.address(0x1000)))
  }

  @Test func neighboursInAddressAndFileShowAsOnePiece() throws {
    let memory = RunMemory(
      try Self.mapping([1, 2, 3, 4]),
      [Self.segment(0x1002, 2, at: 2), Self.segment(0x1000, 2, at: 0)])
    #expect(memory.withBytes(at: Self.address(0x1000), count: 4) { $0.byteCount } == 4)
  }

  @Test func whereSegmentsOverlapTheEarlierInTheListHolds() throws {
    let memory = RunMemory(
      try Self.mapping([1, 2, 3, 4, 5, 6, 7, 8]),
      [
        Self.segment(0x1002, 2, at: 0), Self.segment(0x1000, 8, at: 0),
        Self.segment(0x1006, 4, at: 4),
      ])
    #expect(memory.load(UInt64.self, at: Self.address(0x1000)) == 0x0807_0605_0201_0201)
    #expect(memory.load(UInt16.self, at: Self.address(0x1008)) == 0x0807)
    #expect(memory.runs == [MemoryRun(start: Self.address(0x1000), byteCount: 10)])
  }

  @Test func knownZerosAreMemoryWithoutBytes() throws {
    let memory = RunMemory(
      try ByteMapping.zeroed(count: 0), [Self.segment(0x1000, 1 << 40, at: nil)])
    #expect(memory.load(UInt64.self, at: Self.address(0x10_0000_0000)) == 0)
    #expect(memory.load(UInt8.self, at: Self.address(0xfff)) == nil)
    #expect(memory.load(UInt8.self, at: Self.address(0x1000 + 1 << 40)) == nil)
    #expect(memory.withBytes(at: Self.address(0x1000), count: 4096) { $0.byteCount } == 4096)
    #expect(memory.holdsFrame(of: Self.address(0x1000)))
    #expect(memory.knownZeroCount(at: Self.address(0x3000)) == (1 << 40) - 0x2000)
    #expect(memory.knownZeroCount(at: Self.address(0)) == 0)
  }

  @Test func segmentsOutsideTheMappingAreCut() throws {
    let memory = RunMemory(
      try Self.mapping([1, 2, 3, 4]),
      [
        Self.segment(0x1000, 100, at: 2), Self.segment(0x2000, 4, at: 4),
        Self.segment(0x3000, 4, at: .max), Self.segment(0x4000, 0, at: 0),
        Self.segment(0x5000, .max, at: 3),
      ])
    #expect(
      memory.runs == [
        MemoryRun(start: Self.address(0x1000), byteCount: 2),
        MemoryRun(start: Self.address(0x5000), byteCount: 1),
      ])
  }

  @Test func theEndOfTheAddressSpaceDoesNotWrap() throws {
    let memory = RunMemory(
      try Self.mapping([1, 2, 3, 4, 5, 6, 7, 8]),
      [Self.segment(.max - 4, 8, at: 0), Self.segment(0, 2, at: 6)])
    #expect(memory.load(UInt32.self, at: Self.address(.max - 4)) == 0x0403_0201)
    #expect(memory.load(UInt64.self, at: Self.address(.max - 4)) == nil)
    #expect(memory.load(UInt8.self, at: Self.address(.max)) == nil)
    #expect(memory.load(UInt16.self, at: Self.address(0)) == 0x0807)
    #expect(memory.load(UInt8.self, at: Self.address(2)) == nil)
    #expect(memory.load(UInt8.self, at: Self.address(0x8000_0000_0000_0000)) == nil)
  }

  @Test func noSegmentsAreNoMemory() throws {
    let memory = RunMemory(try ByteMapping.zeroed(count: 0), [])
    #expect(memory.runs == [])
    for address: UInt64 in [0, 1, 4096, .max] {
      #expect(memory.load(UInt8.self, at: Self.address(address)) == nil)
      #expect(memory.withBytes(at: Self.address(address), count: 0) { _ in true } == nil)
    }
  }

  @Test func moreSegmentsThanSlicesAreAllFound() throws {
    // 70 000 words at odd places, then one far away, which crowds all of them into one slice.
    let bytes = try ByteMapping.zeroed(count: 70_000 * 2)
    var segments = (0..<70_000).map { index in
      Self.segment(UInt64(index) * 24 + 5, 2, at: UInt64(index) * 2)
    }
    for index in 0..<70_000 { bytes.store(UInt16(truncatingIfNeeded: index), at: index * 2) }
    for far in [false, true] {
      if far { segments.append(Self.segment(1 << 60, 4096, at: nil)) }
      let memory = RunMemory(bytes, segments)
      #expect(memory.runs.count == segments.count)
      for index in stride(from: 0, to: 70_000, by: 7) {
        let start = UInt64(index) * 24 + 5
        let found = memory.load(UInt16.self, at: Self.address(start))
        guard found == UInt16(truncatingIfNeeded: index),
          memory.load(UInt8.self, at: Self.address(start - 1)) == nil,
          memory.load(UInt8.self, at: Self.address(start + 2)) == nil
        else {
          Issue.record("segment \(index): \(String(describing: found))")
          return
        }
      }
    }
  }

  @Test func aLookUpEqualsALinearSearch() throws {
    var random = SeededGenerator(seed: 20_261_120)
    var bytes: [UInt8] = []
    for _ in 0..<600 { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
    let mapping = try Self.mapping(bytes)
    for round in 0..<300 {
      // Some rounds crowd, some spread, some sit at the end of the address space.
      let spread = [UInt64(64), 4096, 1 << 20, 1 << 44, .max][round % 5]
      let segments = (0..<Int(random.next() % 24)).map { _ in
        let start = round % 11 == 10 ? UInt64.max - random.next() % 300 : random.next() % spread
        let limit: UInt64 = round % 7 == 0 ? .max : 90
        let count: UInt64 = random.next() % limit
        let isZero = random.next() % 4 == 0
        return Self.segment(start, count, at: isZero ? nil : random.next() % 640)
      }
      let memory = RunMemory(mapping, segments)
      let naive = NaiveMemory(bytes: bytes, segments: segments)
      for _ in 0..<150 {
        var address = random.next() % spread
        if let near = segments.randomElement(using: &random) {
          address = near.run.start.rawValue &+ random.next() % 120 &- 12
        }
        let found = memory.load(UInt64.self, at: Self.address(address))
        guard found == naive.word(at: address),
          memory.load(UInt8.self, at: Self.address(address)) == naive.byte(at: address)
        else {
          Issue.record("round \(round) at \(address.hex): \(String(describing: found))")
          return
        }
      }
      for (run, next) in zip(memory.runs, memory.runs.dropFirst()) {
        #expect(run.last.rawValue + 1 < next.start.rawValue, "round \(round)")
      }
    }
  }
}
