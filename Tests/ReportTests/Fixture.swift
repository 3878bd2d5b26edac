import Foundation
import Machine
import Report
import TestSupport
import Testing
import Workbench

/// Machines and recorded texts beside the tests.
enum Fixture {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

  /// The machine of a scenario in `Machines`.
  static func machine(_ name: String) throws -> Machine {
    try Workbench.open(folder.appendingPathComponent("Machines/\(name).yaml").path)
  }

  /// Expects `text` to be as recorded in `Goldens`.
  static func expect(
    _ text: String, isRecordedAs name: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let file = folder.appendingPathComponent("Goldens/\(name)")
    #expect(
      try RecordedText(file).problem(with: text) == nil, sourceLocation: sourceLocation)
  }

  /// What `body` writes to a stream.
  static func captured(
    isColored: Bool = false, _ body: (ReportStream) throws -> Void
  ) throws -> String {
    let file = try unsafe #require(tmpfile())
    defer { unsafe fclose(file) }
    let stream = ReportStream(
      descriptor: unsafe fileno(file), name: "a test", isColored: isColored)
    try body(stream)
    stream.flush()
    #expect(stream.failure == nil)
    let handle = unsafe FileHandle(fileDescriptor: fileno(file))
    try handle.seek(toOffset: 0)
    return String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
  }

  /// What `body` writes into a buffer.
  static func written(isColored: Bool = false, _ body: (inout TextBuffer) throws -> Void) rethrows
    -> String
  {
    var buffer = TextBuffer(isColored: isColored)
    try body(&buffer)
    return buffer.text
  }
}
