import Foundation
import TestSupport
import Testing

/// The one way in opens: a line that does not belong in it ends every verb before it begins.
@Suite struct ScriptTests {
  private static let script = Repository.file("Tools/dev")

  @Test func theHelpIsAllThatTheHelpPrints() throws {
    let process = Process()
    process.executableURL = Self.script
    process.arguments = ["help"]
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let help = try output.fileHandleForReading.readToEnd() ?? Data()
    let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(String(decoding: complaint, as: UTF8.self) == "")
    #expect(String(decoding: help, as: UTF8.self).hasPrefix("Usage: Tools/dev VERB"))
  }

  @Test func everyVerbCallsAFunctionThatIsThereOnce() throws {
    let text = try String(contentsOf: Self.script, encoding: .utf8)
    let functions = text.matches(of: /(?m)^([a-z_]+)\(\) *\{/).map { String($0.1) }
    #expect(functions.count == Set(functions).count, "\(functions)")
    let called = text.matches(of: #/(?m)^  [a-z-]+\) (?:setup && )?([a-z_]+) /#)
      .map { String($0.1) }
    #expect(called.count >= 8)
    #expect(called.filter { !functions.contains($0) } == [])
  }
}
