import Foundation
import ScenarioFile

/// Where the files beside the tests are.
enum Fixture {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  static let diagnostics = folder.appendingPathComponent("Diagnostics")

  /// The smallest scenario, with lines added at its end.
  static func scenario(_ lines: String = "", machine: String = "{ mode: x86-64, memory: 16 MiB }")
    -> String
  {
    """
    mmubench: 1
    scenario: a
    title: A title
    source: a test
    machine: \(machine)
    \(lines)
    """
  }

  /// The parsed text, whatever its name.
  static func parse(_ text: String) throws(DiagnosticList) -> Scenario {
    try ScenarioParser.parse(text: text, path: "a.yaml", checkingName: false)
  }

  /// What is wrong with a text, nothing if it is a scenario.
  static func diagnostics(_ text: String) -> [Diagnostic] {
    do throws(DiagnosticList) {
      _ = try parse(text)
      return []
    } catch {
      return error.diagnostics
    }
  }

  /// The codes and places of what is wrong with a text.
  static func faults(_ text: String) -> [String] {
    diagnostics(text).map { "\($0.code.rawValue) \($0.mark)" }
  }
}
