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

      Filters: w writable, x executable, u for user mode, s not for user mode, ro neither writable nor \
      executable; wb wt wc uc how the entry has the page cached, by IA32_PAT or MAIR_EL1 (uc is all that \
      is not cached; the MTRRs are not known); 4K 2M 1G and so on. `_` before a term is its opposite, \
      `w|x` either of the two; of commas, blanks and repeated options all must hold.

      In JSON, CSV and databases each run says its memory type, unless its pages have several.

      --sqlite writes the tables machine, space, mapping and copies, and a view map with hexadecimal \
      addresses, of all address spaces; `.schema` explains the columns.
      """ + Examples.of("map"))

  @Argument(
    help: ArgumentHelp("A scenario or a memory dump.", valueName: "machine"), completion: .file())
  var machine: String

  @OptionGroup(title: "What is shown") var selection: MapOptions

  @Option(
    help: ArgumentHelp("At most so many lines.", valueName: "n"), transform: Numbers.number)
  var limit: UInt64?

  @Flag(help: "Write out every copy of a shared table.")
  var expand = false

  @Flag(help: "Map every address space that is known, not only one.")
  var all = false

  @Flag(help: "Write how many pages of each kind there are, copies included.")
  var summary = false

  @Flag(help: "Write values with commas between them, below a line with their names.")
  var csv = false

  @Option(
    help: ArgumentHelp("Write an SQLite database.", valueName: "file"), completion: .file())
  var sqlite: String?

  @Flag(help: "Replace the file of --sqlite if it exists.")
  var force = false

  @OptionGroup(title: "Machine options") var options: MachineOptions
  @OptionGroup(title: "Output options") var output: OutputOptions

  func validate() throws {
    let kinds = [
      ("--csv", csv), ("--summary", summary), ("--sqlite", sqlite != nil), ("--json", output.json),
    ]
    let given = kinds.filter(\.1).map(\.0)
    if given.count > 1, Set(given) != ["--summary", "--json"] {
      throw ValidationError("\(given.joined(separator: " and ")): the one or the other")
    }
    if limit != nil, summary || sqlite != nil {
      throw ValidationError("--limit is about lines; \(given[0]) writes none of a map")
    }
    if force, sqlite == nil { throw ValidationError("--force goes with --sqlite") }
  }

  func run() throws {
    if let sqlite { try TakenFiles(machine: machine).require(sqlite) }
    let machine = try options.open(machine)
    var query = try selection.query(of: machine)
    query.expandsCopies = expand
    if all || sqlite != nil {
      Notice.warnOfRefusedRoots(of: machine)
    } else {
      Notice.warnOfRefusedRoots([machine.paging], in: machine)
    }
    if let sqlite {
      return try MapDatabase.write(query, of: machine, to: sqlite, force: force)
    }
    try output.write { stream in
      if summary {
        return MapSummary(query, isOfAllSpaces: all)
          .write(machine, asJSON: output.json, to: stream)
      }
      var report = MapReport()
      report.query = query
      report.limit = limit
      report.isOfAllSpaces = all
      report.write(machine, as: output.json ? .json : csv ? .csv : .text, to: stream)
    }
  }
}
