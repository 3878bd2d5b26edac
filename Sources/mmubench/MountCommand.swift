import ArgumentParser
import DumpFormats
import FuseMount
import Machine
import Report
import VirtualFiles
import Workbench

/// `mount`: a machine as a folder of files.
struct MountCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mount",
    abstract: "Show a machine as a folder of files, laid out as MemProcFS does (FUSE).",
    discussion: """
      pid/N and name/NAME-N have virt2phys/ (write an address to virt.txt, and phys.txt, map.txt, the \
      tables pt_*.mem and page.mem follow), memmap/pte.txt, phys2virt/ (write to phys.txt, read \
      virt.txt) and memory.vmem; beside them are memory.pmem, misc/phys2virt/ and sys/proc/proc.txt. \
      Addresses are hexadecimal, with 0x or without.

      What is written to pt_*.mem, page.mem, memory.vmem and memory.pmem changes what the files show \
      next, never the dump; --save keeps it. The program stays in the foreground until it gets ^C, ^\\, \
      SIGTERM or SIGHUP, or until `umount DIR` (`fusermount3 -u DIR` where umount is for root alone). \
      What is found of a dump is kept in the cache folder, as `reverse` keeps it.
      """ + Examples.of("mount"))

  @Argument(
    help: ArgumentHelp("A scenario or a memory dump.", valueName: "machine"), completion: .file())
  var machine: String

  @Argument(
    help: ArgumentHelp("The folder where the files appear.", valueName: "dir"),
    completion: .directory)
  var folder: String

  @Option(
    help: ArgumentHelp(
      "When it is unmounted, write the memory with all changes.", valueName: "file"),
    completion: .file())
  var save: String?

  @Option(
    help: ArgumentHelp(
      "The format of that file: \(DumpFormatName.choices).", valueName: "format"),
    completion: DumpFormatName.completion, transform: DumpFormatName.format)
  var format: DumpWriter.Format?

  @Flag(help: "Replace an existing file.")
  var force = false

  @Flag(help: "Let other users read the files too.")
  var allowOther = false

  @OptionGroup(title: "Index options") var cache: CacheOptions
  @OptionGroup(title: "Machine options") var options: MachineOptions

  func validate() throws {
    if format != nil, save == nil { throw ValidationError("--format goes with --save") }
    if force, save == nil { throw ValidationError("--force goes with --save") }
  }

  func run() throws {
    try requireSave()
    let opened = try cache.open(machine, options)
    let tree = FileTree(opened, from: cache.indexed(machine))
    try FuseMount(tree, at: folder, allowsOthers: allowOther).serve {
      Notice.write {
        $0.write("mmubench: \(machine) is at \(folder); ^C or `umount \(folder)` ends it\n")
      }
    }
    guard let save else {
      let frames = tree.writtenFrames
      if frames > 0 { Notice.warn("what was written to \(frames) frames is gone: no --save") }
      return
    }
    let losses = try Workbench.export(
      tree.machine, as: format ?? .raw, to: save, force: force)
    for loss in losses { Notice.warn(loss) }
  }

  /// Refuses at once a file that could not be written in the end.
  private func requireSave() throws {
    guard let save else { return }
    try TakenFiles(machine: machine).require(save)
    _ = try OutputFile(save, force: force)
  }
}
