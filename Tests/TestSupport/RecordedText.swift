package import Foundation

/// A text in the repository that must be what the tests make.
///
/// With `MMUBENCH_RECORD=1` a text that differs is written; review it in the diff.
package struct RecordedText {
  private let file: URL

  /// The text in a file.
  package init(_ file: URL) { self.file = file }

  /// Whether differences are written instead of reported.
  private static var isRecording: Bool {
    ProcessInfo.processInfo.environment["MMUBENCH_RECORD"] == "1"
  }

  /// What to report of a text that was made; nil where it is as recorded.
  ///
  /// Recording is reported too: it never passes.
  package func problem(with made: String) throws -> String? {
    let recorded = try? String(contentsOf: file, encoding: .utf8)
    guard recorded != made else { return nil }
    guard Self.isRecording else {
      return "\(file.lastPathComponent): recorded\n\(recorded ?? "nothing")\nnow\n\(made)"
    }
    try made.write(to: file, atomically: true, encoding: .utf8)
    return "recorded \(file.lastPathComponent)"
  }
}
