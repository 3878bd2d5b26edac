import ArgumentParser
import DumpFormats
import Machine
import PhysicalMemory
import Report
import Workbench

/// `info`: what is known of a machine.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Show format, memory runs, mode, roots and processes, and how each was found.",
    discussion: Examples.of("info"))

  @Argument(
    help: ArgumentHelp("A scenario or a memory dump.", valueName: "machine"), completion: .file())
  var machine: String

  @OptionGroup(title: "Machine options") var options: MachineOptions
  @OptionGroup(title: "Output options") var output: OutputOptions

  func run() throws {
    let report = try self.report()
    try output.write { stream in
      if output.json {
        report.writeJSON(to: &stream.buffer)
      } else {
        report.writeText(to: &stream.buffer)
      }
    }
  }

  /// A dump that lacks mode or root is no machine yet, but there is something to say about it.
  private func report() throws -> InfoReport {
    do {
      var opened = try options.open(machine)
      // What a scenario says of Windows needs no search; a dump may hold more than it names.
      if !Workbench.isScenario(machine) { opened.searchWindows() }
      Notice.warnOfRefusedRoots(of: opened)
      return InfoReport(opened)
    } catch let problem as MachineOverrides.Problem {
      guard !Workbench.isScenario(machine), !options.saysMachine else { throw problem }
      let dump = try DumpFile.open(machine, layout: options.rawLayout)
      return InfoReport(
        format: dump.format.rawValue, compressions: dump.compressions.map(\.rawValue),
        size: dump.fileSize, runs: dump.memory.runs, warnings: dump.warnings,
        remedy: problem.description)
    }
  }
}
