import Glibc
import Report

/// A line on standard error that says how far a run is, on a terminal only.
struct ProgressLine {
  private let total: Int
  private let isShown = Terminal.error.isTerminal
  private var isThere = false

  init(total: Int) { self.total = total }

  /// Shows the line; what was there before is written over.
  mutating func show(done: Int, failed: Int) {
    guard isShown, done < total else { return }
    isThere = true
    Notice.write { buffer in
      buffer.write("\r\u{1b}[K\(done) of \(total)")
      if failed > 0 { buffer.write(", \(failed) failed", .red) }
    }
  }

  /// Takes the line away.
  mutating func clear() {
    guard isThere else { return }
    isThere = false
    Notice.write { $0.write("\r\u{1b}[K") }
  }
}
