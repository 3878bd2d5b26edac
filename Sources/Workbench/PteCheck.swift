import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Compares what an entry means, and where it leads, with what a scenario expects.
struct PteCheck {
  private let expected: Scenario.PteExpectation
  private let mode: PagingMode
  private let wantedLevel: Int
  private let finding: PageFinding?
  private let found: EntrySearch.Found?
  /// The answer of Linux, where the system is that.
  private let linux: LinuxPteCheck?

  init(_ expected: Scenario.PteExpectation, _ machine: Machine, _ space: AddressSpace?) {
    self.expected = expected
    linux = LinuxPteCheck(expected, machine, space)
    mode = machine.paging.mode
    let level = expected.level.flatMap { machine.paging.mode.level(named: $0.value) } ?? 1
    wantedLevel = level
    let search = EntrySearch(machine, space)
    let finding = search?.finding(of: VirtualAddress(expected.va.value))
    self.finding = finding
    found = finding.flatMap { search?.entry(of: $0, level: level) }
  }

  /// What does not hold, key by key.
  var differences: [Difference] {
    if let linux { return linux.differences }
    guard let finding else {
      return [("an operating system", "none, to which entries mean nothing")]
    }
    return entryDifferences + destinationDifferences(finding)
  }

  /// Where nothing leads to the entry, expectations of it fail, unless none is said.
  private var entryDifferences: [Difference] {
    let wanted = expected.entry
    guard let found, found.level == wantedLevel else {
      guard wanted.saysAnything else { return [] }
      let got = found.map { "\(mode.entryName($0.level)) \($0.words)" } ?? "none that can be read"
      return [("an entry of \(mode.entryName(wantedLevel))", got)]
    }
    let reading = found.reading
    return Self.compare("state", wanted.state?.value.rawValue, reading.state.rawValue)
      + Self.differences(wanted.protection?.value, reading.protection)
      + Self.compare(
        "modifier", wanted.modifier?.value.rawValue, reading.protection?.modifier.rawValue)
      + Self.compare("value", wanted.value?.value.hex, found.entry.hex)
      + Self.compare("pfn", wanted.frameNumber?.value.hex, reading.pfn?.hex)
      + Self.compare("page-file", wanted.pageFile?.value.hex, reading.pageFile?.hex)
      + Self.compare(
        "page-file-offset", wanted.pageFileOffset?.value.hex, reading.pageFileOffset?.hex)
      + Self.compare(
        "prototype-address", wanted.prototypeAddress?.value.hex, reading.prototypeAddress?.hex)
      + Self.compare(
        "subsection-address", wanted.subsectionAddress?.value.hex, reading.subsectionAddress?.hex)
  }

  private func destinationDifferences(
    _ finding: PageFinding
  ) -> [Difference] {
    guard let wanted = expected.destination else { return [] }
    var (pa, file, page): (UInt64?, UInt64?, UInt64?)
    switch finding.content {
    case .memory(let place): pa = place.rawValue
    case .pageFile(let number, let offset), .store(let number, let offset):
      (file, page) = (number, offset)
    case .file, .zeros, .nowhere, .unknown: break
    }
    return
      (Self.compare("state", wanted.state?.value.rawValue, finding.state?.rawValue)
      + Self.differences(wanted.protection?.value, finding.protection)
      + Self.compare(
        "modifier", wanted.modifier?.value.rawValue, finding.protection?.modifier.rawValue)
      + Self.compare("pa", wanted.pa?.value.hex, pa?.hex)
      + Self.compare("page-file", wanted.pageFile?.value.hex, file?.hex)
      + Self.compare("page-file-offset", wanted.pageFileOffset?.value.hex, page?.hex)
      + Self.compare("file-offset", wanted.fileOffset?.value.hex, finding.content.byteOffset?.hex)
      + Self.compare("missing", wanted.missing?.value.hex, finding.missing?.rawValue.hex))
      .map { ("leads-to \($0.expected)", "leads-to \($0.got)") }
  }

  /// A number says all five bits, words only what they name.
  static func differences(
    _ wanted: Scenario.Protection?, _ got: MMProtection?
  ) -> [Difference] {
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

  static func compare(
    _ key: String, _ expected: String?, _ got: String?
  ) -> [Difference] {
    guard let expected, expected != got else { return [] }
    return [("\(key) \(expected)", "\(key) \(got ?? "none")")]
  }

  /// The lines of a golden.
  var goldenLines: [String] {
    if let linux { return linux.goldenLines }
    let entry = found.map { "\(mode.entryName($0.level)) \($0.words)" } ?? "no entry"
    let line = "pte \(VirtualAddress(expected.va.value)) \(entry)"
    // What an entry above the leaves leads to is asked of an address below it.
    guard let finding, wantedLevel == 1 else { return [line] }
    return [line, "  leads to \(finding.words)"]
  }
}

extension Scenario.EntryReading {
  /// Whether anything is expected.
  fileprivate var saysAnything: Bool {
    state != nil || protection != nil || modifier != nil || value != nil || frameNumber != nil
      || pageFile != nil || pageFileOffset != nil || prototypeAddress != nil
      || subsectionAddress != nil
  }
}
