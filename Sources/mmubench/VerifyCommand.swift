import ArgumentParser
import Machine
import Report
import Workbench

/// `verify`: a machine beside what somebody else knows of it.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compare a machine with what a guest's kernel said, or with what a builder intended.",
    discussion: """
      The truth is a file of the schema mmu-lab-truth/1 (every word of /proc/PID/pagemap, areas, roots, \
      /proc/kcore, QEMU's own answers), as `Tools/dev capture` writes it, or a walk object a line, as \
      `build --truth` and `walk --json` write them. Where a dump names processes, they are compared too. \
      Exit status 1 when anything differs.
      """ + Examples.of("verify"))

  @Argument(
    help: ArgumentHelp("A scenario or a memory dump.", valueName: "machine"), completion: .file())
  var machine: String

  @Option(help: ArgumentHelp("What is true.", valueName: "file"), completion: .file())
  var truth: String

  @Option(
    help: ArgumentHelp("At most so many differences.", valueName: "n"), transform: Numbers.number)
  var limit: UInt64?

  @OptionGroup(title: "Machine options") var options: MachineOptions
  @OptionGroup(title: "Output options") var output: OutputOptions

  func validate() throws {
    if limit == 0 { throw ValidationError("--limit 0: there is nothing to find") }
  }

  func run() throws {
    let verification = try Verification(truth)
    let machine = try open(verification)
    let limit = Int(clamping: limit ?? 1 << 32)
    let outcome = try verification.run(machine, limit: limit)
    try output.write { stream in
      let report = VerificationReport(
        compared: outcome.compared, differences: outcome.differences,
        isWhole: outcome.differences.count < limit)
      if output.json { return report.writeJSON(to: &stream.buffer) }
      MachineHeader(machine, scope: .allRoots).write(to: &stream.buffer)
      report.writeText(to: &stream.buffer)
    }
    if !outcome.differences.isEmpty { throw ExitCode(1) }
  }

  /// A dump that does not say where its tables start has the roots that the truth knows.
  private func open(_ verification: Verification) throws -> Machine {
    do { return try options.open(machine) } catch let problem as MachineOverrides.Problem {
      guard !options.saysMachine, let root = verification.root else { throw problem }
      var options = options
      options.root = root
      return try options.open(machine)
    }
  }
}
