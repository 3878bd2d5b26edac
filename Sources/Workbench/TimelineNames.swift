import ScenarioFile
import Simulator

extension Scenario {
  /// The words of `status:` and `faults:` that no step of the system can have: an expectation of one would
  /// never hold.
  func unknownAnswers(_ names: StepNames) -> [Diagnostic] {
    guard let steps = timeline?.steps else { return [] }
    let statuses = names.statuses + [Step.noStatus]
    let (known, knownFaults) = (Set(statuses), Set(names.faults))
    var unknown: [Diagnostic] = []
    // A span lends the steps, of which there may be millions.
    let span = steps.span
    for index in span.indices {
      if let status = span[index].status, !known.contains(status.value) {
        unknown.append(
          Diagnostic(.unknownAnswer, unknown: "status", status, choices: statuses))
      }
      for fault in span[index].faults ?? [] where !knownFaults.contains(fault.value) {
        unknown.append(
          Diagnostic(.unknownAnswer, unknown: "ending of a fault", fault, choices: names.faults))
      }
    }
    return unknown
  }
}

extension Scenario.Step {
  /// What `status:` says of a step that has none.
  static let noStatus = "none"
}
