import Glibc
public import PhysicalMemory

/// A file descriptor that reports are written to, a block at a time.
///
/// A reader that goes away, as `head` does, is no error: the stream closes, says so, and whoever
/// writes ends quietly. The process must ignore SIGPIPE for that.
public final class ReportStream {
  /// What is written next.
  public var buffer: TextBuffer
  /// Whether the reader has gone or writing has failed.
  public private(set) var isClosed = false
  /// Why writing failed; nil where the reader has gone.
  public private(set) var failure: SystemError?
  private let descriptor: Int32
  private let name: String

  private static let blockSize = 1 << 16

  /// Writes to an open descriptor, which stays open.
  public init(descriptor: Int32, name: String, isColored: Bool = false) {
    self.descriptor = descriptor
    self.name = name
    buffer = TextBuffer(isColored: isColored)
  }

  /// Writes on if a block is full; false when nobody reads any more.
  @discardableResult
  public func drain() -> Bool {
    if buffer.bytes.count >= Self.blockSize { flush() }
    return !isClosed
  }

  /// Writes everything that is in the buffer.
  public func flush() {
    defer { buffer.clear() }
    guard !isClosed, !buffer.bytes.isEmpty else { return }
    let code = unsafe Self.write(buffer.bytes.span.bytes, to: descriptor)
    guard code != 0 else { return }
    isClosed = true
    if code != EPIPE { failure = SystemError("write", name, code: code) }
  }

  /// Writes bytes, however many calls it takes; returns the error number, or 0.
  private static func write(_ bytes: RawSpan, to descriptor: Int32) -> Int32 {
    let total = bytes.byteCount
    return unsafe bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < total {
        let piece = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
        let count = unsafe Glibc.write(descriptor, piece.baseAddress, piece.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { return errno }
        done += count
      }
      return 0
    }
  }
}
