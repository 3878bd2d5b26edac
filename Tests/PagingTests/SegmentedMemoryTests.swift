import Paging
import PhysicalMemory
import TestSupport
import Testing

/// Walks do not depend on how the memory that holds the tables is cut up.
@Suite struct SegmentedMemoryTests {
  static let seed: UInt64 = 0x7365_676d

  /// Segments in shuffled order, some of them absent, cut at any byte or at frames only.
  private struct Cut {
    var memory: RunMemory
    /// What each byte should be: its place in the image, or nil where it is absent.
    var isPresent: [Bool]

    init(_ image: TestImage, atFrames: Bool, _ random: inout SeededGenerator) throws {
      let count = image.bytes.count
      let unit = atFrames ? 4096 : 1
      var edges: Set<Int> = [0, count]
      for _ in 0..<40 { edges.insert(Int(random.next() % UInt64(count / unit)) * unit) }
      let sorted = edges.sorted()
      let file = try ByteMapping.zeroed(count: count + 64)
      var segments: [RunMemory.Segment] = []
      isPresent = [Bool](repeating: true, count: count)
      // An odd start in the file, as headers leave it.
      var offset = 7
      for (start, end) in zip(sorted, sorted.dropFirst()).shuffled(using: &random) {
        if random.chance(8) {
          for byte in start..<end { isPresent[byte] = false }
          continue
        }
        _ = image.bytes.withBytes(at: UInt64(start), count: end - start) {
          file.store($0, at: offset)
        }
        segments.append(
          RunMemory.Segment(
            start: PhysicalAddress(UInt64(start)), byteCount: UInt64(end - start),
            source: .mapping(offset: UInt64(offset))))
        offset += end - start
      }
      memory = RunMemory(file, segments)
    }
  }

  @Test(arguments: [false, true])
  func everyLoadGivesTheBytesOfTheImageOrNothing(atFrames: Bool) throws {
    var random = SeededGenerator(seed: Self.seed)
    let processor = ReferenceProcessor(mode: .fourLevel)
    let image = try TestImage(frames: 16)
    image.fillWithTables(for: processor, &random)
    let cut = try Cut(image, atFrames: atFrames, &random)
    for _ in 0..<20_000 {
      let address = random.next() % UInt64(image.bytes.count + 16)
      let expected = image.bytes.load(UInt64.self, at: address).flatMap { word in
        cut.isPresent[Int(address)..<Int(address) + 8].allSatisfy(\.self) ? word : nil
      }
      let got = cut.memory.load(UInt64.self, at: PhysicalAddress(address))
      if got != expected {
        Issue.record("seed \(Self.seed), 0x\(String(address, radix: 16))")
        return
      }
    }
    for address in [UInt64.max, UInt64.max - 7, 1 << 63] {
      #expect(cut.memory.load(UInt64.self, at: PhysicalAddress(address)) == nil)
    }
  }

  @Test(arguments: ReferenceProcessor.Mode.allCases, [false, true])
  func walksOverSegmentsAreThoseOfTheManual(
    mode: ReferenceProcessor.Mode, atFrames: Bool
  ) throws {
    var random = SeededGenerator(seed: Self.seed)
    var processor = ReferenceProcessor(mode: mode)
    let image = try TestImage(frames: 16)
    image.fillWithTables(for: processor, &random)
    let cut = try Cut(image, atFrames: atFrames, &random)
    func read(_ address: UInt64) -> UInt64? {
      guard let word = image.read(address, of: processor) else { return nil }
      let bytes = Int(address)..<Int(address + processor.entrySize)
      return cut.isPresent[bytes].allSatisfy(\.self) ? word : nil
    }
    for _ in 0..<500 {
      processor.cr3 = randomRoot(for: processor, &random)
      let address = randomAddress(in: mode, &random)
      let expected = processor.walk(address, read: read)
      let got = processor.state.walk(VirtualAddress(address), in: .runs(cut.memory)).result
      if ReferenceProcessor.Answer(got) != expected {
        Issue.record("seed \(Self.seed), \(processor): \(expected), not \(got)")
        return
      }
    }
  }

  /// Known zeros are entries with P=0; absent bytes are missing.
  @Test func zerosThatAreKnownAreNotMissing() throws {
    let bytes = try ByteMapping.zeroed(count: 0)
    let memory = RunMemory(
      bytes, [RunMemory.Segment(start: PhysicalAddress(0x1000), byteCount: 4096, source: .zero)])
    let state = PagingState(mode: .x86_64, cr3: 0x1000)
    #expect(state.walk(VirtualAddress(0), in: .runs(memory)).result.outcome == .notPresent)
    let beyond = PagingState(mode: .x86_64, cr3: 0x2000)
    #expect(beyond.walk(VirtualAddress(0), in: .runs(memory)).result.outcome == .missing)
  }
}
