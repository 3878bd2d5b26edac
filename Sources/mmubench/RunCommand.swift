import ArgumentParser
import DumpFormats
import Glibc
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
      """)

  @Argument(help: ArgumentHelp("Scenarios and folders of them.", valueName: "path"))
  var paths: [String] = ["Scenarios"]

  @Flag(help: "Write goldens that are absent or differ anew.")
  var update = false

  @Option(help: ArgumentHelp("Write the outcome as JUnit XML.", valueName: "file"))
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
    let junitFile = try junit.map { try OutputFile($0, force: force) }
    let runner = ScenarioRunner(update: update)
    var records: [RunRecord] = []
    var progress = ProgressLine(total: files.count)
    try output.write { stream in
      let workers = Workers(
        count: jobs.map(Int.init) ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
      workers.map(files, { RunRecord(path: $0, runner) }) { record in
        progress.clear()
        records.append(record)
        if output.json {
          record.writeJSON(to: &stream.buffer)
        } else {
          record.writeText(to: &stream.buffer)
        }
        stream.flush()
        progress.show(done: records.count, failed: records.filter { $0.verdict != .passed }.count)
      }
      progress.clear()
      writeTotal(records, to: stream)
    }
    try junitFile?.write(records)
    if records.contains(where: { $0.verdict == .malformed }) { throw ExitCode(65) }
    if records.contains(where: { $0.verdict == .failed }) { throw ExitCode(1) }
  }

  private func writeTotal(_ records: [RunRecord], to stream: ReportStream) {
    let passed = records.filter { $0.verdict == .passed }.count
    let total = "\(passed) passed, \(records.count - passed) failed\n"
    if output.json { return Notice.write { $0.write(total) } }
    if !records.isEmpty { stream.buffer.endLine() }
    stream.buffer.write(total)
  }
}

extension RunRecord {
  /// Runs a scenario.
  fileprivate init(path: String, _ runner: ScenarioRunner) {
    let clock = ContinuousClock()
    let start = clock.now
    let result = runner.run(path)
    let duration = start.duration(to: clock.now)
    self.init(
      path: path, verdict: Verdict(result.verdict),
      failures: result.failures.map {
        Failure($0.expectation, at: $0.place, expected: $0.expected, got: $0.got)
      }, diagnostics: result.diagnostics,
      note: result.recorded ? "the golden was written: look at it before you keep it" : nil,
      seconds: duration / .seconds(1))
  }
}

extension RunRecord.Verdict {
  fileprivate init(_ verdict: ScenarioResult.Verdict) {
    switch verdict {
    case .passed: self = .passed
    case .failed: self = .failed
    case .malformed: self = .malformed
    }
  }
}

extension OutputFile {
  fileprivate func write(_ records: [RunRecord]) throws {
    var text = TextBuffer()
    JUnitReport.write(records, to: &text)
    try write(text.bytes)
    try commit()
  }
}
