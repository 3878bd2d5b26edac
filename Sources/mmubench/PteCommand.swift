import ArgumentParser
import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import Report
import ScenarioFile
import WindowsMemory

/// How an entry is written for people.
enum EntryStyle: String, CaseIterable {
  /// As boxes, field by field, with what it means.
  case plain
  /// As the debugger's `dt` writes a structure.
  case windbg
}

/// `pte`: one entry, without a machine.
struct PteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pte",
    abstract: "Decode an entry of a page table: every field, and what the processor makes of it.",
    discussion: """
      Without --level, what the entry would be at each level is said; with --json, an object a level \
      is written. What is reserved depends on the processor: see its options.

      With --os windows-BUILD.PATCH or --os linux-VERSION, the entry is read as that kernel does, as \
      a PTE unless --level says otherwise: what it means while it is not present, and which bits are \
      software's.
      """ + Examples.of("pte"))

  @Argument(help: ArgumentHelp("The entry.", valueName: "value"), transform: Numbers.number)
  var value: UInt64

  @Option(
    help: ArgumentHelp(
      "Its level: PML5E, PML4E, PDPTE, PDE or PTE; L-1 to L3.", valueName: "entry"),
    completion: .list(PagingMode.la57.entryNames + PagingMode.arm64.entryNames))
  var level: String?

  @Option(
    help: ArgumentHelp(
      "Operating system: none, linux-6.1, windows-19041.508 or a name such as windows-7.",
      valueName: "id"))
  var os: String?

  @Option(
    help: ArgumentHelp(
      "Write as another program does: plain, or windbg (its `dt nt!_MMPTE_...`; needs --os).",
      valueName: "name"),
    completion: Choice.completion(EntryStyle.self),
    transform: { try Choice.of(EntryStyle.self, "style", $0) })
  var style: EntryStyle = .plain

  @OptionGroup(title: "Windows options") var windows: WindowsOptions
  @OptionGroup(title: "Linux options") var linux: LinuxOptionGroup
  @OptionGroup(title: "Processor options") var processor: ProcessorOptions
  @OptionGroup(title: "Output options") var output: OutputOptions

  func validate() throws {
    if windows.type == .union, style != .windbg {
      throw ValidationError("--type _MMPTE is a list of types: it goes with --style windbg")
    }
    guard style != .plain, output.json else { return }
    throw ValidationError("--style \(style.rawValue) is text of another program; leave --json out")
  }

  func run() throws {
    let kernelID = try kernelID()
    let machine = try processor.machine(withLevel: level) { mode in
      kernelID.map { WindowsKernel.has($0, WindowsEntryFormat(mode)) } ?? true
    }
    if isLinux { try windows.requireUnused() } else { try linux.requireUnused() }
    let paging = machine.paging
    guard paging.entrySize == 8 || value <= UInt32.max else {
      throw Failure.usage(
        "\(value.hex) is no entry of mode \(paging.mode.rawValue), whose entries have 32 bits;"
          + " --mode takes another")
    }
    let chosen = try level.map { try Self.level($0, in: paging.mode) }
    if let chosen, chosen > paging.topLevel {
      throw Failure.usage(
        "with TCR_EL1 \(paging.tcr.hex) walks start at \(paging.mode.entryName(paging.topLevel));"
          + " --tcr takes another")
    }
    if let kernelID, let os {
      return try explain(kernelID, named: os, level: chosen, on: machine)
    }
    if isLinux, let os, style == .plain { return try explain(os, level: chosen, on: machine) }
    try windows.requireUnused()
    if style != .plain {
      throw Failure.usage(
        "--style \(style.rawValue) is about entries of Windows: --os windows-19041.508 names a kernel"
      )
    }
    let report = EntryReport(value, of: machine)
    try output.write { stream in
      if output.json {
        for level in chosen.map({ [$0] }) ?? report.levels {
          report.writeJSON(level: level, to: &stream.buffer)
        }
        return
      }
      report.writeHeader(to: &stream.buffer)
      if let chosen {
        report.writeText(level: chosen, to: &stream.buffer)
      } else {
        report.writeReadings(to: &stream.buffer)
      }
    }
  }

  /// The Windows kernel that was named, if any.
  private func kernelID() throws -> WindowsKernelID? {
    guard let os, os != "none", !isLinux else { return nil }
    guard os.lowercased().hasPrefix("windows") else {
      throw Failure.usage(OperatingSystem.unknown(os))
    }
    return try WindowsKernelID(os)
  }

  private var isLinux: Bool { os.map(LinuxKernel.isID) ?? false }

  /// Writes what the entry means to a Linux kernel.
  private func explain(_ name: String, level: Int?, on machine: Machine) throws {
    let kernel = try LinuxKernel(id: name, mode: machine.paging.mode, options: linux.options)
    let question = LinuxEntryReport.Question(
      LinuxSystem(kernel, foundBy: "--os \(name)"), level: level ?? 1,
      levelSource: level == nil ? "assumed; --level takes another" : "--level")
    let report = LinuxEntryReport(value, of: machine, question)
    try output.write { stream in
      if output.json {
        report.writeJSON(to: &stream.buffer)
      } else {
        report.writeText(to: &stream.buffer)
      }
    }
  }

  /// Writes what the entry means to a Windows kernel.
  private func explain(
    _ id: WindowsKernelID, named name: String, level: Int?, on machine: Machine
  ) throws {
    let kernel = try WindowsKernel(id, WindowsEntryFormat(machine.paging.mode))
    let question = try windows.question(kernel, named: name, level: level)
    let report = WindowsEntryReport(value, of: machine, question)
    try output.write { stream in
      if output.json {
        report.writeJSON(to: &stream.buffer)
      } else if windows.type == .union {
        report.writeUnion(to: &stream.buffer)
      } else if style == .windbg {
        report.writeType(to: &stream.buffer)
      } else {
        report.writeText(to: &stream.buffer)
      }
    }
  }

  private static func level(_ name: String, in mode: PagingMode) throws -> Int {
    if let level = mode.level(named: name) { return level }
    let near =
      Suggestion.nearest(to: name, in: mode.entryNames)
      .map { "; did you mean `\($0)`?" } ?? ""
    throw Failure.usage(
      "mode \(mode.rawValue) has no level `\(name)`; there are "
        + mode.entryNames.joined(separator: ", ") + near)
  }
}

extension ProcessorOptions {
  /// A machine that is a processor without memory; unless said, of 4-level paging or of the mode
  /// that has the level and that `isPossible` admits.
  func machine(
    withLevel level: String?, where isPossible: (PagingMode) -> Bool
  ) throws -> Machine {
    let fitting = ([PagingMode.x86_64] + PagingMode.allCases).first { mode in
      (level.map { mode.level(named: $0) != nil } ?? true) && isPossible(mode)
    }
    var machine = Machine(
      memory: .flat(FlatMemory(try ByteMapping.zeroed(count: 0))),
      paging: PagingState(mode: mode ?? fitting ?? .x86_64), addressSpaces: [], format: "none",
      size: 0)
    try overrides.apply(to: &machine)
    let source = mode == nil ? "assumed; --mode takes another" : "--mode"
    machine.note("mode", machine.paging.mode.rawValue, from: source)
    return machine
  }
}
