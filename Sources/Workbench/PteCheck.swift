import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Compares what an entry means with what a scenario expects of it.
struct PteCheck {
  private let expected: Scenario.PteExpectation
  private let mode: PagingMode
  private let wantedLevel: Int
  private let found: EntrySearch.Found?

  init(_ expected: Scenario.PteExpectation, _ opened: OpenScenario, _ space: AddressSpace?) {
    self.expected = expected
    mode = opened.machine.paging.mode
    wantedLevel =
      expected.level.flatMap { level in
        opened.machine.paging.mode.level(named: level.value)
      } ?? 1
    found = EntrySearch(opened.machine, opened.ledger, space)?
      .entry(for: VirtualAddress(expected.va.value), level: wantedLevel)
  }

  /// What does not hold, key by key.
  var differences: [(expected: String, got: String)] {
    guard let found else { return [("an entry", "none that can be read")] }
    guard found.level == wantedLevel else {
      return [
        (
          "an entry of \(mode.entryName(wantedLevel))",
          "\(mode.entryName(found.level)) \(found.words)"
        )
      ]
    }
    let wanted = expected.entry
    let reading = found.reading
    return compare("state", wanted.state?.value.rawValue, reading.state.rawValue)
      + Self.differences(wanted.protection?.value, reading.protection)
      + compare("modifier", wanted.modifier?.value.rawValue, reading.protection?.modifier.rawValue)
      + compare("value", wanted.value?.value.hex, found.entry.hex)
      + compare("pfn", wanted.frameNumber?.value.hex, reading.pfn?.hex)
      + compare("page-file", wanted.pageFile?.value.hex, reading.pageFile?.hex)
      + compare("page-file-offset", wanted.pageFileOffset?.value.hex, reading.pageFileOffset?.hex)
      + compare(
        "prototype-address", wanted.prototypeAddress?.value.hex, reading.prototypeAddress?.hex)
      + compare(
        "subsection-address", wanted.subsectionAddress?.value.hex, reading.subsectionAddress?.hex)
  }

  /// A number says all five bits, words only what they name.
  static func differences(
    _ wanted: Scenario.Protection?, _ got: MMProtection?
  ) -> [(expected: String, got: String)] {
    guard let wanted else { return [] }
    let protection = wanted.protection
    let agrees =
      switch wanted {
      case .number: protection == got
      case .words(_, let modifier):
        protection.base == got?.base
          && (modifier == nil || protection.modifier == got?.modifier)
      }
    guard !agrees else { return [] }
    return [("protection \(protection.name)", "protection \(got?.name ?? "none")")]
  }

  private func compare(
    _ key: String, _ expected: String?, _ got: String?
  ) -> [(expected: String, got: String)] {
    guard let expected, expected != got else { return [] }
    return [("\(key) \(expected)", "\(key) \(got ?? "none")")]
  }

  /// The line of a golden.
  var goldenLine: String {
    let entry = found.map { "\(mode.entryName($0.level)) \($0.words)" } ?? "no entry"
    return "pte \(VirtualAddress(expected.va.value)) \(entry)"
  }
}
