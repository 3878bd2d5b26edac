import Foundation
import Golden
import Testing
import Workbench

/// Scenarios in a folder of their own, with what becomes of their goldens.
@Suite final class ScenarioRunnerTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "runner-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func scenario(_ lines: String = "", pa: String = "0x5123") throws -> String {
    let text = """
      mmubench: 1
      scenario: probe
      title: A probe
      source: this test
      machine: { mode: x86-64, memory: 1 MiB }
      map:
        - { va: 0x40_0000, to: 0x5000 }
      expect:
        - { walk: 0x40_0123, pa: \(pa) }
      \(lines)

      """
    let file = folder.appending(path: "probe.yaml")
    try text.write(to: file, atomically: true, encoding: .utf8)
    return file.path
  }

  private var golden: URL { folder.appending(path: "probe.golden") }

  @Test func missingGoldenFails() throws {
    let result = ScenarioRunner().run(try scenario())
    #expect(result.verdict == .failed)
    #expect(!FileManager.default.fileExists(atPath: golden.path))
  }

  @Test func recordingNeverPassesAndTheNextRunDoes() throws {
    let path = try scenario()
    #expect(ScenarioRunner(update: true).run(path).verdict == .failed)
    #expect(ScenarioRunner(update: true).run(path).verdict == .passed)
    #expect(ScenarioRunner().run(path).verdict == .passed)
  }

  @Test func failedExpectationIsNotRecorded() throws {
    let result = ScenarioRunner(update: true).run(try scenario(pa: "0x6123"))
    #expect(!result.recorded)
    #expect(!FileManager.default.fileExists(atPath: golden.path))
  }

  @Test(arguments: [false, true])
  func goldenThatCannotBeReadIsSaidToBeThere(update: Bool) throws {
    let path = try scenario()
    try FileManager.default.createDirectory(at: golden, withIntermediateDirectories: false)
    let result = ScenarioRunner(update: update).run(path)
    #expect(result.verdict == .failed && !result.recorded)
    #expect(result.failures.first?.expected == "a golden that can be read")
  }

  @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
  func goldenThatCannotBeWrittenIsNoMistakeOfTheScenario() throws {
    let path = try scenario()
    let manager = FileManager.default
    try manager.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
    defer { try? manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path) }
    let result = ScenarioRunner(update: true).run(path)
    #expect(result.verdict == .failed && !result.recorded)
    #expect(result.failures.first?.expected == "a golden that can be written")
  }

  @Test func expectationThatFailsNamesItsPlace() throws {
    let path = try scenario("golden: false", pa: "0x6123")
    let failure = try #require(ScenarioRunner().run(path).failures.first)
    #expect(failure.place == "\(path):9:5")
    #expect(failure.expected == "pa 0x6123" && failure.got == "pa 0x5123")
  }

  @Test func truthThatClaimsMoreThanAnyMachineHasEndsAtOnce() throws {
    let path = try scenario("  - { truth: lies.json }\ngolden: false")
    let truth = """
      {"schema": "mmu-lab-truth/1", "processes": [{"pid": 1, "comm": "liar",
       "root": {"user": "0x1000", "kernel": "0x1000"}, "maps": [],
       "pagemap_runs": [["0x0", 34359738368, "0x8000000000000005", 0]]}]}
      """
    try truth.write(to: folder.appending(path: "lies.json"), atomically: true, encoding: .utf8)
    let result = ScenarioRunner().run(path)
    #expect(result.verdict == .failed)
    #expect(result.failures.first?.got.contains("claims more than") == true)
  }

  // MARK: - Several systems

  /// One page, whose entry has 4 bytes in one mode and 8 in the other.
  private func matrix(_ expectations: String, golden: Bool = true) throws -> String {
    let text = """
      mmubench: 1
      scenario: probe
      title: A probe
      source: this test
      machine: { memory: 1 MiB, os: [{ id: none, mode: x86 }, { id: none, mode: pae }] }
      map:
        - { va: 0x40_0000, to: 0x5000 }
        - { va: 0x40_1000, to: 0x8000, on: [pae] }
      expect:
      \(expectations)
      golden: \(golden)

      """
    let file = folder.appending(path: "probe.yaml")
    try text.write(to: file, atomically: true, encoding: .utf8)
    return file.path
  }

  @Test func everySystemHasASectionOfTheGolden() throws {
    let path = try matrix("  - { walk: 0x40_0123, pa: 0x5123 }")
    _ = ScenarioRunner(update: true).run(path)
    let lines = try String(contentsOf: golden, encoding: .utf8).split(separator: "\n")
    let systems = lines.indices.filter { lines[$0].hasPrefix("system ") }
    #expect(systems.map { lines[$0] } == ["system none/x86", "system none/pae"])
    #expect(systems.first == 2)
    #expect(systems.map { lines[$0 + 1].prefix(12) } == ["machine x86 ", "machine pae "])
    #expect(ScenarioRunner().run(path).verdict == .passed)
  }

  @Test func failureSaysWhichSystemFailed() throws {
    let path = try matrix(
      """
        - { walk: 0x40_1123, pa: 0x8123 }
        - { walk: 0x40_1123, outcome: not-present, on: [none/x86] }
      """, golden: false)
    let failures = ScenarioRunner().run(path).failures
    #expect(failures.map(\.system) == ["none/x86"])
    #expect(failures.map(\.place) == ["\(path):10:5"])
  }

  @Test func differenceIsNamedInItsSection() throws {
    let path = try matrix("  - { walk: 0x40_0123, pa: 0x5123 }")
    _ = ScenarioRunner(update: true).run(path)
    var text = try String(contentsOf: golden, encoding: .utf8)
    // The page that only the second system has.
    let old = try #require(text.range(of: "0x8000", options: .backwards))
    text.replaceSubrange(old, with: "0x9000")
    try text.write(to: golden, atomically: true, encoding: .utf8)
    let failure = try #require(ScenarioRunner().run(path).failures.first)
    #expect(failure.system == "none/pae")
    #expect(failure.got.contains("0x8000") || failure.expectation.contains("0x8000"))
  }

  @Test func mistakeNamesTheSystemThatItIsAMistakeFor() throws {
    let path = try matrix("  - { walk: 0x40_0123, stopped-at: PDPTE, outcome: not-present }")
    let diagnostics = try #require(ScenarioRunner().run(path).diagnostics)
    #expect(diagnostics.contains("E0305") && diagnostics.contains("for `none/x86`"))
  }
}
