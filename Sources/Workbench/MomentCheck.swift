import Machine
import ScenarioFile
import Simulator

/// Compares what the last step left with what a scenario expects.
struct MomentCheck {
  let opened: OpenScenario

  func differences(
    _ lists: [Scenario.ListExpectation]
  ) -> [Difference] {
    guard let moment = opened.moment else { return [("a timeline", "none: nothing has lists")] }
    return lists.flatMap { list -> [Difference] in
      let name = list.list.rawValue
      let got = moment.lists.first { $0.name == name }?.after
      guard got != Int(list.count.value) else { return [] }
      return [("\(name) \(list.count.value)", got.map { "\(name) \($0)" } ?? "not counted")]
    }
  }

  func differences(
    _ expected: Scenario.MomentPagemap, of process: Scenario.ProcessReference?
  ) -> [Difference] {
    func nothing(_ reason: String) -> [Difference] {
      [("what Linux says in pagemap", "nothing: \(reason)")]
    }
    guard let run = opened.moment?.run else { return nothing("there is no timeline") }
    guard opened.machine.system.linux != nil else { return nothing("only Linux has pagemap") }
    guard let word = run.pagemap(expected.va.value, of: process) else {
      return nothing("there is no such process")
    }
    return PagemapWords.differences(expected, word)
  }
}
