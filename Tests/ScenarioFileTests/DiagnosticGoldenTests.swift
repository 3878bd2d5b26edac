import Foundation
import ScenarioFile
import TestSupport
import Testing

/// `Diagnostics/E0202-unknown-key.yaml` must be refused with the text in `E0202-unknown-key.txt`.
///
/// `MMUBENCH_RECORD=1` writes the texts; review them in the diff.
@Suite struct DiagnosticGoldenTests {
  /// Inputs too large to keep as files.
  private static let generated: [String: String] = [
    "E0101-too-large.yaml": String(repeating: "# 4 MiB of comments\n", count: 220_000),
    "E0107-too-many-nodes.yaml": "list: [" + String(repeating: "0,", count: 1 << 18) + "]\n",
  ]

  private static let inputs: [String] = {
    let files = try? FileManager.default.contentsOfDirectory(atPath: Fixture.diagnostics.path)
    return ((files ?? []).filter { $0.hasSuffix(".yaml") } + generated.keys).sorted()
  }()

  @Test(arguments: inputs)
  func diagnosticsAreAsRecorded(input: String) throws {
    let bytes =
      try Self.generated[input].map { Array($0.utf8) }
      ?? Array(Data(contentsOf: Fixture.diagnostics.appendingPathComponent(input)))
    let list = try #require(throws: DiagnosticList.self) {
      try ScenarioParser.parse(bytes: bytes, path: input, checkingName: false)
    }
    let code = input.prefix(5)
    #expect(list.diagnostics.contains { $0.code.rawValue == code }, "\(list.render(color: false))")
    let rendered = list.render(color: false)
    let golden = Fixture.diagnostics.appendingPathComponent(input.dropLast(5) + ".txt")
    #expect(try RecordedText(golden).problem(with: rendered) == nil)
  }

  @Test func everyCodeOfTheParserHasAFixture() {
    let covered = Set(Self.inputs.map { String($0.prefix(5)) })
    // The image builder reports the codes from E0301 on, and tests them.
    let codes = DiagnosticCode.allCases.map(\.rawValue).filter { $0 < "E0300" }
    #expect(codes.filter { !covered.contains($0) } == [])
  }

  @Test func everyRecordedTextHasAnInput() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Fixture.diagnostics.path)
    let texts = files.filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(4)) + ".yaml" }
    #expect(texts.filter { !Self.inputs.contains($0) } == [])
  }
}
