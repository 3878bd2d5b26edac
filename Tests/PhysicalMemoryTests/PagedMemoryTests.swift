import PhysicalMemory
import Synchronization
import TestSupport
import Testing

/// Gives frames of which every word says its own address, in pieces of its own making.
private final class NumberedFrames: FrameSource {
  /// The stretches that one decoding brings to light, ascending.
  let pieces: [Range<UInt64>]
  private let bytes: [[UInt8]]
  private let count = Mutex(0)

  init(_ pieces: [Range<UInt64>]) {
    self.pieces = pieces
    bytes = pieces.map { piece in piece.map { Self.byte(at: $0) } }
  }

  /// How often something was decoded.
  var decoded: Int { count.withLock { $0 } }

  static func byte(at address: UInt64) -> UInt8 {
    UInt8(truncatingIfNeeded: (address &* 0x9e37_79b9_7f4a_7c15) >> 32)
  }

  func decode(_ frame: UInt64, _ take: (PhysicalAddress, RawSpan) -> Void) {
    count.withLock { $0 += 1 }
    let range = frame * 4096...frame * 4096 + 4095
    for (piece, bytes) in zip(pieces, bytes) where range.overlaps(piece) {
      unsafe take(PhysicalAddress(piece.lowerBound), bytes.span.bytes)
    }
  }

  func holds(_ frame: UInt64) -> Bool {
    (frame * 4096...frame * 4096 + 4095).allSatisfy { address in
      pieces.contains { $0.contains(address) }
    }
  }

  var runs: [MemoryRun] {
    pieces.map {
      MemoryRun(start: PhysicalAddress($0.lowerBound), byteCount: UInt64($0.count))
    }
  }

  var damage: [String] { [] }
}

@Suite struct PagedMemoryTests {
  private static func memory(
    _ pieces: [Range<UInt64>], frames: Int = 4
  ) throws -> (PagedMemory, NumberedFrames) {
    let source = NumberedFrames(pieces)
    return (PagedMemory(source, cache: try FrameCache(frames: frames)), source)
  }

  private static func word(at address: UInt64, byteCount: UInt64) -> UInt64 {
    (0..<byteCount).reduce(0) { word, index in
      word | UInt64(NumberedFrames.byte(at: address + index)) << (index * 8)
    }
  }

