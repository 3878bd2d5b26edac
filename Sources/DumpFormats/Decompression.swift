import PhysicalMemory

/// Takes compressed files apart, in bounded memory.
public enum Decompression {
  private static let inputPiece = 1 << 20
  private static let outputPiece = 1 << 18

  /// The text of a small file, decompressed where it is compressed, of at most `limit` bytes.
  public static func text(_ path: String, limit: Int = 64 << 20) throws(DumpError) -> [UInt8] {
    var bytes = try DumpSource.map(path, mayBeEmpty: true)
    let limits = DumpLimits()
    for _ in 0..<limits.compressionDepth {
      guard let compression = compression(of: bytes) else { break }
      var result: [UInt8] = []
      _ = try decode(bytes, compression, path: path, limits: limits) { piece throws(DumpError) in
        guard result.count + piece.byteCount <= limit else { throw tooLarge(path, limit) }
        unsafe piece.withUnsafeBytes { unsafe result.append(contentsOf: $0) }
      }
      guard let copy = try? ByteMapping.zeroed(count: result.count) else {
        throw tooLarge(path, limit)
      }
      unsafe copy.store(result.span.bytes, at: 0)
      bytes = copy
    }
    guard bytes.count <= limit else { throw tooLarge(path, limit) }
    return bytes.withBytes(at: 0, count: bytes.count) { span in
      unsafe span.withUnsafeBytes { unsafe [UInt8]($0) }
    } ?? []
  }

  private static func tooLarge(_ path: String, _ limit: Int) -> DumpError {
    .unsupported(
      path: path, reason: "holds more than \(limit) bytes of text", suggestion: "split it")
  }

  /// How the bytes are compressed, if at all, by their first bytes.
  static func compression(of bytes: ByteMapping) -> Compression? {
    if bytes.load(UInt32.self, at: 0) == 0x587a_37fd, bytes.load(UInt16.self, at: 4) == 0x005a {
      return .xz
    }
    // RFC 1952 knows one method (8) and reserves the three highest flags.
    if bytes.load(UInt16.self, at: 0) == 0x8b1f, bytes.load(UInt8.self, at: 2) == 8,
      let flags = bytes.load(UInt8.self, at: 3), flags & 0xe0 == 0
    {
      return .gzip
    }
    switch frameMagic(bytes) {
    case zstdMagic: return .zstd
    case lz4Magic: return .lz4
    default: return nil
    }
  }

  private static let zstdMagic: UInt32 = 0xfd2f_b528
  private static let lz4Magic: UInt32 = 0x184d_2204

  /// The number with which a frame of zstd or lz4 begins, perhaps after skippable frames of either.
  private static func frameMagic(_ bytes: ByteMapping) -> UInt32? {
    var offset: UInt64 = 0
    for _ in 0..<16 {
      guard let magic = bytes.load(UInt32.self, at: offset) else { return nil }
      guard magic & 0xffff_fff0 == 0x184d_2a50 else { return magic }
      guard let size = bytes.load(UInt32.self, at: offset + 4) else { return nil }
      offset += 8 + UInt64(size)
    }
    return nil
  }

  /// Decodes all of `bytes` and hands the output on in pieces.
  ///
  /// - Parameters:
  ///   - bytes: the compressed file.
  ///   - compression: its format.
  ///   - path: the file, for errors.
  ///   - limits: what the decoder may take.
  ///   - sink: takes the pieces in order.
  /// - Returns: a warning about bytes that follow the compressed ones, where there are such.
  /// - Throws: an error with the byte offset in the compressed file, after `sink` took what could be decoded; or what
  ///   `sink` throws.
  static func decode(
    _ bytes: ByteMapping, _ compression: Compression, path: String, limits: DumpLimits,
    sink: (RawSpan) throws(DumpError) -> Void
  ) throws(DumpError) -> String? {
    var position = 0
    func fail(_ failure: DecodingFailure) -> DumpError {
      error(failure, at: position, compression, path: path, limits: limits)
    }
    let decoder: any Decoder
    do throws(DecodingFailure) {
      switch compression {
      case .xz: decoder = try XZDecoder(memoryLimit: limits.decoderMemory)
      case .gzip: decoder = try GzipDecoder()
      case .zstd: decoder = try ZstdDecoder(memoryLimit: limits.decoderMemory)
      case .lz4: decoder = try LZ4Decoder()
      case .flattened: preconditionFailure("pieces of a file are put together, not decoded")
      }
    } catch { throw fail(error) }
    var output = [UInt8](repeating: 0, count: outputPiece)
    while true {
      let count = min(inputPiece, bytes.count - position)
      let atEnd = position + count == bytes.count
      let step = bytes.withBytes(at: UInt64(position), count: count) { input in
        Result { () throws(DecodingFailure) in
          try decoder.decode(input, atEnd: atEnd, into: &output)
        }
      }
      guard let step else { preconditionFailure("the piece lies within the file") }
      let progress: DecodingProgress
      do { progress = try step.get() } catch {
        unsafe try sink(output.span.bytes.extracting(first: error.produced))
        throw fail(error)
      }
      unsafe try sink(output.span.bytes.extracting(first: progress.produced))
      position += progress.consumed
      switch progress.state {
      case .finished: return nil
      case .finishedBeforeGarbage:
        return "\(bytes.count - position) bytes after the \(compression.rawValue) data,"
          + " from byte \(position.hex) on, are ignored"
      case .decoding where progress.consumed == 0 && progress.produced == 0:
        throw fail(DecodingFailure(consumed: 0, reason: .cutOff))
      case .decoding, .betweenMembers: continue
      }
    }
  }

  private static func error(
    _ failure: DecodingFailure, at position: Int, _ compression: Compression, path: String,
    limits: DumpLimits
  ) -> DumpError {
    let name = compression.rawValue
    func malformed(_ found: String, _ suggestion: String) -> DumpError {
      .malformed(
        path: path,
        DumpDefect(
          "\(name) data", at: UInt64(position + failure.consumed), expected: "more \(name) data",
          found: found, suggestion: suggestion))
    }
    switch failure.reason {
    case .corrupt(let found):
      return malformed(found, "the file is damaged, perhaps before this byte too; copy it again")
    case .cutOff:
      return malformed("the end of the file", "the file is cut off; copy it again")
    case .needsMemory(let bytes):
      let amount =
        bytes == 0
        ? "more than " : "\((bytes.addingClamped(0xf_ffff)) >> 20) MiB of memory, more than "
      return .unsupported(
        path: path,
        reason: "its \(name) decoder needs \(amount)\(limits.decoderMemory >> 20) MiB",
        suggestion: "decompress it first")
    case .unavailable(let reason):
      return .unsupported(
        path: path, reason: "the \(name) decoder does not start: \(reason)",
        suggestion: "decompress it first")
    }
  }
}
