import Foundation
import ImageBuilder
import ScenarioFile
import TestSupport
import Testing

/// What is wrong with `Diagnostics/Together/*.yaml` for the parser and for the builder is said at once, as in the
/// `.txt` beside it.
///
/// `MMUBENCH_RECORD=1` writes the texts; review them in the diff.
@Suite struct TogetherTests {
  private static let folder = Fixture.diagnostics.appendingPathComponent("Together")

  private static let inputs: [String] = {
    let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    return (files ?? []).filter { $0.hasSuffix(".yaml") }.sorted()
  }()

  @Test(arguments: inputs)
  func allMistakesAreReportedTogether(input: String) throws {
    let text = try String(
      contentsOf: Self.folder.appendingPathComponent(input), encoding: .utf8)
    let reading = ScenarioParser.read(text: text, path: input, checkingName: false)
    let list = Self.mistakes(in: reading)
    #expect(list.diagnostics == list.diagnostics.sorted { $0.mark < $1.mark })
    #expect(Set(list.diagnostics).count == list.diagnostics.count)
    let rendered = list.render(color: false)
    let golden = Self.folder.appendingPathComponent(input.dropLast(5) + ".txt")
    #expect(try RecordedText(golden).problem(with: rendered) == nil)
  }

  private static func mistakes(in reading: ScenarioReading) -> DiagnosticList {
    if case .dump = reading.scenario?.machine.memory.value {
      return DiagnosticList(
        source: reading.source, diagnostics: ImageBuilder.mistakes(overUnopenedDump: reading))
    }
    do throws(DiagnosticList) {
      _ = try ImageBuilder.build(reading)
    } catch {
      return error
    }
    return DiagnosticList(source: reading.source, diagnostics: [])
  }

  @Test func theFixturesAreThere() { #expect(Self.inputs.count >= 10) }

  @Test func aReadingWithMistakesIsNeverBuilt() {
    let text = """
      mmubench: 1
      scenario: a
      title: A title
      source: a test
      machine: { mode: x86-64, memory: 1 MiB }
      map: [{ va: 0x40_0000, to: 0x5000 }]
      deviates: [{ orakel: qemu }]
      """
    let reading = ScenarioParser.read(text: text, path: "a.yaml", checkingName: false)
    #expect(reading.scenario != nil)
    #expect(throws: DiagnosticList.self) { try ImageBuilder.build(reading) }
  }

  /// Whatever is left of a damaged file is checked without a trap, and soon.
  @Test func damagedScenariosNeverTrap() throws {
    let seed = UInt64.random(in: 0...(.max))
    var random = SeededGenerator(seed: seed)
    let texts = try
      (Self.inputs.map { Self.folder.appendingPathComponent($0) }
      + FileManager.default.contentsOfDirectory(atPath: Fixture.diagnostics.path)
      .filter { $0.hasSuffix(".yaml") }.sorted().map(Fixture.diagnostics.appendingPathComponent))
      .map { try String(contentsOf: $0, encoding: .utf8) }
    let words = [
      "x", "0", "1", "4096", "0xffff_ffff_ffff_ffff", "1 GiB", "[]", "{}", "auto", "PTE",
    ]
    for round in 0..<300 {
      var parts = texts[Int.random(in: 0..<texts.count, using: &random)]
        .split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0..<parts.count, using: &random)
        let end = parts[place].drop { !",\n".contains($0) }
        parts[place] = (words.randomElement(using: &random) ?? "") + end
      }
      let text = parts.joined(separator: " ")
      let reading = ScenarioParser.read(text: text, path: "m.yaml", checkingName: false)
      let isWhole = reading.diagnostics.isEmpty && reading.scenario != nil
      let found = Self.mistakes(in: reading)
      #expect(isWhole || !found.diagnostics.isEmpty, "seed \(seed) round \(round)")
      #expect(Set(found.diagnostics).isSuperset(of: reading.diagnostics), "seed \(seed) \(round)")
    }
  }

  /// A mistake anywhere takes nothing away from the others and adds none elsewhere.
  @Test(
    arguments: [
      ("map: [{ va: 0x40_0000, to: 0x5000 }, { va: 0x40_1000, to: x }]", ["E0209 6:59"]),
      ("map: [{ va: 0x40_0000, to: { from: 1, sed: 2 } }]", ["E0202 6:39", "E0302 6:28"]),
      ("mapp: []\ncontents: [{ va: 0x40_0000, text: a }]", ["E0202 6:1"]),
      ("contents: [{ va: 0x40_0000, text: a }]", ["E0323 6:18"]),
      ("contents: [{ va: 0x40_0000, text: a, siz: 1 }]", ["E0202 6:38"]),
      ("share: [{ va: 0, level: PTE, with: 0, process: 4 }]", ["E0215 6:48"]),
      (
        "entries: [{ at: 0x1000, width: 5, value: 1 }, { at: 0x1004, width: four, value: 1 }]",
        ["E0214 6:32", "E0205 6:68"]
      ),
      ("map: [{ va: 0x40_0000, to: auto, pag: 2 MiB, fields: { PS: 1 } }]", ["E0202 6:34"]),
      (
        "map: [{ va: 0x40_0000, to: 0x5000, page: 4 KiB, rights: { write: maybe }, fields: { RW: 0 } }]",
        ["E0213 6:66"]
      ),
    ] as [(String, [String])])
  func oneMistakeDoesNotMakeAnother(lines: String, expected: [String]) {
    let text = """
      mmubench: 1
      scenario: a
      title: A title
      source: a test
      machine: { mode: x86-64, memory: 1 MiB }
      \(lines)
      """
    let reading = ScenarioParser.read(text: text, path: "a.yaml", checkingName: false)
    let found = Self.mistakes(in: reading).diagnostics.map { "\($0.code.rawValue) \($0.mark)" }
    #expect(Set(found) == Set(expected), "\(found)")
  }
}
