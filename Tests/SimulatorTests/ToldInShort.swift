import Simulator
import Workbench

extension TimelineRun {
  /// What is wrong with the next step, told in short, where the same step told whole is as in a report.
  func problemInShort(_ whole: StepReport) throws -> String? {
    guard let told = try step(.counts), told.status == whole.status,
      told.faultCounts == whole.faultCounts, told.lists == whole.lists
    else { return "told in short, it is something else" }
    return violations.first.map { "told in short: \($0)" }
  }
}
