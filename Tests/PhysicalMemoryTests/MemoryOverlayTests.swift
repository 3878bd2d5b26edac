import PhysicalMemory
import TestSupport
import Testing

/// What is written over a memory, and what the memory itself keeps.
@Suite struct MemoryOverlayTests {
  /// 4 KiB at 0x1000 and 0x2000, half a frame at 0x4000, known zeros from 0x10_0000 to 0x1f_ffff.
  private static func base() throws -> MemoryImage {
    let bytes = try ByteMapping.zeroed(count: 0x3000)
    for offset in 0..<0x3000 { bytes.store(UInt8(truncatingIfNeeded: offset * 7), at: offset) }
    return .runs(
      RunMemory(
        bytes,
        [
          .init(start: PhysicalAddress(0x1000), byteCount: 0x2000, source: .mapping(offset: 0)),
          .init(start: PhysicalAddress(0x4000), byteCount: 0x800, source: .mapping(offset: 0x2000)),
          .init(start: PhysicalAddress(0x10_0000), byteCount: 0x10_0000, source: .zero),
        ]))
  }

  private static func bytes(_ memory: MemoryImage, _ address: UInt64, _ count: Int) -> [UInt8?] {
    memory.bytes(at: PhysicalAddress(address), count: count)
  }

  private func expectWritten(_ overlay: inout MemoryOverlay, _ bytes: [UInt8], _ address: UInt64) {
    let gap = overlay.write(bytes, at: PhysicalAddress(address))
    #expect(gap == nil)
  }

  @Test func nothingWrittenIsTheMemoryItself() throws {
    let memory = try MemoryOverlay(over: Self.base()).memory()
    guard case .runs = memory else { return #expect(Bool(false), "the walker lost its memory") }
  }

  @Test func writtenBytesAreReadAndTheOthersStay() throws {
    let base = try Self.base()
    var overlay = MemoryOverlay(over: base)
    let before = try overlay.memory()
    // From one frame into the next.
    expectWritten(&overlay, [1, 2, 3, 4], 0x1ffe)
    let after = try overlay.memory()
    #expect(Self.bytes(after, 0x1ffe, 4) == [1, 2, 3, 4])
    #expect(Self.bytes(after, 0x1000, 0xffe) == Self.bytes(base, 0x1000, 0xffe))
    #expect(Self.bytes(after, 0x2002, 0x100) == Self.bytes(base, 0x2002, 0x100))
    #expect(after.load(UInt32.self, at: PhysicalAddress(0x1ffe)) == 0x0403_0201)
    #expect(Self.bytes(before, 0x1ffe, 4) == Self.bytes(base, 0x1ffe, 4), "a copy changed")
    #expect(overlay.frameCount == 2)
    #expect(after.runs == base.runs)
  }

  @Test(arguments: [0x0, 0x2ffe, 0x3000, 0x47fe, 0x4800, 0x1f_fffe, UInt64.max - 1])
  func whatIsAbsentTakesNothing(address: UInt64) throws {
    let base = try Self.base()
    var overlay = MemoryOverlay(over: base)
    let refused = overlay.write([1, 2, 3, 4], at: PhysicalAddress(address))
    let gap = try #require(refused)
    #expect(base.load(UInt8.self, at: gap) == nil)
    #expect(overlay.frameCount == 0)
  }

  @Test func halfAFrameStaysHalfAFrame() throws {
    var overlay = MemoryOverlay(over: try Self.base())
    expectWritten(&overlay, [9], 0x47ff)
    let memory = try overlay.memory()
    #expect(Self.bytes(memory, 0x47fe, 4)[1...] == [9, nil, nil])
    #expect(!memory.holdsFrame(of: PhysicalAddress(0x4000)))
  }

  @Test func knownZerosEndWhereSomethingWasWritten() throws {
    var overlay = MemoryOverlay(over: try Self.base())
    expectWritten(&overlay, [0, 5], 0x18_0ffe)
    let memory = try overlay.memory()
    func zeros(_ address: UInt64) -> UInt64 { memory.knownZeroCount(at: PhysicalAddress(address)) }
    #expect(zeros(0x10_0000) == 0x8_0000)
    #expect(zeros(0x18_0123) == 0)
    #expect(zeros(0x18_1000) == 0x7_f000)
    #expect(zeros(0x1000) == 0)
  }

  @Test func manyWritesAreAsInAnArray() throws {
    var random = SeededGenerator(seed: 7)
    let base = try Self.base()
    var overlay = MemoryOverlay(over: base)
    var expected = Self.bytes(base, 0x1000, 0x2000)
    for _ in 0..<300 {
      let count = Int(random.next() % 200)
      let offset = Int(random.next() % UInt64(0x2000 - count))
      let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      expectWritten(&overlay, bytes, 0x1000 + UInt64(offset))
      expected.replaceSubrange(offset..<offset + count, with: bytes.map(Optional.init))
    }
    #expect(try Self.bytes(overlay.memory(), 0x1000, 0x2000) == expected)
  }
}
