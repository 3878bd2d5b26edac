import DumpFormats
public import Golden
import Machine
import PhysicalMemory
import ScenarioFile

/// Runs scenarios: builds or opens the machine, checks expectations and the golden.
public struct ScenarioRunner: Sendable {
  /// Whether goldens that differ are written anew.
  public var update: Bool

  /// Creates a runner.
  public init(update: Bool = false) { self.update = update }

  /// Runs one scenario and takes the time.
  public func run(_ path: String) -> ScenarioResult {
    var result = ScenarioResult(path: path)
    let clock = ContinuousClock()
    let duration = clock.measure { check(path, &result) }
    result.seconds = duration / .seconds(1)
    return result
  }

  private func check(_ path: String, _ result: inout ScenarioResult) {
    do {
      let opened = try OpenScenario(path)
      for expectation in opened.scenario.expectations {
        result.failures += try ExpectationCheck(opened).failures(of: expectation)
      }
      if opened.scenario.golden { try checkGolden(of: opened, path, &result) }
    } catch let error as DiagnosticList {
      result.diagnostics = error.render(color: false)
    } catch ScenarioFileError.malformed(let list) {
      result.diagnostics = list.render(color: false)
    } catch {
      result.diagnostics = "\(error)"
    }
  }

  private func checkGolden(
    of opened: OpenScenario, _ path: String, _ result: inout ScenarioResult
  ) throws {
    let goldenPath = Self.goldenPath(of: path)
    let answers = ScenarioGolden.lines(of: opened)
    let expected: [String]?
    do {
      expected = try Self.recordedGolden(goldenPath)
    } catch {
      result.failures.append(
        .init("golden", at: goldenPath, expected: "a golden that can be read", got: "\(error)"))
      return
    }
    if expected == answers { return }
    if update {
      guard result.failures.isEmpty else {
        result.failures.append(
          .init("golden", expected: "all expectations hold", got: "not recorded: some do not"))
        return
      }
      let file = try OutputFile(goldenPath, force: true)
      try file.write(answers.joined(separator: "\n") + "\n")
      try file.commit()
      result.recorded = true
      return
    }
    result.failures.append(Self.failure(expected, answers, opened.machine, goldenPath))
  }

  private static func failure(
    _ expected: [String]?, _ answers: [String], _ machine: Machine, _ goldenPath: String
  ) -> ScenarioResult.Failure {
    guard let expected else {
      return .init(
        "golden", expected: "a golden in \(goldenPath)",
        got: "none; look at the answers and record them with --update")
    }
    let difference = GoldenComparison.firstDifference(
      expected: expected, got: answers, machine: machine)
    guard let difference else { return .init("golden", expected: "", got: "") }
    return .init(
      "golden" + (difference.entry.map { " \($0)" } ?? ""),
      at: "\(goldenPath):\(difference.line)",
      expected: difference.expected?.trimmed ?? "the end", got: difference.got?.trimmed ?? "the end"
    )
  }

  /// The lines of a golden; nil where there is no such file.
  private static func recordedGolden(_ path: String) throws -> [String]? {
    guard exists(path) else { return nil }
    return ScenarioGolden.split(try Decompression.text(path))
  }

  /// The golden beside a scenario: `NAME.golden` for `NAME.yaml`.
  static func goldenPath(of path: String) -> String {
    let stem = path.lastIndex(of: ".").map { path[..<$0] } ?? path[...]
    return stem + ".golden"
  }
}

extension String {
  fileprivate var trimmed: String {
    String(self[(firstIndex { $0 != " " } ?? startIndex)...])
  }
}
