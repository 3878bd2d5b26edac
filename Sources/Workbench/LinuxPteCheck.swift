import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// Compares what an entry means to Linux with what a scenario expects.
struct LinuxPteCheck {
  private let expected: Scenario.PteExpectation
  private let mode: PagingMode
  private let level: Int
  private let finding: LinuxFinding
  /// The entry of the level, and what it means; nil where nothing leads there.
  private let found: (entry: UInt64, reading: LinuxEntryReading)?

  /// Nil where the machine's system is not Linux.
  init?(_ expected: Scenario.PteExpectation, _ machine: Machine, _ space: AddressSpace?) {
    guard let classifier = machine.linuxClassifier(in: space) else { return nil }
    self.expected = expected
    mode = machine.paging.mode
    let level = expected.level.flatMap { machine.paging.mode.level(named: $0.value) } ?? 1
    self.level = level
    let address = VirtualAddress(expected.va.value)
    finding = classifier.finding(of: address)
    let state = space.map(machine.paging(of:)) ?? machine.paging
    let decoder = LinuxEntryDecoder(classifier.kernel, state)
    let step = machine.walk(address, in: space).steps.first { $0.level == level }
    found = step?.entry.map { ($0, decoder.reading(of: $0, level: level)) }
  }

  /// What does not hold, key by key.
  var differences: [Difference] {
    let wanted = expected.entry
    guard let found else {
      return [("an entry of \(mode.entryName(level))", "none that can be read")]
    }
    let reading = found.reading
    let isLast = finding.level == level
    let state = isLast ? finding.state ?? reading.state : reading.state
    let frame = reading.frame?.frame ?? reading.swapFrame
    func flag(_ name: String, _ wanted: Located<Bool>?, _ got: Bool) -> [Difference] {
      PteCheck.compare(name, wanted.map { "\($0.value)" }, "\(got)")
    }
    return PteCheck.compare("state", wanted.state?.value.rawValue, state.rawValue)
      + PteCheck.compare("value", wanted.value?.value.hex, found.entry.hex)
      + PteCheck.compare("pfn", wanted.frameNumber?.value.hex, frame?.hex)
      + PteCheck.compare("type", wanted.swapType?.value.hex, reading.swapType?.hex)
      + PteCheck.compare("offset", wanted.swapOffset?.value.hex, reading.swapOffset?.hex)
      + flag("soft-dirty", wanted.isSoftDirty, reading.isSoftDirty)
      + flag("uffd-wp", wanted.isUserfaultWriteProtected, reading.isUserfaultWriteProtected)
      + flag("exclusive", wanted.isExclusive, reading.isExclusive)
      + ofWindows.map { ($0, "none: Linux has none") }
  }

  /// What is expected that only Windows says.
  private var ofWindows: [String] {
    let wanted = expected.entry
    return [
      (wanted.protection != nil, "protection"), (wanted.modifier != nil, "modifier"),
      (wanted.pageFile != nil, "page-file"), (wanted.pageFileOffset != nil, "page-file-offset"),
      (wanted.prototypeAddress != nil, "prototype-address"),
      (wanted.subsectionAddress != nil, "subsection-address"),
      (expected.destination != nil, "leads-to"),
    ].filter(\.0).map(\.1)
  }

  /// The lines of a golden.
  var goldenLines: [String] {
    let entry =
      found.map {
        "\(mode.entryName(level)) \($0.entry.hex) \($0.reading.state.rawValue)\($0.reading.factWords)"
      } ?? "no entry"
    return [
      "pte \(VirtualAddress(expected.va.value)) \(entry)", "  finds \(finding.words)",
    ]
  }
}
