import Machine
import PhysicalMemory
import ScenarioFile
import Simulator
import WindowsMemory

/// Compares what the PFN database says of a frame with what a scenario expects.
struct PfnCheck {
  let expected: Scenario.PfnExpectation
  let machine: Machine

  /// What does not hold, key by key.
  var differences: [(expected: String, got: String)] {
    let number = expected.number.value
    guard let database = machine.classifier()?.pfnDatabase else {
      return [("a PFN database", "none is known")]
    }
    let entry: PFNEntry
    do throws(KernelReadFailure) {
      entry = try database.entry(of: number)
    } catch {
      return [("an entry for frame \(number.hex)", "\(error)")]
    }
    func hex(_ name: String, _ wanted: Located<UInt64>?, _ got: UInt64?) -> [(String, String)] {
      PteCheck.compare(name, wanted?.value.hex, got?.hex)
    }
    return PteCheck.compare(
      "location", expected.location?.value.rawValue, entry.location.rawValue)
      + hex("share-count", expected.shareCount, entry.shareCount)
      + hex("reference-count", expected.referenceCount, entry.referenceCount)
      + hex("pte-address", expected.pteAddress, entry.pteAddress.rawValue)
      + hex("original-pte", expected.originalPte, entry.originalPte)
      + hex("pte-frame", expected.pteFrame, entry.pteFrame)
      + PteCheck.compare(
        "prototype", expected.isPrototype.map { "\($0.value)" }, "\(entry.isPrototype)")
  }
}

/// Compares what the last step left with what a scenario expects.
struct MomentCheck {
  let opened: OpenScenario

  func differences(
    _ lists: [Scenario.ListExpectation]
  ) -> [(expected: String, got: String)] {
    guard let moment = opened.moment else { return [("a timeline", "none: nothing has lists")] }
    return lists.flatMap { list -> [(String, String)] in
      let name = list.list.rawValue
      let got = moment.lists.first { $0.name == name }?.after
      guard got != Int(list.count.value) else { return [] }
      return [("\(name) \(list.count.value)", got.map { "\(name) \($0)" } ?? "not counted")]
    }
  }

  func differences(
    _ expected: Scenario.MomentPagemap, of process: Scenario.ProcessReference?
  ) -> [(expected: String, got: String)] {
    guard let run = opened.moment?.run, let word = run.pagemap(expected.va.value, of: process)
    else { return [("what Linux says in pagemap", "nothing: there is no such process")] }
    return PagemapWords.differences(expected, word)
  }
}
