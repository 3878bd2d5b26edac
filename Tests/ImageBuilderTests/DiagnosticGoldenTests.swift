import Foundation
import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import TestSupport
import Testing

/// `Diagnostics/E0301-overlapping-pages.yaml` must be refused with the text in its `.txt`.
///
/// `MMUBENCH_RECORD=1` writes the texts; review them in the diff.
@Suite struct DiagnosticGoldenTests {
  private static let inputs: [String] = {
    let files = try? FileManager.default.contentsOfDirectory(atPath: Fixture.diagnostics.path)
    return (files ?? []).filter { $0.hasSuffix(".yaml") }.sorted()
  }()

  /// Codes that need files which the room does not open.
  private static let reportedElsewhere = ["E0318"]

  @Test(arguments: inputs)
  func diagnosticsAreAsRecorded(input: String) throws {
    let path = Fixture.diagnostics.appendingPathComponent(input)
    let text = try String(contentsOf: path, encoding: .utf8)
    let scenario = try ScenarioParser.parse(text: text, path: input, checkingName: false)
    let list = try #require(throws: DiagnosticList.self) { try Self.use(scenario) }
    let rendered = list.render(color: false)
    #expect(list.diagnostics.contains { $0.code.rawValue == input.prefix(5) }, "\(rendered)")
    let golden = Fixture.diagnostics.appendingPathComponent(input.dropLast(5) + ".txt")
    #expect(try RecordedText(golden).problem(with: rendered) == nil)
  }

  /// Builds the scenario, or applies it to a small machine where its memory is a dump.
  private static func use(_ scenario: Scenario) throws {
    guard case .dump = scenario.machine.memory.value else {
      _ = try ImageBuilder.build(scenario)
      return
    }
    var machine = try Fixture.dump()
    try ImageBuilder.apply(scenario, to: &machine)
  }

  @Test func everyCodeOfTheBuilderHasAFixture() {
    let covered = Set(Self.inputs.map { String($0.prefix(5)) } + Self.reportedElsewhere)
    let codes = DiagnosticCode.allCases.map(\.rawValue).filter { $0 > "E0300" && $0 < "E0400" }
    #expect(codes.filter { !covered.contains($0) } == [])
  }

  @Test func everyRecordedTextHasAnInput() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Fixture.diagnostics.path)
    let texts = files.filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(4)) + ".yaml" }
    #expect(texts.filter { !Self.inputs.contains($0) } == [])
  }
}
