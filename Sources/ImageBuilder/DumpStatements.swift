import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// What a scenario says over a dump.
struct DumpStatements {
  let scenario: Scenario
  let collector: DiagnosticCollector

  init(_ scenario: Scenario, _ collector: DiagnosticCollector) {
    self.scenario = scenario
    self.collector = collector
  }

  /// Checks what can be said without the dump.
  func check() {
    checkNothingIsBuilt()
    let settings = MachineSettings(
      scenario.machine, scenario.windows, scenario.linux, isModeNeeded: false, collector)
    ExpectationStatements(settings: settings, collector: collector)
      .check(scenario.expectations)
  }

  func apply(to machine: inout Machine) {
    checkNothingIsBuilt()
    guard
      let settings = MachineSettings(
        scenario.machine, scenario.windows, scenario.linux, over: machine, collector)
    else { return }
    ExpectationStatements(settings: settings, collector: collector)
      .check(scenario.expectations)
    let spaces = addressSpaces(of: machine)
    guard collector.isEmpty else { return }
    machine.paging = settings.paging
    machine.provenance = settings.provenance
    if let system = settings.operatingSystem { machine.system = system }
    machine.addressSpaces = spaces
    if scenario.machine.root == nil, case .processes = scenario.spaces, let first = spaces.first {
      machine.paging.cr3 = first.register
    }
    let isSaid = scenario.machine.root != nil || machine.paging.cr3 != settings.paging.cr3
    if isSaid { machine.note("root", machine.paging.root.description, from: "scenario") }
  }

  /// Pages, contents and absent frames are for images that are built.
  private func checkNothingIsBuilt() {
    let machine = scenario.machine
    for range in machine.absent { report("absent", at: range.mark) }
    if let tables = machine.tables { report("tables", at: tables.mark) }
    for content in scenario.contents { report("contents", at: content.mark) }
    for space in SpaceStatement.all(of: scenario) {
      let layout = space.layout
      for item in layout.map { report("map", at: item.mark) }
      for item in layout.share { report("share", at: item.mark) }
      for item in layout.entries { report("entries", at: item.mark) }
      for item in layout.ptes { report("ptes", at: item.mark) }
      for item in layout.vads { report("vads", at: item.mark) }
      if let slot = layout.selfMapSlot { report("self-map", at: slot.mark) }
    }
    for expectation in scenario.expectations {
      if case .ledger = expectation.verb { report("ledger", at: expectation.mark) }
    }
  }

  private func report(_ key: String, at mark: SourceMark) {
    collector.report(
      .notForDumps, "`\(key)` cannot be said of a dump", at: mark,
      notes: ["the memory of this machine is a dump, which is opened as it is"])
  }

  /// The roots that the scenario names; a process without a root is one that the dump knows.
  private func addressSpaces(of machine: Machine) -> [AddressSpace] {
    guard case .processes = scenario.spaces else {
      guard let root = scenario.machine.root else { return machine.addressSpaces }
      return [AddressSpace(register: root.value, foundBy: "scenario")]
    }
    return SpaceStatement.all(of: scenario).flatMap { space -> [AddressSpace] in
      if let root = space.root {
        var known = space.addressSpace(register: root.value)
        known.areas = space.areas
        return [known]
      }
      let known = machine.addressSpaces(pid: space.pid?.value, process: space.name?.value)
      // The root that it lacks may be what could not be read.
      let isWhole = !collector.omissions.contains(.layout)
      if isWhole, known.isEmpty, let mark = space.pid?.mark ?? space.name?.mark {
        let names = machine.addressSpaces.compactMap(\.owner).prefix(12)
        collector.report(
          .contradictsDump, "the dump knows no such process", at: mark,
          notes: names.isEmpty
            ? ["it names no processes; give the process a `root`"]
            : ["it knows \(names.joined(separator: ", "))"])
      }
      return known
    }
  }
}
