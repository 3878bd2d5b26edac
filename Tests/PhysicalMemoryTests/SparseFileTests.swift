import Glibc
import PhysicalMemory
import Testing

/// A file with holes and a few pages of data.
private final class SparseFile {
  let path = "/tmp/mmubench-test-\(UInt64.random(in: 0 ... .max))"
  let mapping: ByteMapping

  /// Has a word that is not zero at each of `places`.
  init(byteCount: UInt64, words places: [UInt64]) throws {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    for place in places {
      var word = UInt64.max
      try #require(unsafe pwrite(descriptor, &word, 8, off_t(place)) == 8)
    }
    try #require(ftruncate(descriptor, off_t(byteCount)) == 0)
    mapping = try ByteMapping.file(descriptor: descriptor, path: path)
  }

  deinit { unsafe unlink(path) }
}

@Suite struct SparseFileTests {
  private static let size: UInt64 = 64 << 30

  /// Data at the beginning, at 1 GiB and 40 GiB; a file system gives each at least its own block.
  private static func file() throws -> SparseFile {
    try SparseFile(byteCount: size, words: [0, 1 << 30, 40 << 30])
  }

  private static func framesOfWords(_ frames: [Range<UInt64>]) -> [Bool] {
    [0, 1 << 18, 40 << 18].map { frame in frames.contains { $0.contains(frame) } }
  }

  @Test func holesAreZerosThatNobodyNeedsToLookAt() throws {
    let memory = FlatMemory(try Self.file().mapping, base: PhysicalAddress(0x1000))
    let first = UInt64(1 << 29)
    #expect(memory.knownZeroCount(at: PhysicalAddress(0x1000 + first)) == (1 << 30) - first)
    #expect(memory.knownZeroCount(at: PhysicalAddress(0x1000 + (1 << 30))) == 0)
    #expect(
      memory.knownZeroCount(at: PhysicalAddress(0x1000 + (50 << 30))) == Self.size - (50 << 30))
    for outside: UInt64 in [0, 0xfff, 0x1000 + Self.size, .max] {
      #expect(memory.knownZeroCount(at: PhysicalAddress(outside)) == 0)
    }
  }

  @Test func onlyFramesWithDataAreGiven() throws {
    let file = try Self.file()
    let flat = FlatMemory(file.mapping)
    #expect(Self.framesOfWords(flat.dataFrames) == [true, true, true])
    #expect(flat.dataFrames.reduce(0) { $0 + $1.count } < 1000)
    // The second half of the file below the first, and zeros behind both.
    let runs = RunMemory(
      file.mapping,
      [
        .init(start: PhysicalAddress(0), byteCount: 32 << 30, source: .mapping(offset: 32 << 30)),
        .init(
          start: PhysicalAddress(32 << 30), byteCount: 32 << 30, source: .mapping(offset: 0)),
        .init(start: PhysicalAddress(64 << 30), byteCount: 64 << 30, source: .zero),
      ])
    #expect(runs.dataFrames.contains { $0.contains(8 << 18) })
    #expect(runs.dataFrames.contains { $0.contains(32 << 18) })
    #expect(runs.dataFrames.contains { $0.contains(33 << 18) })
    #expect(runs.dataFrames.reduce(0) { $0 + $1.count } < 1000)
    #expect(runs.knownZeroCount(at: PhysicalAddress(0x1000)) == (8 << 30) - 0x1000)
    #expect(runs.knownZeroCount(at: PhysicalAddress(64 << 30)) == 64 << 30)
  }

  @Test func aFrameThatIsDataInPartIsGiven() throws {
    let file = try SparseFile(byteCount: 1 << 20, words: [0x8000])
    let offset: UInt64 = 32
    let memory = RunMemory(
      file.mapping,
      [.init(start: PhysicalAddress(0), byteCount: 0xf000, source: .mapping(offset: offset))])
    // Bytes 0x8000 to 0x8fff of the file are at 0x7fe0 to 0x8fdf.
    let frames = memory.dataFrames
    #expect(frames.contains { $0.contains(7) } && frames.contains { $0.contains(8) })
    #expect(memory.load(UInt64.self, at: PhysicalAddress(0x8000 - offset)) == .max)
  }

  @Test func withoutAFileAllFramesAreGiven() throws {
    let memory = FlatMemory(try ByteMapping.zeroed(count: 0x3001), base: PhysicalAddress(0x800))
    #expect(memory.dataFrames == [0..<4])
    #expect(memory.knownZeroCount(at: PhysicalAddress(0x1000)) == 0)
    #expect(FlatMemory(try ByteMapping.zeroed(count: 0)).dataFrames == [])
  }

  @Test func searchesSeeWhatIsBehindHoles() throws {
    let memory = FlatMemory(try Self.file().mapping)
    var found: [UInt64] = []
    MemorySearch(try BytePattern([UInt8?](repeating: 0xff, count: 8))).run(memory) {
      found.append($0.rawValue)
      return true
    }
    #expect(found == [0, 1 << 30, 40 << 30])
  }
}
