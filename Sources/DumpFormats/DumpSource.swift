import Glibc
import PhysicalMemory

/// The bytes of a dump, mapped, after any decompression.
struct DumpSource {
  var bytes: ByteMapping
  var compressions: [Compression] = []
  var fileSize: UInt64
  var warnings: [String] = []

  init(_ path: String, limits: DumpLimits) throws(DumpError) {
    bytes = try Self.map(path)
    fileSize = UInt64(bytes.count)
    while let compression = Self.compression(of: bytes) {
      try check(compression, path, limits)
      let file = try TemporaryFile(for: path, limits: limits)
      let warning = try Self.decode(bytes, compression, path: path, limits: limits, into: file)
      if let warning { warnings.append(warning) }
      bytes = try file.map()
      compressions.append(compression)
    }
    guard bytes.count > 0 else {
      let found = compressions.isEmpty ? "an empty file" : "nothing after decompression"
      throw .malformed(
        path: path, DumpDefect("file", at: 0, expected: "a memory dump", found: found))
    }
  }

  /// Refuses what is packed more often than anybody does it.
  private func check(
    _ compression: Compression, _ path: String, _ limits: DumpLimits
  ) throws(DumpError) {
    let isFlattened = compression == .flattened
    let likewise = compressions.count { ($0 == .flattened) == isFlattened }
    guard likewise >= (isFlattened ? 1 : limits.compressionDepth) else { return }
    guard !isFlattened else {
      throw .unsupported(
        path: path, reason: "is flattened twice", suggestion: "rearrange it with makedumpfile -R")
    }
    let chain = ([compression] + compressions.reversed()).map(\.rawValue).joined(separator: " in ")
    throw .unsupported(
      path: path, reason: "is compressed more than \(limits.compressionDepth) times (\(chain))",
      suggestion: "decompress it first")
  }

  /// Writes what is in a compressed file, of a damaged one the beginning.
  ///
  /// - Returns: a warning about what is wrong.
  private static func decode(
    _ bytes: ByteMapping, _ compression: Compression, path: String, limits: DumpLimits,
    into file: TemporaryFile
  ) throws(DumpError) -> String? {
    guard compression != .flattened else {
      return try Flattened.rearrange(bytes, path: path, into: file)
    }
    do {
      return try Decompression.decode(bytes, compression, path: path, limits: limits) {
        piece throws(DumpError) in try file.append(piece)
      }
    } catch {
      // Less than a page is no memory that anybody could read.
      guard case .malformed(_, let defect) = error, file.byteCount >= frameSize else { throw error }
      return
        "\(defect); what follows the first \(file.byteCount.hex) bytes of its contents is missing"
    }
  }

  private static func compression(of bytes: ByteMapping) -> Compression? {
    Flattened.recognises(bytes) ? .flattened : Decompression.compression(of: bytes)
  }

  /// Maps a regular file for reading.
  static func map(_ path: String, mayBeEmpty: Bool = false) throws(DumpError) -> ByteMapping {
    guard !path.utf8.contains(0) else {
      throw .cannotOpen(path: path, reason: "this is no file name")
    }
    // Without O_NONBLOCK, opening a pipe would wait for somebody to write to it.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: systemReason(errno)) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw .cannotOpen(path: path, reason: systemReason(errno))
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw .cannotOpen(path: path, reason: "it is a folder, not a file")
    case S_IFIFO:
      throw .cannotOpen(path: path, reason: "it is a pipe; write its contents to a file first")
    default: throw .cannotOpen(path: path, reason: "it is a device or socket, not a regular file")
    }
    do { return try ByteMapping.file(descriptor: descriptor, path: path) } catch {
      throw .cannotOpen(path: path, reason: systemReason(error.code))
    }
  }
}
