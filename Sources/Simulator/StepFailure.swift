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

  static func mistake(
    _ code: DiagnosticCode, _ text: String, at mark: SourceMark?, notes: [String] = []
  ) -> StepFailure {
    mark.map { .wrong(Diagnostic(code, text, at: $0, notes: notes)) }
      ?? .mistake(code, text, notes: notes)
  }
}
