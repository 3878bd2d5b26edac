import ArgumentParser
import Machine
import PhysicalMemory
import VirtualFiles

/// `export`: the files about one virtual address, as MemProcFS has them.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the files of MemProcFS's folder virt2phys about one virtual address.",
    discussion: """
      The folder gets virt.txt phys.txt map.txt readme.txt, a pt_*.mem for each level of tables, and \
      page.mem, byte for byte as MemProcFS 5.19 shows them; `mount` shows the same of any address. \
      Tables that the walk does not reach are zeros. What the image does not hold is left out, and said.
      """ + Examples.of("export"))

  @Argument(
    help: ArgumentHelp("A scenario or a memory dump.", valueName: "machine"), completion: .file())
  var machine: String

  @Argument(help: ArgumentHelp("A virtual address.", valueName: "va"), transform: Numbers.address)
  var address: UInt64

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The folder; it is made where it is not there.", valueName: "dir"),
    completion: .directory)
  var output: String

  @Flag(help: "Replace existing files.")
  var force = false

  @OptionGroup(title: "Machine options") var options: MachineOptions

  func run() throws {
    let taken = TakenFiles(machine: machine)
    let machine = try options.open(machine)
    try machine.require(address)
    for file in Virt2PhysFiles.files(of: machine) {
      try taken.require("\(output)/\(Virt2PhysFiles.name(of: file, in: machine))")
    }
    let files = Virt2PhysFiles(machine, VirtualAddress(address))
    for missing in try files.export(to: output, force: force) {
      Notice.warn("\(output)/\(missing.name) is not written: \(missing.failure)")
    }
  }
}
