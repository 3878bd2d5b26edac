public import DumpFormats
import ImageBuilder
public import Machine
import Paging
import PhysicalMemory
public import ScenarioFile
public import Simulator

/// What there is to show of what the user names: a machine, and of a scenario its questions and the
/// steps of its timeline.
public struct Exhibit {
  /// The machine; of a timeline, at its end.
  public private(set) var machine: Machine
  /// What the file says; nil for a dump.
  public let scenario: Scenario?
  /// The addresses that the scenario expects something of, in its order, each once.
  public let questions: [MachineQuestion]
  /// What the steps of the timeline did.
  public let steps: [StepReport]

  /// Shows a machine that was opened already, of a dump.
  public init(_ machine: Machine) {
    self.machine = machine
    (scenario, questions, steps) = (nil, [], [])
  }

  /// Opens a machine as `Workbench.open` does.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - layout: where in physical memory the bytes of a raw image are.
  ///   - overrides: what the user says over what the file says.
  ///   - last: the step of a timeline after which the machine is shown; the last unless said.
  /// - Throws: `DiagnosticList` for a scenario, `DumpError` for a dump, `MachineOverrides.Problem`.
  public init(
    _ path: String, layout: RawLayout = RawLayout(),
    overrides: MachineOverrides = MachineOverrides(), through last: Int? = nil
  ) throws {
    guard Workbench.isScenario(path) else {
      machine = try Workbench.open(path, layout: layout, overrides: overrides)
      (scenario, questions, steps) = (nil, [], [])
      return
    }
    let choice = SystemChoice(try ScenarioParser.read(path: path), overrides)
    var steps: [StepReport] = []
    let opened: OpenScenario
    if let run = try TimelineRun(choice.reading) {
      while steps.count != last, let step = try run.step() { steps.append(step) }
      opened = run.moment
    } else {
      opened = try OpenScenario(choice.reading)
    }
    self.steps = steps
    scenario = opened.scenario
    questions = opened.questions
    machine = opened.machine
    try choice.apply(to: &machine)
  }
}

extension OpenScenario {
  /// The addresses that the scenario expects something of, in its order, each once.
  fileprivate var questions: [MachineQuestion] {
    let check = ExpectationCheck(self)
    var seen: Set<MachineQuestion> = []
    return scenario.expectations.compactMap { expectation in
      question(expectation, in: check.space(of: expectation))
    }.filter { seen.insert($0).inserted }
  }

  private func question(
    _ expectation: Scenario.Expectation, in space: AddressSpace?
  ) -> MachineQuestion? {
    switch expectation.verb {
    case .walk(let walk): MachineQuestion(VirtualAddress(walk.va.value), in: space)
    case .fault(let fault):
      MachineQuestion(
        VirtualAddress(fault.va.value), Access(fault), in: space,
        alignmentCheck: fault.alignmentCheck?.value, interruptLevel: fault.level)
    case .pte(let pte): MachineQuestion(VirtualAddress(pte.va.value), in: space)
    default: nil
    }
  }
}
