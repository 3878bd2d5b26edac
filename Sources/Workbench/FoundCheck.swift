import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Compares what a search of memory finds of Windows with what a scenario expects.
///
/// The search is told the paging mode and the kernel, and nothing that the scenario says besides.
struct FoundCheck {
  private let expected: Scenario.FoundExpectation
  private let machine: Machine

  init(_ expected: Scenario.FoundExpectation, _ machine: Machine) {
    self.expected = expected
    self.machine = machine.searchedAnew()
  }

  private var system: WindowsSystem? { machine.system.windows }

  private func roots(areDoubtful: Bool) -> Set<UInt64> {
    Set(
      machine.addressSpaces.filter { ($0.sureness == .doubtful) == areDoubtful }
        .map { machine.paging(of: $0).root.rawValue })
  }

  private var processes: Set<UInt64> {
    Set(machine.addressSpaces.compactMap { $0.record?.pid })
  }

  /// What does not hold, key by key.
  var differences: [Difference] {
    var differences = Self.compare("roots", expected.roots, roots(areDoubtful: false))
    if let doubtful = expected.doubtful {
      differences += Self.compare("doubtful roots", doubtful, roots(areDoubtful: true))
    }
    if let wanted = expected.processes {
      differences += Self.compare("processes", wanted, processes)
    }
    differences += PteCheck.compare(
      "self-map", expected.selfMapSlot?.value.hex,
      machine.selfMap.map { UInt64($0.slot).hex })
    let isInferred = system?.origins[.invalidMask]?.kind == .inferred
    differences += PteCheck.compare(
      "invalid-mask", expected.invalidMask?.value.hex,
      isInferred ? system?.invalidMask.rawValue.hex : "not inferred")
    return differences
  }

  private static func compare(
    _ name: String, _ wanted: [Located<UInt64>], _ got: Set<UInt64>
  ) -> [Difference] {
    let wanted = Set(wanted.map(\.value))
    guard wanted != got else { return [] }
    func words(_ numbers: Set<UInt64>) -> String {
      numbers.isEmpty ? "none" : numbers.sorted().map(\.hex).joined(separator: ", ")
    }
    return [("\(name) \(words(wanted))", "\(name) \(words(got))")]
  }

  /// The lines of a golden.
  var goldenLines: [String] {
    machine.addressSpaces.map { space in
      "found root=\(machine.paging(of: space).root)"
        + (space.owner.map { " \($0)" } ?? "") + " by \(space.foundBy)"
    }
      + machine.provenance.filter { Self.subjects.contains($0.subject) }.map {
        "found \($0.subject) \($0.value) \($0.source)"
      }
  }

  private static let subjects: Set = [
    "self-map", WindowsSystem.Anchor.invalidMask.rawValue,
    WindowsSystem.Anchor.processList.rawValue, "processes",
  ]
}
