import Golden
import ImageBuilder
import LinuxMemory
public import Machine
import Paging
import PhysicalMemory
public import ScenarioFile
public import Simulator

/// A scenario's timeline as it runs, from an empty machine on.
public final class TimelineRun {
  /// What the file says.
  public let scenario: Scenario
  /// The machine that the steps change.
  package let simulation: Simulation

  /// Begins the timeline of a scenario as it was read; nil where it has none.
  ///
  /// - Throws: `DiagnosticList`, with what is wrong with the file and with the machine it asks for.
  public init?(_ reading: ScenarioReading) throws(DiagnosticList) {
    let reading = reading.variant(for: nil)
    guard let scenario = reading.scenario, scenario.timeline != nil else { return nil }
    let mistakes = Self.mistakes(in: scenario)
    guard mistakes.isEmpty, reading.diagnostics.isEmpty else {
      throw reading.list(adding: mistakes)
    }
    self.scenario = scenario
    let machine = try ImageBuilder.build(Self.empty(scenario)).machine
    simulation = try Simulation(scenario, on: machine)
    let unknown = scenario.unknownAnswers(simulation.names)
    guard unknown.isEmpty else { throw reading.list(adding: unknown) }
  }

  /// What a scenario with a timeline cannot say as well.
  private static func mistakes(in scenario: Scenario) -> [Diagnostic] {
    var marks: [SourceMark] = scenario.contents.map(\.mark)
    func add(_ layout: Scenario.Layout) {
      marks += layout.map.map(\.mark) + layout.share.map(\.mark) + layout.ptes.map(\.mark)
      marks += layout.entries.map(\.mark) + layout.vads.map(\.mark)
      if let slot = layout.selfMapSlot { marks.append(slot.mark) }
    }
    switch scenario.spaces {
    case .single(let layout): add(layout)
    case .processes(let list): for process in list { add(process.layout) }
    case .truth(let file): marks.append(file.mark)
    }
    marks += scenario.windows?.sections.map(\.mark) ?? []
    switch scenario.machine.memory.value {
    case .dump, .facts: marks.append(scenario.machine.memory.mark)
    case .size, .ranges: break
    }
    return marks.map {
      Diagnostic(
        .keysDisagree, "a timeline begins with an empty machine", at: $0,
        notes: ["what is to be there, steps make: `reserve`, `mmap`, `create-section`"])
    }
  }

  /// The same machine with nothing in it.
  private static func empty(_ scenario: Scenario) -> Scenario {
    var scenario = scenario
    scenario.timeline = nil
    scenario.spaces = .single(Scenario.Layout())
    scenario.machine.root = nil
    // A Linux is made by its timeline alone.
    if let id = scenario.machine.os?.value, LinuxKernel.isID(id) { scenario.machine.os = nil }
    scenario.contents = []
    scenario.expectations = []
    scenario.windows?.sections = []
    scenario.windows?.pfnDatabase = nil
    scenario.windows?.kvaShadow = nil
    scenario.windows?.selfMapSlot = nil
    return scenario
  }

  /// The number of steps.
  public var count: Int { simulation.count }
  /// The number of steps that were done.
  public var done: Int { simulation.done }

  /// Does the next step; nil at the end.
  ///
  /// - Parameter detail: how much the report says; where the step expects faults, they are told of in any case.
  /// - Returns: what the step did.
  /// - Throws: `DiagnosticList`, with what is wrong with the scenario.
  public func step(_ detail: StepDetail = .answers) throws(DiagnosticList) -> StepReport? {
    try advance(detail) ? last : nil
  }

  /// Does the next step, as `step` does; false at the end.
  func advance(_ detail: StepDetail) throws(DiagnosticList) -> Bool {
    let least: StepDetail = simulation.nextExpectsFaults ? .changes : .counts
    return try simulation.advance(max(detail, least))
  }

  /// Does the steps up to one, or all; only the last is told of in full.
  public func run(through step: Int? = nil) throws(DiagnosticList) {
    let end = min(step ?? count, count)
    while done < end, try advance(done + 1 < end ? .counts : .answers) {}
  }

  /// What the last step did; nil before the first.
  public var last: StepReport? { simulation.last }

  /// The machine as it is now; its memory changes with the next step.
  public var machine: Machine { simulation.machine }

  /// The names that the reports of the steps may have.
  public var names: StepNames { simulation.names }

  /// The invariants that do not hold.
  public var violations: [String] { simulation.violations }

  /// What the kernel says of a page (Linux); nil where there is no such process.
  public func pagemap(
    _ address: UInt64, of process: Scenario.ProcessReference?
  ) -> UInt64? {
    simulation.pagemap(address, of: process)
  }

  /// The scenario and the machine of this moment.
  var moment: OpenScenario {
    OpenScenario(
      scenario, machine, at: OpenScenario.Moment(lists: last?.lists ?? [], run: self))
  }
}
