import ArgumentParser
import DumpFormats
import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import Report
import ScenarioFile
import Workbench

/// `build`: a scenario's memory as a file.
struct BuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build", abstract: "Write the memory that a scenario describes as a dump.",
    discussion: Examples.of("build"))

  @Argument(
    help: ArgumentHelp("A scenario.", valueName: "scenario"), completion: .file())
  var scenario: String

  @Option(
    name: [.short, .long], help: ArgumentHelp("The file to write.", valueName: "file"),
    completion: .file())
  var output: String

  @Option(
    help: ArgumentHelp("Its format: \(DumpFormatName.choices).", valueName: "format"),
    completion: DumpFormatName.completion, transform: DumpFormatName.format)
  var format = DumpWriter.Format.raw

  @Option(
    help: ArgumentHelp(
      "Also write what the builder intended, a walk object for each page.", valueName: "file"),
    completion: .file())
  var truth: String?

  @Option(
    help: ArgumentHelp("Build the machine after this step of the timeline.", valueName: "n"),
    transform: Numbers.number)
  var step: UInt64?

  @OptionGroup var system: SystemChoice

  @Flag(help: "Replace existing files.")
  var force = false

  func run() throws {
    guard Workbench.isScenario(scenario) else {
      throw Failure.usage("\(scenario) is no scenario: only a .yaml file can be built")
    }
    var files = TakenFiles(machine: scenario)
    try files.add(output, as: "the image")
    if let truth { try files.add(truth, as: "the truth") }
    let reading = try system.read(scenario)
    // What cannot be read may well have been a timeline.
    if step != nil, !reading.diagnostics.isEmpty { throw reading.list() }
    let steps = reading.scenario?.timeline?.steps.count ?? 0
    if let step, step < 1 || step > UInt64(steps) {
      throw Failure.usage(
        steps == 0
          ? "\(scenario) has no timeline" : "the timeline has the steps 1 to \(steps)")
    }
    let opened = try OpenScenario(reading, step: step.map { Int($0) })
    Notice.warnOfSystem(of: opened.machine, scenario)
    // Begun before the image is written, so that either both files can be created or none is.
    let truthFile = try truth.map { try OutputFile($0, force: force) }
    if let truthFile, let ledger = opened.ledger {
      try TruthLines(opened.machine).write(ledger, to: truthFile)
    } else if truth != nil {
      throw Failure.usage(
        "\(scenario) opens a dump or has a timeline: the builder intended nothing")
    }
    for loss in try Workbench.export(opened.machine, as: format, to: output, force: force) {
      Notice.warn(loss)
    }
    try truthFile?.commit()
  }
}

/// Writes what the builder intended, in the form in which `walk` answers.
struct TruthLines {
  private let machine: Machine

  init(_ machine: Machine) { self.machine = machine }

  /// Writes the pages of all address spaces.
  func write(_ ledger: Ledger, to file: OutputFile) throws {
    var out = TextBuffer()
    var failure: (any Error)?
    for (index, space) in machine.addressSpaces.enumerated() {
      let json = WalkJSON(machine.paging(of: space))
      ledger.forEachPage(in: index) { page in
        json.write(page, to: &out)
        guard out.bytes.count >= 1 << 16 else { return true }
        do { try file.write(out.bytes) } catch { failure = error }
        out.clear()
        return failure == nil
      }
      if let failure { throw failure }
    }
    try file.write(out.bytes)
  }
}

extension WalkJSON {
  fileprivate func write(_ page: IntendedPage, to out: inout TextBuffer) {
    let translation = Translation(
      address: page.pa, level: 0, entry: 0, rights: page.rights,
      pageShift: UInt64(page.pageSize.trailingZeroBitCount))
    write(.mapped(translation), for: page.va, isInImage: true, to: &out)
  }
}
