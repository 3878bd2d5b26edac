import Foundation
import FoundationXML
import Golden
import Report
import Testing

/// The outcomes of runs, for people, scripts and build servers.
@Suite struct RunReportTests {
  private static func result(
    _ path: String, failures: [ScenarioResult.Failure] = [], diagnostics: String? = nil,
    recorded: Bool = false, seconds: Double = 0
  ) -> ScenarioResult {
    var result = ScenarioResult(path: path)
    result.failures = failures
    result.diagnostics = diagnostics
    result.recorded = recorded
    result.seconds = seconds
    return result
  }

  private static let results = [
    result("Scenarios/x86/a.yaml", seconds: 0.0123),
    result(
      "Scenarios/x86/b.yaml",
      failures: [
        .init("walk 0x400123", at: "Scenarios/x86/b.yaml:12:5", expected: "0x5123", got: "0x5124"),
        .init("golden", at: nil, expected: "a golden in b.golden", got: "none"),
      ], seconds: 1.5),
    result(
      "c.yaml", diagnostics: "c.yaml:1:1: error[E0202]: unknown key `x`\n1 | x: <&>\n"),
    result("d.yaml", recorded: true),
  ]

  @Test func outcomesForPeopleAreAsRecorded() throws {
    let text = Fixture.written { out in
      for result in Self.results { result.writeText(to: &out) }
    }
    try Fixture.expect(text, isRecordedAs: "run.txt")
  }

  @Test func outcomesForScriptsAreAsRecorded() throws {
    let text = Fixture.written { out in
      for result in Self.results { result.writeJSON(to: &out) }
    }
    try Fixture.expect(text, isRecordedAs: "run.json")
  }

  @Test func outcomesForBuildServersAreAsRecorded() throws {
    let text = Fixture.written { JUnitReport.write(Self.results, to: &$0) }
    try Fixture.expect(text, isRecordedAs: "run.xml")
  }

  @Test(arguments: ["]]>", "<a>&amp;\"'", "\u{0}\u{1b}[31m\u{fffe}", "é\n\t\r𝄞", "--><!--"])
  func hostileTextStaysXML(text: String) throws {
    let result = Self.result(
      text, failures: [.init(text, at: text, expected: text, got: text)], diagnostics: text,
      seconds: .infinity)
    let xml = Fixture.written { JUnitReport.write([result], to: &$0) }
    let document = try XMLDocument(xmlString: xml)
    #expect(try document.nodes(forXPath: "//testcase").count == 1)
  }

  @Test(arguments: ["\u{1b}[31mred", "a\rb", "a\u{202e}b", "a\nb"])
  func textOfOthersCannotMoveTheCursor(text: String) {
    let result = Self.result(
      text, failures: [.init(text, at: text, expected: text, got: text)])
    let written = Fixture.written { result.writeText(to: &$0) }
    #expect(!written.contains(text))
    #expect(written.split(separator: "\n").count == 4)
  }
}
