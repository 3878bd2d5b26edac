import ArgumentParser
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
      after, what the kernel keeps of frames before and after, and the lists of frames. \
      --until stops after the first step that makes a condition hold: \(TimelineCondition.forms).
      """ + Examples.of("simulate"))

  enum Style: String, CaseIterable, ExpressibleByArgument {
    case plain
    case windbg
  }

  @Argument(help: ArgumentHelp("A scenario with a timeline.", valueName: "scenario"))
  var scenario: String

  @Option(help: ArgumentHelp("Show this step only.", valueName: "n"), transform: Numbers.number)
  var step: UInt64?

  @Option(help: ArgumentHelp("Stop when this holds.", valueName: "condition"))
  var until: String?

  @Option(help: ArgumentHelp("plain, or windbg for a session of the debugger.", valueName: "style"))
  var style = Style.plain

  @Option(help: ArgumentHelp("Which system of several.", valueName: "id"))
  var os: String?

  @OptionGroup(title: "Output options") var output: OutputOptions

  func validate() throws {
    if let until, TimelineCondition(until) == nil {
      throw ValidationError("`\(until)` is no condition: say \(TimelineCondition.forms)")
    }
    if output.json, style != .plain { throw ValidationError("--style is for text, not for --json") }
  }

  func run() throws {
    guard Workbench.isScenario(scenario) else {
      throw Failure.usage("\(scenario) is no scenario: only a .yaml file has a timeline")
    }
    let reading = try ScenarioParser.read(path: scenario).variant(for: os)
    guard let run = try TimelineRun(reading) else {
      throw Failure.usage("\(scenario) has no timeline")
    }
    if let step, step < 1 || step > UInt64(run.count) {
      throw Failure.usage("the timeline has the steps 1 to \(run.count)")
    }
    let isReached = try write(run)
    guard isReached else {
      throw Failure(description: "`\(until ?? "")` never holds", status: 1)
    }
  }

  /// Writes the steps; false where the condition never holds.
  private func write(_ run: TimelineRun) throws -> Bool {
    let condition = until.flatMap(TimelineCondition.init)
    var isReached = condition == nil
    try output.write { stream in
      var isFirst = true
      while let report = try run.step() {
        let isShown = step.map { $0 == UInt64(report.number) } ?? true
        if isShown {
          if !isFirst, !output.json { stream.buffer.endLine() }
          isFirst = false
          write(report, run, to: &stream.buffer)
        }
        for violation in run.violations { Notice.warn("step \(report.number): \(violation)") }
        guard stream.drain() else { return isReached = true }
        if condition?.holds(after: report, of: run) == true {
          isReached = true
          return
        }
        if step == UInt64(report.number) { return isReached = true }
      }
    }
    return isReached
  }

  private func write(_ report: StepReport, _ run: TimelineRun, to out: inout TextBuffer) {
    if output.json {
      TimelineJSON().write(report, to: &out)
    } else if style == .windbg {
      WindbgTimeline().write(report, run.machine, to: &out)
    } else {
      TimelineText().write(report, to: &out)
    }
  }
}
