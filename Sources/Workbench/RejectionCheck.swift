import ImageBuilder
import ScenarioFile

/// Checks that a scenario inside a scenario is refused, with the right code at the right place.
struct RejectionCheck {
  private let rejection: Scenario.Rejection
  private let scenario: Scenario

  init(_ rejection: Scenario.Rejection, in scenario: Scenario) {
    self.rejection = rejection
    self.scenario = scenario
  }

  /// What differs; nil where the scenario is refused as expected.
  var difference: Difference? {
    let place = rejection.at.map { " at \($0.value)" } ?? ""
    let wanted = "\(rejection.code.value.rawValue)\(place)"
    let found = diagnostics
    let isFound = found.contains { diagnostic in
      diagnostic.code == rejection.code.value
        && (rejection.at == nil || rejection.at?.value == diagnostic.mark)
    }
    guard !isFound else { return nil }
    let got = found.map { "\($0.code.rawValue) at \($0.mark): \($0.message)" }
    return (wanted, got.isEmpty ? "the scenario is accepted" : got.joined(separator: "; "))
  }

  private var diagnostics: [Diagnostic] {
    do {
      let path = "\(scenario.file.path) (rejects)"
      let reading = ScenarioParser.read(
        text: rejection.text.value, path: path, checkingName: false)
      if let run = try TimelineRun(reading) {
        try run.run()
      } else {
        _ = try ImageBuilder.build(reading)
      }
      return []
    } catch {
      return error.diagnostics
    }
  }
}