  @Test func loadsOfEverySizeAndAlignmentAreTheSourcesBytes() throws {
    let (memory, _) = try Self.memory([0x1000..<0x4000])
    for address in UInt64(0x1000)..<0x3ff8 {
      // The second round finds most frames in the cache.
      for _ in 0..<2 {
        let place = PhysicalAddress(address)
        #expect(memory.load(UInt64.self, at: place) == Self.word(at: address, byteCount: 8))
        #expect(
          memory.load(UInt32.self, at: place).map(UInt64.init)
            == Self.word(at: address, byteCount: 4))
        #expect(
          memory.load(UInt16.self, at: place).map(UInt64.init)
            == Self.word(at: address, byteCount: 2))
        #expect(memory.load(UInt8.self, at: place) == NumberedFrames.byte(at: address))
      }
    }
  }

  @Test func aFrameIsDecodedOnceWhileThereIsRoom() throws {
    let (memory, source) = try Self.memory([0x1000..<0x2000, 0x2000..<0x3000])
    for address in stride(from: UInt64(0x1000), to: 0x3000, by: 8) {
      _ = memory.load(UInt64.self, at: PhysicalAddress(address))
    }
    #expect(source.decoded == 2)
  }

  @Test func framesThatComeTogetherAreKeptTogether() throws {
    let (memory, source) = try Self.memory([0x1000..<0x4800])
    for address in stride(from: UInt64(0x1000), to: 0x4000, by: 8) {
      _ = memory.load(UInt64.self, at: PhysicalAddress(address))
    }
    #expect(source.decoded == 1)
    // Half a frame is never kept: its other half would look present.
    #expect(memory.load(UInt64.self, at: PhysicalAddress(0x47f8)) != nil)
    #expect(memory.load(UInt64.self, at: PhysicalAddress(0x47f9)) == nil)
    #expect(source.decoded == 3)
  }

  @Test func whatThePiecesLackIsAbsent() throws {
    let (memory, _) = try Self.memory([0x1003..<0x1010, 0x1010..<0x1020, 0x2000..<0x3000])
    let expected: [(UInt64, Bool)] = [
      (0xfff, false), (0x1002, false), (0x1003, true), (0x100c, true), (0x1018, true),
      (0x1019, false), (0x1ffc, false), (0x2ff8, true), (0x2ff9, false), (0x3000, false),
    ]
    for (address, isThere) in expected {
      let word = memory.load(UInt64.self, at: PhysicalAddress(address))
      #expect(word == (isThere ? Self.word(at: address, byteCount: 8) : nil), "\(address.hex)")
    }
    #expect(memory.withBytes(at: PhysicalAddress(0x1003), count: 13) { $0.byteCount } == 13)
    // Two pieces do not lie together, and no span shows two frames.
    #expect(memory.withBytes(at: PhysicalAddress(0x100f), count: 2) { $0.byteCount } == nil)
    #expect(memory.withBytes(at: PhysicalAddress(0x2fff), count: 2) { $0.byteCount } == nil)
    #expect(memory.withBytes(at: PhysicalAddress(0x2000), count: 4096) { $0.byteCount } == 4096)
    #expect(!memory.holdsFrame(of: PhysicalAddress(0x1004)))
    #expect(memory.holdsFrame(of: PhysicalAddress(0x2fff)))
  }

  @Test func bytesOfAFrameAreDecodedOnceHoweverFewThereAre() throws {
    let (memory, source) = try Self.memory([0x1003..<0x1010, 0x1800..<0x1820])
    let bytes = memory.bytes(at: PhysicalAddress(0xff0), count: 0x1020)
    #expect(bytes.count == 0x1020)
    for (index, byte) in bytes.enumerated() {
      let address = 0xff0 + UInt64(index)
      let isThere = (0x1003..<0x1010).contains(address) || (0x1800..<0x1820).contains(address)
      #expect(byte == (isThere ? NumberedFrames.byte(at: address) : nil), "\(address.hex)")
    }
    #expect(source.decoded == 3)
  }

  @Test func framesBeyond52BitsAreNotTakenForOthers() throws {
    let (memory, _) = try Self.memory([0..<0x1000], frames: 1)
    #expect(memory.load(UInt64.self, at: PhysicalAddress(0)) != nil)
    for bit in UInt64(12)..<64 {
      #expect(memory.load(UInt64.self, at: PhysicalAddress(1 << bit)) == nil, "bit \(bit)")
    }
    #expect(memory.load(UInt64.self, at: PhysicalAddress(.max - 3)) == nil)
    #expect(memory.load(UInt64.self, at: PhysicalAddress(.max - 7)) == nil)
  }

  /// The loads race with each other for two places; a load that mixed two frames would show.
  @Test func threadsThatPushOutEachOthersFramesReadTheirOwn() async throws {
    let pieces = (0..<16).map { UInt64($0) * 4096..<UInt64($0 + 1) * 4096 }
    let (memory, _) = try Self.memory(pieces, frames: 2)
    let wrong = await withTaskGroup(of: Int.self) { group in
      for seed in UInt64(1)...4 {
        group.addTask {
          var random = SeededGenerator(seed: seed)
          var wrong = 0
          for _ in 0..<100 {
            let frame = random.next() % 16
            for _ in 0..<16 {
              let address = frame * 4096 + random.next() % 4089
              let word = memory.load(UInt64.self, at: PhysicalAddress(address))
              if word != Self.word(at: address, byteCount: 8) { wrong += 1 }
            }
            let first = memory.withBytes(at: PhysicalAddress(frame * 4096), count: 4096) { bytes in
              (0..<4096).allSatisfy { index in
                unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
                  == NumberedFrames.byte(at: frame * 4096 + UInt64(index))
              }
            }
            if first != true { wrong += 1 }
          }
          return wrong
        }
      }
      return await group.reduce(0, +)
    }
    #expect(wrong == 0)
  }

  @Test func aCacheHasAtLeastOnePlaceAndAPowerOfTwo() throws {
    for (asked, made) in [(-1, 1), (0, 1), (1, 1), (3, 4), (4, 4), (5, 8)] {
      #expect(try FrameCache(frames: asked).capacity == made)
    }
  }
}
