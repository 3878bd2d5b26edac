import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Why a step was not done.
///
/// A status is what the system answers, and the timeline goes on. A mistake is something that nobody
/// can ask of any system: the scenario is wrong.
enum StepFailure: Error {
  case status(StepStatus)
  case mistake(DiagnosticCode, String, notes: [String])
  /// A mistake whose place in the file is known.
  case wrong(Diagnostic)

  static func status(_ status: NTStatus) -> StepFailure { .status(StepStatus(status)) }

  static func mistake(_ text: String, notes: [String] = []) -> StepFailure {
    .mistake(.impossibleStep, text, notes: notes)
  }

  /// What comes in the way of the machine's beginning: for want of memory, the memory is what is wrong.
  func atBoot(_ scenario: Scenario) -> StepFailure {
    guard case .status(let status) = self else { return self }
    return .mistake(
      .outOfFrames, "the machine cannot begin: \(status.name)", at: scenario.machine.memory.mark,
      notes: ["a machine of that system needs more memory"])
  }

  /// The process that a step is about, which is not there: the place is that of the step's `process:`.
  static func absent(_ reference: Located<Scenario.ProcessReference>?) -> StepFailure {
    guard let reference else {
      return .mistake("no process is left at this step")
    }
    let name =
      switch reference.value {
      case .pid(let pid): "\(pid)"
      case .name(let name): name
      }
    return .mistake(
      .impossibleStep, "the process \(Diagnostic.quote(name)) is not there at this step",
      at: reference.mark, notes: ["it has ended, or not begun"])
  }

  /// A frame that `frames` names, by its address, and that somebody has.
  static func taken(_ wanted: Located<UInt64>) -> StepFailure {
    .mistake(
      .overlap, "frame \((wanted.value / frameSize).hex) is in use, or not installed",
      at: wanted.mark, notes: ["`frames` names frames that are free"])
  }

  /// A frame that `frames` names and that the step has no need of.
  static func unused(_ left: Located<UInt64>) -> StepFailure {
    .mistake(
      .impossibleStep, "the step takes no frame for \(left.value.hex)", at: left.mark,
      notes: ["`frames` names as many frames as the step needs, or fewer"])
  }

  static func mistake(
    _ code: DiagnosticCode, _ text: String, at mark: SourceMark?, notes: [String] = []
  ) -> StepFailure {
    mark.map { .wrong(Diagnostic(code, text, at: $0, notes: notes)) }
      ?? .mistake(code, text, notes: notes)
  }
}
