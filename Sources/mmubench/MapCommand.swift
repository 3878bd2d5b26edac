import ArgumentParser
import Machine
import Report

/// `map`: all mappings.
struct MapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "map",
    abstract: "List all mappings as runs of equal rights and contiguous frames.",
    discussion: """
      A table that is reached again is said once, as so many copies of what it was seen to map \
      before; --expand writes each of them out. In JSON the line of copies has `repeat` and `stride` \
      in place of frame, page size and rights: `start` to `end`, and each further range `stride` \
      after it, `repeat` ranges in all, translate as the range `stride` before does.
      """)

  @Argument(help: ArgumentHelp("A scenario or a memory dump.", valueName: "machine"))
  var machine: String

  @Option(
    help: ArgumentHelp("Only these virtual addresses, both inclusive.", valueName: "first..last"),
    transform: Numbers.range)
  var range: ClosedRange<UInt64>?

  @Option(
    help: ArgumentHelp(
      "Only runs with all of these, commas between them: \(MapFilter.terms.joined(separator: " ")).",
      valueName: "terms"),
    transform: Self.filter)
  var filter: MapFilter?

  @Option(
    help: ArgumentHelp("At most so many lines.", valueName: "n"), transform: Numbers.number)
  var limit: UInt64?

  @Flag(help: "Write out every copy of a shared table.")
  var expand = false

  @OptionGroup(title: "Machine options") var options: MachineOptions
  @OptionGroup(title: "Output options") var output: OutputOptions

  func run() throws {
    let machine = try options.open(machine)
    if let range { try machine.require(range.upperBound) }
    var report = MapReport()
    report.range = range ?? report.range
    report.filter = filter ?? report.filter
    report.limit = limit
    report.expandsCopies = expand
    try output.write { stream in
      if !output.json { MachineHeader(machine).write(to: &stream.buffer) }
      report.write(machine, asJSON: output.json, to: stream)
    }
  }

  private static func filter(_ text: String) throws -> MapFilter {
    if let filter = MapFilter(text) { return filter }
    let terms = MapFilter.terms.joined(separator: ", ")
    throw ValidationError("`\(text)` is not a list of: \(terms)")
  }
}
