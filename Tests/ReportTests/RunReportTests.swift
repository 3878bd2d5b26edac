import Foundation
import FoundationXML
import Report
import Testing

/// The outcomes of runs, for people, scripts and build servers.
@Suite struct RunReportTests {
  private static let records = [
    RunRecord(path: "Scenarios/x86/a.yaml", verdict: .passed, failures: [], seconds: 0.0123),
    RunRecord(
      path: "Scenarios/x86/b.yaml", verdict: .failed,
      failures: [
        .init("walk 0x400123", at: "Scenarios/x86/b.yaml:12:5", expected: "0x5123", got: "0x5124"),
        .init("golden", at: nil, expected: "a golden in b.golden", got: "none"),
      ], seconds: 1.5),
    RunRecord(
      path: "c.yaml", verdict: .malformed, failures: [],
      diagnostics: "c.yaml:1:1: error[E0202]: unknown key `x`\n1 | x: <&>\n", seconds: 0),
    RunRecord(
      path: "d.yaml", verdict: .failed, failures: [], note: "the golden was written", seconds: 0),
  ]

  @Test func outcomesForPeopleAreAsRecorded() throws {
    let text = Fixture.written { out in
      for record in Self.records { record.writeText(to: &out) }
    }
    try Fixture.expect(text, isRecordedAs: "run.txt")
  }

  @Test func outcomesForScriptsAreAsRecorded() throws {
    let text = Fixture.written { out in
      for record in Self.records { record.writeJSON(to: &out) }
    }
    try Fixture.expect(text, isRecordedAs: "run.json")
  }

  @Test func outcomesForBuildServersAreAsRecorded() throws {
    let text = Fixture.written { JUnitReport.write(Self.records, to: &$0) }
    try Fixture.expect(text, isRecordedAs: "run.xml")
  }

  @Test(arguments: ["]]>", "<a>&amp;\"'", "\u{0}\u{1b}[31m\u{fffe}", "é\n\t\r𝄞", "--><!--"])
  func hostileTextStaysXML(text: String) throws {
    let record = RunRecord(
      path: text, verdict: .malformed,
      failures: [.init(text, at: text, expected: text, got: text)], diagnostics: text, note: text,
      seconds: .infinity)
    let xml = Fixture.written { JUnitReport.write([record], to: &$0) }
    let document = try XMLDocument(xmlString: xml)
    #expect(try document.nodes(forXPath: "//testcase").count == 1)
  }

  @Test(arguments: ["\u{1b}[31mred", "a\rb", "a\u{202e}b", "a\nb"])
  func textOfOthersCannotMoveTheCursor(text: String) {
    let record = RunRecord(
      path: text, verdict: .failed,
      failures: [.init(text, at: text, expected: text, got: text)], seconds: 0)
    let written = Fixture.written { record.writeText(to: &$0) }
    #expect(!written.contains(text))
    #expect(written.split(separator: "\n").count == 4)
  }
}
