import ArgumentParser
import DumpFormats
import Machine
import PhysicalMemory
import Workbench

/// `convert`: a dump in another container.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Write the memory of a dump or scenario in another format.",
    discussion: """
      What the input says of its processors and its kernel goes along, as far as the format keeps it.
      A raw image says nothing: give --mode and --root, and they go into the output.
      """ + Examples.of("convert"))

  @Argument(
    help: ArgumentHelp("A memory dump or a scenario.", valueName: "machine"), completion: .file())
  var input: String

  @Option(
    name: [.short, .long], help: ArgumentHelp("The file to write.", valueName: "file"),
    completion: .file())
  var output: String

  @Option(
    help: ArgumentHelp("Its format: \(DumpFormatName.choices).", valueName: "format"),
    completion: DumpFormatName.completion, transform: DumpFormatName.format)
  var format = DumpWriter.Format.elf

  @Flag(help: "Replace an existing file.")
  var force = false

  @OptionGroup(title: "Machine options") var options: MachineOptions

  func run() throws {
    try TakenFiles(machine: input).require(output)
    for loss in try losses() { Notice.warn(loss) }
  }

  private func losses() throws -> [String] {
    if Workbench.isScenario(input) || options.saysMachine {
      let machine = try options.open(input)
      return try Workbench.export(machine, as: format, to: output, force: force)
    }
    let dump = try DumpFile.open(input, layout: options.rawLayout)
    DamageNotice.watch(input, dump.memory)
    for warning in dump.warnings { Notice.warn("\(input): \(warning)") }
    return try Workbench.convert(dump, to: format, output, force: force)
  }
}
