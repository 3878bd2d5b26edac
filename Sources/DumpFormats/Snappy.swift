import CSnappy
import PhysicalMemory

/// Raw snappy data, without frames.
enum Snappy {
  /// The size of the data when decompressed, as they say themselves.
  static func decompressedCount(_ bytes: RawSpan) -> Int? {
    var count = 0
    let status = unsafe bytes.withUnsafeBytes { source in
      unsafe snappy_uncompressed_length(
        source.bindMemory(to: CChar.self).baseAddress, source.count, &count)
    }
    return status == SNAPPY_OK ? count : nil
  }

  /// The decompressed data, which have to be of `count` bytes; nil for others and for damaged ones.
  static func decompress(_ bytes: RawSpan, count expected: Int) -> [UInt8]? {
    guard decompressedCount(bytes) == expected else { return nil }
    var status = SNAPPY_OK
    let output = unsafe [UInt8](unsafeUninitializedCapacity: expected) { target, count in
      count = expected
      status = unsafe bytes.withUnsafeBytes { source in
        unsafe snappy_uncompress(
          source.bindMemory(to: CChar.self).baseAddress, source.count,
          UnsafeMutableRawBufferPointer(target).bindMemory(to: CChar.self).baseAddress, &count)
      }
      if status != SNAPPY_OK { count = 0 }
    }
    return status == SNAPPY_OK && output.count == expected ? output : nil
  }

  /// Compresses all of `bytes`.
  static func compress(_ bytes: RawSpan) -> [UInt8] {
    let capacity = snappy_max_compressed_length(bytes.byteCount)
    return unsafe [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
      count = capacity
      let status = unsafe bytes.withUnsafeBytes { source in
        unsafe snappy_compress(
          source.bindMemory(to: CChar.self).baseAddress, source.count,
          UnsafeMutableRawBufferPointer(target).bindMemory(to: CChar.self).baseAddress, &count)
      }
      precondition(status == SNAPPY_OK, "snappy compresses whatever there is room for")
    }
  }
}

/// The snappy framing format: chunks of at most 64 KiB, each with its check value.
enum SnappyFrame {
  /// The greatest decompressed size of a chunk.
  static let chunkSize = 65536
  /// The bytes before the data of a chunk: its type and the count of bytes that follow.
  static let headerSize: UInt64 = 4
  /// The bytes of the check value.
  static let checksumSize: UInt64 = 4
  /// The chunk with which every stream begins.
  static let streamIdentifier: [UInt8] = [0xff, 6, 0, 0] + Array("sNaPpY".utf8)

  private static let compressed: UInt8 = 0x00
  private static let uncompressed: UInt8 = 0x01
  private static let identifier: UInt8 = 0xff
  /// Chunks of these types are for others; of the types below them nothing may be skipped.
  private static let skippable: ClosedRange<UInt8> = 0x80...0xfe

  /// What a chunk holds.
  enum Content: Hashable {
    case compressed
    case uncompressed
    /// Nothing that belongs to the stream's data.
    case nothing
  }

  /// A chunk as its header describes it.
  struct Chunk: Hashable {
    var content: Content
    /// Where the header is.
    var start: UInt64
    /// The bytes after the header.
    var count: UInt64
    /// The size of the data when decompressed.
    var decompressedCount: Int

    /// Where the next chunk begins.
    var end: UInt64 { start + headerSize + count }
    /// Where the data are, behind their check value.
    var data: UInt64 { start + headerSize + checksumSize }
    var dataCount: Int { Int(count - checksumSize) }

    /// Whether header and data of both are the same bytes of a file.
    func hasBytes(of other: Chunk, in bytes: ByteMapping) -> Bool {
      other.count == count
        && bytes.hasBytes(at: start, of: bytes, at: other.start, count: Int(end - start))
    }
  }

  /// The chunk at `start`, which has to end before `limit`; its data are not looked at.
  static func chunk(
    _ bytes: ByteMapping, at start: UInt64, limit: UInt64
  ) throws(DumpDefect) -> Chunk {
    guard let word = bytes.load(UInt32.self, at: start), start + headerSize <= limit else {
      throw DumpDefect(
        "chunk", at: start, expected: "a chunk of a snappy stream", found: "the end of the file")
    }
    let type = UInt8(truncatingIfNeeded: word)
    let count = UInt64(word >> 8)
    guard start + headerSize + count <= limit else {
      throw DumpDefect(
        "chunk length", at: start + 1, expected: "at most \(limit - start - headerSize) bytes",
        found: "\(count)")
    }
    var chunk = Chunk(content: .nothing, start: start, count: count, decompressedCount: 0)
    switch type {
    case identifier, skippable: return chunk
    case compressed, uncompressed: break
    default:
      throw DumpDefect(
        "chunk type", at: start, expected: "a chunk type that may be skipped, or data",
        found: type.hex)
    }
    guard count > checksumSize else {
      throw DumpDefect(
        "chunk length", at: start + 1, expected: "more than the 4 bytes of a check value",
        found: "\(count)")
    }
    chunk.content = type == compressed ? .compressed : .uncompressed
    let size =
      type == uncompressed
      ? chunk.dataCount
      : bytes.withBytes(at: chunk.data, count: chunk.dataCount) { Snappy.decompressedCount($0) }
        .flatMap { $0 }
    guard let size, size <= chunkSize else {
      throw DumpDefect(
        "chunk data", at: chunk.data, expected: "at most \(chunkSize) bytes when decompressed",
        found: size.map { "\($0)" } ?? "no length")
    }
    chunk.decompressedCount = size
    return chunk
  }

  /// The data of a chunk, decompressed and checked against their check value.
  static func decode(_ chunk: Chunk, _ bytes: ByteMapping) throws(DumpDefect) -> [UInt8] {
    let decoded =
      bytes.withBytes(at: chunk.data, count: chunk.dataCount) { data in
        chunk.content == .compressed
          ? Snappy.decompress(data, count: chunk.decompressedCount)
          : unsafe data.withUnsafeBytes { unsafe [UInt8]($0) }
      } ?? nil
    guard let decoded else {
      throw DumpDefect("chunk data", at: chunk.data, expected: "snappy data", found: "other bytes")
    }
    let found = bytes.load(UInt32.self, at: chunk.start + headerSize) ?? 0
    let expected = unsafe CRC32C.masked(decoded.span.bytes)
    guard found == expected else {
      throw DumpDefect(
        "check value", at: chunk.start + headerSize, expected: "\(expected.hex) (masked CRC-32C)",
        found: found.hex)
    }
    return decoded
  }

  /// A chunk that holds `data`, compressed where that makes it smaller.
  static func encode(_ data: RawSpan) -> [UInt8] {
    let packed = Snappy.compress(data)
    let isSmaller = packed.count < data.byteCount - data.byteCount / 8
    let count = UInt32(checksumSize) + UInt32(isSmaller ? packed.count : data.byteCount)
    let header = UInt32(isSmaller ? compressed : uncompressed) | count << 8
    let prefix = header.littleEndianBytes + CRC32C.masked(data).littleEndianBytes
    return prefix + (isSmaller ? packed : unsafe data.withUnsafeBytes { unsafe [UInt8]($0) })
  }
}
