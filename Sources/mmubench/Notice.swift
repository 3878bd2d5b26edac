import Glibc
import Report

/// What is said beside the answers, on standard error.
enum Notice {
  /// Writes what `body` puts in the buffer.
  static func write(_ body: (inout TextBuffer) -> Void) {
    let stream = ReportStream(
      descriptor: STDERR_FILENO, name: "standard error", isColored: Terminal.error.isColored)
    body(&stream.buffer)
    stream.flush()
  }

  /// Writes one line that begins with `mmubench: warning:`.
  static func warn(_ text: String) {
    write { buffer in
      buffer.write("mmubench: ")
      buffer.write("warning:", .yellow)
      buffer.write(" \(text)\n")
    }
  }
}
