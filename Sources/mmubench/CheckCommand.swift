import ArgumentParser
import Machine
import Report

/// `check`: what is wrong with the tables of all roots.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Sweep all roots for reserved bits, absent tables, cycles and the like.",
    discussion: "Exit status 1 when anything is found." + Examples.of("check"))

  @Argument(
    help: ArgumentHelp("A scenario or a memory dump.", valueName: "machine"), completion: .file())
  var machine: String

  @Option(
    help: ArgumentHelp("At most so many findings.", valueName: "n"), transform: Numbers.number)
  var limit: UInt64?

  @OptionGroup(title: "Machine options") var options: MachineOptions
  @OptionGroup(title: "Output options") var output: OutputOptions

  func run() throws {
    let machine = try options.open(machine)
    let sweep = Sweep(FindingReport(machine), limit: limit ?? UInt64.max)
    try output.write { stream in
      if !output.json { MachineHeader(machine, scope: .allRoots).write(to: &stream.buffer) }
      let isJSON = output.json
      machine.check { sweep.write($0, asJSON: isJSON, to: stream) }
      if !isJSON { sweep.report.writeTotal(isWhole: sweep.isWhole, to: &stream.buffer) }
    }
    if sweep.report.count > 0 || !sweep.isWhole { throw ExitCode(1) }
  }

  /// Writes findings as they come.
  private final class Sweep {
    private(set) var report: FindingReport
    private(set) var isWhole = true
    private let limit: UInt64

    init(_ report: FindingReport, limit: UInt64) {
      self.report = report
      self.limit = limit
    }

    func write(_ finding: Finding, asJSON: Bool, to stream: ReportStream) -> Bool {
      guard report.count < limit else {
        isWhole = false
        return false
      }
      if asJSON {
        report.writeJSON(finding, to: &stream.buffer)
      } else {
        report.writeText(finding, to: &stream.buffer)
      }
      return stream.drain()
    }
  }
}
