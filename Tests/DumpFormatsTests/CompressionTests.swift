import DumpFormats
import Glibc
import PhysicalMemory
import TestSupport
import Testing

@Suite struct CompressionTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// All that the C libraries do.
  static let codecs = Compression.allCases.filter { $0 != .flattened }

  static func compress(_ bytes: [UInt8], _ compression: Compression) throws -> [UInt8] {
    switch compression {
    case .xz: try Compressors.xz(bytes)
    case .gzip: try Compressors.gzip(bytes)
    case .zstd: try Compressors.zstd(bytes)
    case .lz4: try Compressors.lz4(bytes)
    case .flattened: try #require(nil as [UInt8]?, "pieces are no compression")
    }
  }

  /// An image with pages of all kinds: random, zero, mixed, and an odd end.
  static func image(_ seed: UInt64 = 7) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    var bytes = [UInt8](repeating: 0, count: 96 * 4096 + 12)
    for page in stride(from: 1, to: 96, by: 3) {
      for index in 0..<(page % 2 == 0 ? 4096 : 9) {
        bytes[page * 4096 + index] = UInt8(truncatingIfNeeded: random.next())
      }
    }
    bytes[0] = 1
    return bytes
  }

  static func expect(
    _ dump: DumpFile, holds bytes: [UInt8], _ comment: Comment = "",
    location: SourceLocation = #_sourceLocation
  ) {
    #expect(dump.contentSize == UInt64(bytes.count), comment, sourceLocation: location)
    var found: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 4096) {
      let address = PhysicalAddress(UInt64(start))
      _ = dump.memory.withBytes(at: address, count: min(4096, bytes.count - start)) { span in
        unsafe span.withUnsafeBytes { unsafe found.append(contentsOf: $0) }
      }
    }
    #expect(found == bytes, comment, sourceLocation: location)
  }

  @Test(arguments: codecs)
  func aCompressedImageIsTheSameImage(_ compression: Compression) throws {
    let bytes = Self.image()
    let compressed = try Self.compress(bytes, compression)
    let dump = try DumpFile.open(try folder.write(compressed))
    #expect(dump.format == .raw)
    #expect(dump.compression == compression)
    #expect(dump.fileSize == UInt64(compressed.count))
    #expect(dump.warnings == ["the last frame is cut off: it has 12 of 4096 bytes"])
    Self.expect(dump, holds: bytes)
  }

  @Test(arguments: codecs)
  func membersStreamsAndFramesFollowEachOther(_ compression: Compression) throws {
    let bytes = Self.image()
    let pieces = [bytes[..<1], bytes[1..<50_000], bytes[50_000..<50_000], bytes[50_000...]]
    let compressed = try pieces.flatMap { try Self.compress(Array($0), compression) }
    Self.expect(try DumpFile.open(try folder.write(compressed)), holds: bytes)
  }

  @Test(arguments: codecs)
  func zerosMayPadTheEnd(_ compression: Compression) throws {
    let bytes = Self.image()
    // xz pads by multiples of 4; 3 MiB exceed any piece the decoder is fed.
    for padding in [4, 512, 3 << 20] {
      let compressed =
        try Self.compress(bytes, compression) + [UInt8](repeating: 0, count: padding)
      Self.expect(try DumpFile.open(try folder.write(compressed)), holds: bytes, "\(padding) bytes")
    }
  }

  @Test func zstdMayBeginWithASkippableFrame() throws {
    let bytes = Self.image()
    let skippable: [UInt8] = [0x5e, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9]
    let dump = try DumpFile.open(
      try folder.write(skippable + Compressors.zstd(bytes) + skippable))
    Self.expect(dump, holds: bytes)
  }

  @Test func garbageAtTheEndIsAWarning() throws {
    let bytes = [UInt8](repeating: 1, count: 4096)
    let gzip = try Compressors.gzip(bytes)
    let dump = try DumpFile.open(try folder.write(gzip + [0, 0, 7, 7, 7]))
    Self.expect(dump, holds: bytes)
    #expect(
      dump.warnings == [
        "3 bytes after the gzip data, from byte \((gzip.count + 2).hex) on, are ignored"
      ])
    for compression in [Compression.xz, .zstd] {
      let compressed = try Self.compress(bytes, compression)
      let path = try folder.write(compressed + [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7])
      let dump = try DumpFile.open(path)
      Self.expect(dump, holds: bytes)
      let warning = try #require(dump.warnings.first)
      #expect(warning.contains("\(compression.rawValue) data: expected more"), "\(warning)")
      #expect(
        warning.hasSuffix("; what follows the first 0x1000 bytes of its contents is missing"))
    }
  }

  @Test func aCompressedCoreMayBeCompressedAgain() throws {
    var random = SeededGenerator(seed: 11)
    let memory = try randomMemory(using: &random, pageAligned: true)
    try DumpWriter(.elf).write(memory, to: folder.file("core"))
    let twice = try Compressors.gzip(Compressors.xz(folder.read("core")))
    let dump = try DumpFile.open(try folder.write(twice))
    #expect(dump.format == .elf64)
    #expect(dump.compressions == [.gzip, .xz])
    expectEqual(memory, dump.memory, "twice compressed")

    let path = try folder.write(Compressors.zstd(twice))
    let error = try dumpError { _ = try DumpFile.open(path) }
    #expect(
      error.description == "\(path): is compressed more than 2 times (xz in gzip in zstd);"
        + " decompress it first")
  }

  @Test(arguments: codecs)
  func aBombStopsAtTheLimit(_ compression: Compression) throws {
    let bomb = try Self.compress([UInt8](repeating: 0, count: 64 << 20), compression)
    #expect(bomb.count < 1 << 19)
    let path = try folder.write(bomb)
    var limits = DumpLimits()
    limits.decompressedBytes = (64 << 20) - 1
    let error = try dumpError { _ = try DumpFile.open(path, limits: limits) }
    #expect(error.exitStatus == 65)
    #expect(
      error.description
        == "\(path): holds more than 67108863 bytes when decompressed; decompress it first")
    limits.decompressedBytes += 1
    #expect(try DumpFile.open(path, limits: limits).contentSize == 64 << 20)
  }

  @Test func aDecoderThatNeedsTooMuchMemoryIsRefused() throws {
    let bytes = Self.image()
    var limits = DumpLimits()
    limits.decoderMemory = 1 << 20
    let xz = try folder.write(Compressors.xz(bytes), to: "xz")
    let xzError = try dumpError { _ = try DumpFile.open(xz, limits: limits) }
    #expect(xzError.exitStatus == 65)
    #expect(
      xzError.description
        == "\(xz): its xz decoder needs 9 MiB of memory, more than 1 MiB; decompress it first")
    // RFC 8878: no flags, a window of 2^(10 + 11) bytes, one raw block of 1 byte, the last one.
    let frame: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0, 11 << 3, 1 << 3 | 1, 0, 0, 0x77]
    let zstd = try folder.write(frame, to: "zstd")
    let zstdError = try dumpError { _ = try DumpFile.open(zstd, limits: limits) }
    #expect(
      zstdError.description
        == "\(zstd): its zstd decoder needs more than 1 MiB; decompress it first")
    limits.decoderMemory = 16 << 20
    #expect(try DumpFile.open(xz, limits: limits).contentSize == UInt64(bytes.count))
    #expect(try DumpFile.open(zstd, limits: limits).contentSize == 1)
  }

  @Test func aNearlyFullDiskIsLeftAlone() throws {
    let path = try folder.write(try Compressors.gzip(Self.image()))
    var limits = DumpLimits()
    limits.spareDiskBytes = 1 << 60
    let error = try dumpError { _ = try DumpFile.open(path, limits: limits) }
    guard case .inputOutput(let system) = error else { throw error }
    #expect(system.code == ENOSPC)
    #expect(error.exitStatus == 74)
  }

  @Test(arguments: [nil] + codecs)
  func textIsReadCompressedOrNot(_ compression: Compression?) throws {
    let text = Array("{\"a\": 1}\n".utf8)
    let bytes = try compression.map { try Self.compress(text, $0) } ?? text
    let path = try folder.write(bytes)
    #expect(try Decompression.text(path) == text)
    #expect(try Decompression.text(path, limit: text.count) == text)
    let error = try dumpError { _ = try Decompression.text(path, limit: text.count - 1) }
    #expect(error.description == "\(path): holds more than 8 bytes of text; split it")
  }

  @Test func anEmptyTextIsEmpty() throws {
    #expect(try Decompression.text(try folder.write([])) == [])
  }

  @Test func anEmptyDumpIsMalformed() throws {
    let plain = try folder.write([])
    #expect(
      try dumpError { _ = try DumpFile.open(plain) }.description
        == "\(plain): byte 0x0: file: expected a memory dump, found an empty file")
    let path = try folder.write(try Compressors.xz([]))
    #expect(
      try dumpError { _ = try DumpFile.open(path) }.description
        == "\(path): byte 0x0: file: expected a memory dump, found nothing after decompression")
  }
}
