import ArgumentParser
import Explorer
import Glibc
import Machine
import Report
import Workbench

/// `explore`: a machine in the browser.
struct ExploreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explore",
    abstract: "Show a machine in the browser: walk, follow, switch bits and see what changes.",
    discussion: """
      The pages are those of `report`, live: type an address or click in the map, follow a page back to \
      who maps it, take another process, invert a bit of a register or of an entry, and save what is \
      shown as a scenario. Of a timeline, take a step: the machine is then that after it. Changes stand in the address of the page; the file never changes. \
      The pages are served to this machine alone, until ^C; the first one's address is printed.

      What is found of a dump is kept in the cache folder, as `reverse` keeps it.
      """ + Examples.of("explore"))

  @Argument(
    help: ArgumentHelp("A scenario or a memory dump.", valueName: "machine"), completion: .file())
  var machine: String

  @Option(
    help: ArgumentHelp("The port of 127.0.0.1 (any that is free if not given).", valueName: "n"),
    transform: Numbers.number)
  var port: UInt64 = 0

  @OptionGroup var areas: AreaOptions
  @OptionGroup(title: "Index options") var cache: CacheOptions
  @OptionGroup(title: "Machine options") var options: MachineOptions

  func validate() throws {
    guard UInt16(exactly: port) != nil else {
      throw ValidationError("--port is at most \(UInt16.max)")
    }
  }

  func run() throws {
    let exhibit = try self.exhibit()
    let explorer = Explorer(
      exhibit.machine, title: machine, indexedAs: cache.indexed(machine),
      moments: try options.moments(exhibit, machine, areas))
    try ExplorerServer(explorer, port: UInt16(truncatingIfNeeded: port)).serve { address in
      let stream = ReportStream(descriptor: STDOUT_FILENO, name: "standard output")
      stream.buffer.write("\(address)\n")
      stream.flush()
      Notice.write { $0.write("mmubench: ^C ends it\n") }
    }
  }

  private func exhibit() throws -> Exhibit {
    guard !Workbench.isScenario(machine) else { return try options.exhibit(machine, areas) }
    return Exhibit(try cache.open(machine, options, areas, readsKernel: true))
  }
}
