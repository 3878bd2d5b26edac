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
      let reading = try ScenarioParser.read(path: path)
      var answers = reading.scenario.map(ScenarioGolden.header) ?? []
      for variant in reading.variants {
        do {
          let opened: OpenScenario
          if let run = try TimelineRun(variant) {
            let check = try TimelineCheck(run)
            result.failures += check.failures
            answers += check.lines
            opened = check.end
          } else {
            opened = try OpenScenario(variant)
          }
          for expectation in opened.scenario.expectations {
            result.failures += try ExpectationCheck(opened).failures(of: expectation)
          }
          if opened.scenario.golden { answers += ScenarioGolden.section(of: opened) }
        } catch let error as DiagnosticList {
          result.diagnostics = error.naming(variant.scenario?.variant).render(color: false)
          return
        }
      }
      if reading.scenario?.golden == true { try checkGolden(answers, of: reading, &result) }
    } catch {
      result.diagnostics = "\(error)"
    }
  }

  private func checkGolden(
    _ answers: [String], of reading: ScenarioReading, _ result: inout ScenarioResult
  ) throws {
    let goldenPath = Self.goldenPath(of: reading.source.path)
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
      do {
        let file = try OutputFile(goldenPath, force: true)
        try file.write(answers.joined(separator: "\n") + "\n")
        try file.commit()
        result.recorded = true
      } catch {
        result.failures.append(
          .init("golden", at: goldenPath, expected: "a golden that can be written", got: "\(error)")
        )
      }
      return
    }
    result.failures.append(try Self.failure(expected, answers, reading, goldenPath))
  }

  private static func failure(
    _ expected: [String]?, _ answers: [String], _ reading: ScenarioReading, _ goldenPath: String
  ) throws -> ScenarioResult.Failure {
    guard let expected else {
      return .init(
        "golden", expected: "a golden in \(goldenPath)",
        got: "none yet: `mmubench run --update \(reading.source.path)` records the answers, for you"
          + " to read")
    }
    let different = GoldenComparison.firstDifferentLine(expected: expected, got: answers)
    guard let different else { return .init("golden", expected: "", got: "") }
    // The machine of the section is built again: only one of several is kept at a time.
    let section = answers.prefix(different + 1).last { $0.hasPrefix("system ") }
    let opened = try OpenScenario(
      reading.variant(for: section.map { String($0.dropFirst("system ".count)) }))
    let difference = GoldenComparison.firstDifference(
      expected: expected, got: answers, machine: opened.machine)
    return .init(
      "golden" + (difference?.entry.map { " \($0)" } ?? ""), at: "\(goldenPath):\(different + 1)",
      on: opened.scenario.variant, expected: difference?.expected?.trimmed ?? "the end",
      got: difference?.got?.trimmed ?? "the end")
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

extension DiagnosticList {
  /// The same diagnostics with the system that the machine was to be built for.
  fileprivate func naming(_ system: String?) -> DiagnosticList {
    guard let system else { return self }
    return DiagnosticList(
      source: source,
      diagnostics: diagnostics.map { diagnostic in
        // What is wrong with the file is wrong with it for every system.
        guard diagnostic.code.rawValue >= "E0300" else { return diagnostic }
        var diagnostic = diagnostic
        diagnostic.notes.append("for `\(system)`")
        return diagnostic
      })
  }
}

extension String {
  fileprivate var trimmed: String {
    String(self[(firstIndex { $0 != " " } ?? startIndex)...])
  }
}
