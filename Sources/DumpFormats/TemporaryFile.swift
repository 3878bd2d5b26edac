import Glibc
import PhysicalMemory

/// A file without a name in the folder for temporary files, which goes away by itself.
final class TemporaryFile {
  private static let checkInterval: UInt64 = 16 << 20

  private let source: String
  private let folder: String
  private let limits: DumpLimits
  private var writer: SparseWriter
  private var nextCheck: UInt64 = 0

  init(for source: String, limits: DumpLimits) throws(DumpError) {
    self.source = source
    self.limits = limits
    let named = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? ""
    folder = named.isEmpty ? "/tmp" : named
    let file: NamelessFile
    do { file = try NamelessFile(in: folder, mode: 0o600) } catch { throw .inputOutput(error) }
    if let hidden = file.hiddenPath { unsafe unlink(hidden) }
    writer = SparseWriter(descriptor: file.descriptor, path: "a temporary file in \(folder)")
  }

  deinit { close(writer.descriptor) }

  /// The number of bytes so far.
  var byteCount: UInt64 { writer.position }

  func append(_ bytes: RawSpan) throws(DumpError) { try write(bytes, at: writer.position) }

  func write(_ bytes: RawSpan, at offset: UInt64) throws(DumpError) {
    guard offset.addingClamped(UInt64(bytes.byteCount)) <= limits.decompressedBytes else {
      throw .unsupported(
        path: source,
        reason: "holds more than \(limits.decompressedBytes) bytes when decompressed",
        suggestion: "decompress it first")
    }
    do { try writer.overwrite(bytes, at: offset) } catch { throw .inputOutput(error) }
    if writer.dataBytes >= nextCheck {
      nextCheck = writer.dataBytes + Self.checkInterval
      try checkSpace()
    }
  }

  /// Stops before the disk is full, so that other programs can go on.
  private func checkSpace() throws(DumpError) {
    var status = statvfs()
    guard unsafe fstatvfs(writer.descriptor, &status) == 0 else { return }
    let free = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    guard !free.overflow, free.partialValue < limits.spareDiskBytes + Self.checkInterval else {
      return
    }
    throw .inputOutput(SystemError("decompress \(source)", folder, code: ENOSPC))
  }

  func map() throws(DumpError) -> ByteMapping {
    do {
      try writer.finish()
      return try ByteMapping.file(descriptor: writer.descriptor, path: writer.path)
    } catch { throw .inputOutput(error) }
  }
}
