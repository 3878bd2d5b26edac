import ArgumentParser
import Golden
import Machine
import Report
import ScenarioFile
import Simulator
import Workbench

/// `simulate`: a scenario's timeline, step by step.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Run a scenario's timeline and say what each step does.",
    discussion: """
      Each step shows its faults with error code, functions and status, the entries before and \
      after, what the kernel keeps of frames before and after, and the lists of frames. What a step \
      expects and does not find is said with it, and the status is 1. \
      --until stops after the first step that makes a condition hold: \(TimelineCondition.forms).
      """ + Examples.of("simulate"))

  enum Style: String, CaseIterable, ExpressibleByArgument {
    case plain
    case windbg
  }

  @Argument(
    help: ArgumentHelp("A scenario with a timeline.", valueName: "scenario"), completion: .file())
  var scenario: String

  @Option(help: ArgumentHelp("Show this step only.", valueName: "n"), transform: Numbers.number)
  var step: UInt64?

  @Option(help: ArgumentHelp("Stop when this holds.", valueName: "condition"))
  var until: String?

  @Option(help: ArgumentHelp("plain, or windbg for a session of the debugger.", valueName: "style"))
  var style = Style.plain

  @OptionGroup var system: SystemChoice

  @OptionGroup(title: "Output options") var output: OutputOptions

  func validate() throws {
    if until != nil, step != nil {
      throw ValidationError("--step and --until both say where to stop: give one of them")
    }
    if output.json, style != .plain { throw ValidationError("--style is for text, not for --json") }
  }

  func run() throws {
    guard Workbench.isScenario(scenario) else {
      throw Failure.usage("\(scenario) is no scenario: only a .yaml file has a timeline")
    }
    let reading = try system.read(scenario)
    guard let run = try TimelineRun(reading) else {
      // What cannot be read may well have been a timeline.
      guard reading.diagnostics.isEmpty else { throw reading.list() }
      throw Failure.usage("\(scenario) has no timeline")
    }
    Notice.warnOfSystem(of: run.machine, scenario)
    if style == .windbg, run.machine.system.windows == nil {
      throw Failure.usage(
        "--style windbg is what the debugger shows of Windows, and the timeline is of another system"
      )
    }
    if let step, step < 1 || step > UInt64(run.count) {
      throw Failure.usage("the timeline has the steps 1 to \(run.count)")
    }
    let condition = try until.map { text in
      do { return try TimelineCondition(text, of: run) } catch { throw Failure.usage("\(error)") }
    }
    if let failure = try write(run, upTo: condition).failure { throw failure }
  }

  /// Writes the steps.
  private func write(
    _ run: TimelineRun, upTo condition: TimelineCondition?
  ) throws -> TimelineAccount {
    var account = TimelineAccount(
      output.json ? .json : style == .windbg ? .windbg : .plain, only: step, until: until)
    let watch = StepWatch(total: run.count)
    func next() throws -> StepReport? {
      let number = run.done + 1
      let detail = account.detail(ofStep: number)
      return try watch.step(number) { () throws(DiagnosticList) in try run.step(detail) }
    }
    try output.write { stream in
      while let report = try next() {
        let warnings = account.write(
          report, failures: try run.failures(), broken: run.violations, run.machine,
          to: &stream.buffer)
        for warning in warnings { Notice.warn(warning) }
        guard stream.drain() else { return account.reach() }
        if condition?.holds(after: report, of: run) == true { return account.reach() }
        if step == UInt64(report.number) { return }
      }
    }
    return account
  }
}
