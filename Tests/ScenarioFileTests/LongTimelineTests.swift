import Foundation
import ScenarioFile
import Testing

/// A timeline that is too long to be parsed at once is read in parts, as if it were not.
@Suite struct LongTimelineTests {
  private static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Scenarios/timelines").path

  /// Every timeline is too long, and each step is a part.
  private static let small: SyntaxGuard.Limits = {
    var limits = SyntaxGuard.Limits()
    (limits.whole, limits.part) = (0, 0)
    return limits
  }()

  private static func read(
    _ text: String, _ limits: SyntaxGuard.Limits = small
  ) -> ScenarioReading {
    ScenarioParser.read(
      bytes: Array(text.utf8), path: "long.yaml", checkingName: false, limits: limits)
  }

  private static func text(_ steps: [String], _ rest: String = "") -> String {
    """
    mmubench: 1
    scenario: long
    title: A timeline in parts
    source: the test
    machine: { mode: x86-64, memory: 1 MiB, os: windows-19041.508 }
    timeline:

    """ + steps.map { "  - \($0)\n" }.joined() + rest
  }

  @Test func everyShippedTimelineReadsTheSameInParts() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
    for name in names where name.hasSuffix(".yaml") {
      let text = try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)
      let (whole, parts) = (Self.read(text, .init()), Self.read(text))
      let steps = [whole, parts].map { $0.scenario?.timeline?.steps ?? [] }
      #expect(steps[0].map(\.operation) == steps[1].map(\.operation), "\(name)")
      #expect(steps[0].map(Self.words) == steps[1].map(Self.words), "\(name)")
      #expect(!steps[0].isEmpty && whole.scenario?.timeline?.mark == parts.scenario?.timeline?.mark)
      #expect(whole.scenario?.expectations.count == parts.scenario?.expectations.count, "\(name)")
      #expect(whole.scenario?.golden == parts.scenario?.golden, "\(name)")
    }
  }

  /// What a step says beside its operation.
  private static func words(_ step: Scenario.Step) -> String {
    "\(step.mark) \(String(describing: step.process)) \(step.frames) \(String(describing: step.note))"
      + " \(String(describing: step.status)) \(String(describing: step.faults))"
      + " \(step.expectations.map { String(describing: $0.mark) })"
  }

  @Test func aMistakeIsReportedAtItsLine() {
    let steps = ["{ read: 0x1000 }", "{ raed: 0x1000 }", "write: 0x2000"]
    let reading = Self.read(Self.text(steps, "golden: maybe\n"))
    #expect(
      reading.list().diagnostics.map { "\($0.code.rawValue) \($0.mark)" }
        == Self.read(Self.text(steps, "golden: maybe\n"), .init())
        .list().diagnostics.map { "\($0.code.rawValue) \($0.mark)" })
    #expect(reading.list().diagnostics.map(\.mark.line) == [8, 10])
  }

  @Test func aSyntaxErrorInAStepLeavesNothing() {
    let reading = Self.read(Self.text(["{ read: 0x1000 }", "{ read: 0x1000 ]"]))
    #expect(reading.scenario == nil)
    #expect(reading.diagnostics.map(\.code) == [.syntax])
    #expect(reading.diagnostics.map(\.mark.line) == [8])
  }

  @Test func listsThatAreNotIndentedAreStepsToo() {
    let text = Self.text([]) + "- { read: 0x1000 }\n- { write: 0x1000 }\ngolden: false\n"
    #expect(Self.read(text).scenario?.timeline?.steps.count == 2)
    #expect(Self.read(text).scenario?.golden == false)
  }

  @Test func stepsDoNotCountForTheRestOfTheFile() {
    var limits = SyntaxGuard.Limits()
    (limits.nodes, limits.whole, limits.part) = (20, 20, 30)
    let steps = (0..<100).map { "{ read: \($0 * 4096) }" }
    let reading = Self.read(Self.text(steps), limits)
    #expect(reading.diagnostics.isEmpty)
    #expect(reading.scenario?.timeline?.steps.count == 100)
    let other = Self.read(Self.text(steps, "deviates: [a, b, c, d, e, f, g, h]\n"), limits)
    #expect(other.diagnostics.map(\.code) == [.tooManyNodes])
  }

  @Test func oneStepHasNoMoreThanAFile() {
    var limits = SyntaxGuard.Limits()
    limits.nodes = 20
    let frames = (0..<20).map { "\($0 * 4096)" }.joined(separator: ", ")
    let reading = Self.read(Self.text(["{ read: 0x1000, frames: [\(frames)] }"]), limits)
    #expect(reading.diagnostics.map(\.code) == [.tooManyNodes])
  }

  @Test func stepsAreCounted() {
    var limits = SyntaxGuard.Limits()
    limits.steps = 3
    let reading = Self.read(Self.text(Array(repeating: "{ read: 0 }", count: 4)), limits)
    #expect(reading.diagnostics.map(\.code) == [.tooManyNodes])
    #expect(reading.diagnostics.map(\.mark) == [SourceMark(line: 10, column: 3)])
  }

  @Test func anchorsAndAliasesOfStepsAreRefused() {
    for step in ["&a { read: 0 }", "*a", "{ read: *a }", "{ read: &a 0 }"] {
      let reading = Self.read(Self.text(["{ read: 0 }", step]))
      #expect(reading.diagnostics.map(\.code) == [.anchorOrAlias], "\(step)")
    }
  }

  @Test func aHundredThousandStepsAreRead() {
    let steps = (0..<100_000).map { "{ read: \($0 * 4096) }" }
    let reading = Self.read(Self.text(steps), .init())
    #expect(reading.diagnostics.isEmpty)
    #expect(reading.scenario?.timeline?.steps.count == 100_000)
    #expect(reading.scenario?.timeline?.steps.last?.mark == SourceMark(line: 100_006, column: 5))
  }
}
