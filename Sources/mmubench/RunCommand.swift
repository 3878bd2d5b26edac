import ArgumentParser
import DumpFormats
import Glibc
import Golden
import Report
import Workbench

/// `run`: scenarios against their expectations and goldens.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run scenarios and check their expectations and goldens.",
    discussion: """
      A scenario without the golden that it should have fails. --update records what differs and \
      ends with status 1 when it wrote anything, for nobody has looked at it yet.
      """ + Examples.of("run"))

  @Argument(
    help: ArgumentHelp("Scenarios and folders of them.", valueName: "path"), completion: .file())
  var paths: [String] = ["Scenarios"]

  @Flag(help: "Write goldens that are absent or differ anew.")
  var update = false

  @Option(
    help: ArgumentHelp("Write the outcome as JUnit XML.", valueName: "file"), completion: .file())
  var junit: String?

  @Flag(help: "Replace an existing JUnit file.")
  var force = false

  @Option(
    help: ArgumentHelp("Run so many scenarios at a time (one for each processor).", valueName: "n"),
    transform: Numbers.number)
  var jobs: UInt64?

  @OptionGroup(title: "Output options") var output: OutputOptions

  func validate() throws {
    if let jobs, !(1...1024).contains(jobs) { throw ValidationError("--jobs is 1 to 1024") }
  }

  func run() throws {
    let files = try ScenarioRunner.scenarios(in: paths)
    guard !files.isEmpty else {
      throw Failure(
        description: "no scenario (*.yaml) in \(paths.joined(separator: ", "))", status: 66)
    }
    if let junit { try TakenFiles(machines: files).require(junit) }
    let junitFile = try junit.map { try OutputFile($0, force: force) }
    let runner = ScenarioRunner(update: update)
    var results: [ScenarioResult] = []
    var progress = ProgressLine(total: files.count)
    try output.write { stream in
      let workers = Workers(
        count: jobs.map(Int.init) ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
      // One scenario alone may take long too.
      progress.show(done: 0, failed: 0)
      workers.map(files, { runner.run($0) }) { result in
        progress.clear()
        results.append(result)
        if output.json {
          result.writeJSON(to: &stream.buffer)
        } else {
          result.writeText(to: &stream.buffer)
        }
        stream.flush()
        progress.show(done: results.count, failed: results.filter { $0.verdict != .passed }.count)
      }
      progress.clear()
      writeTotal(results, to: stream)
    }
    try junitFile?.write(results)
    if results.contains(where: { $0.verdict == .malformed }) { throw ExitCode(65) }
    if results.contains(where: { $0.verdict == .failed }) { throw ExitCode(1) }
  }

  private func writeTotal(_ results: [ScenarioResult], to stream: ReportStream) {
    let passed = results.filter { $0.verdict == .passed }.count
    let total = "\(passed) passed, \(results.count - passed) failed\n"
    if output.json { return Notice.write { $0.write(total) } }
    if !results.isEmpty { stream.buffer.endLine() }
    stream.buffer.write(total)
  }
}

extension OutputFile {
  fileprivate func write(_ results: [ScenarioResult]) throws {
    var text = TextBuffer()
    JUnitReport.write(results, to: &text)
    try write(text.bytes)
    try commit()
  }
}
