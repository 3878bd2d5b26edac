import ArgumentParser
import LinuxMemory
import Machine
import PhysicalMemory
import Report
import WindowsMemory

/// `pfn`: what the operating system has of a frame.
struct PfnCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pfn",
    abstract: "Show what the operating system has of physical frames.",
    discussion: """
      A frame is given by its number, as to the debugger's !pfn; with --physical by an address in it. \
      Windows' PFN database is read where the machine says it is, or where --pfn-database says \
      (MmPfnDatabase). Of Linux the struct page is read in dumps that have VMCOREINFO; its flags \
      are named as in the kernel's types (BTF), or those whose numbers are in VMCOREINFO, others by number.
      """ + Examples.of("pfn"),
    aliases: ["!pfn"])

  @Argument(
    help: ArgumentHelp("A scenario or a memory dump.", valueName: "machine"), completion: .file())
  var machine: String

  @Argument(
    help: ArgumentHelp("Numbers of frames.", valueName: "pfn"), transform: Numbers.address)
  var frames: [UInt64]

  @Flag(help: "Physical addresses are given, not numbers of frames.")
  var physical = false

  @Option(
    help: ArgumentHelp(
      "Write as another program does: \(FrameStyle.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "name"),
    completion: Choice.completion(FrameStyle.self),
    transform: { try Choice.of(FrameStyle.self, "style", $0) })
  var style: FrameStyle = .plain

  @OptionGroup(title: "Machine options") var options: MachineOptions
  @OptionGroup(title: "Output options") var output: OutputOptions

  func validate() throws {
    guard style != .plain, output.json else { return }
    throw ValidationError("--style \(style.rawValue) is text of another program; leave --json out")
  }

  func run() throws {
    let machine = try options.open(machine)
    if let report = FrameReport(machine) {
      return try writeEntries(of: machine, report)
    }
    guard machine.system.linux != nil else {
      throw Failure.usage(
        "no operating system is known that keeps a record of frames: --os windows-19041.508 names a"
          + " kernel; Linux is found in dumps that have VMCOREINFO")
    }
    guard let frames = machine.system.linux?.frames else {
      throw Failure.usage("this Linux does not say where its descriptors of frames are")
    }
    guard style == .plain else {
      throw Failure.usage("--style \(style.rawValue) is about Windows; this is Linux")
    }
    try write(machine) { pfn, stream in
      do throws(LinuxFrameProblem) {
        let frame = try frames.frame(pfn)
        LinuxFrameReport(frame).write(asJSON: output.json, to: &stream.buffer)
      } catch {
        LinuxFrameReport.write(pfn, error, asJSON: output.json, to: &stream.buffer)
      }
    }
  }

  /// Writes an answer for each frame.
  private func write(
    _ machine: Machine, _ answer: (UInt64, ReportStream) -> Void
  ) throws {
    if style != .plain { Notice.write { MachineHeader(machine).write(to: &$0) } }
    let isText = !output.json && style == .plain
    try output.write { stream in
      if isText { MachineHeader(machine).write(to: &stream.buffer) }
      for (index, frame) in frames.enumerated() {
        if index > 0, isText { stream.buffer.endLine() }
        answer(physical ? frame / frameSize : frame, stream)
        guard stream.drain() else { return }
      }
    }
  }

  private func writeEntries(of machine: Machine, _ report: FrameReport) throws {
    guard let database = machine.classifier()?.pfnDatabase else {
      let isKnown = machine.system.windows?.pfnDatabase != nil
      throw Failure.usage(
        isKnown
          ? "how this kernel lays out its PFN database is not known"
          : "where the PFN database begins is not known: --pfn-database ADDRESS says it"
            + " (MmPfnDatabase)")
    }
    try write(machine) { pfn, stream in
      do throws(KernelReadFailure) {
        let entry = try database.entry(of: pfn)
        switch (output.json, style) {
        case (true, _): report.writeJSON(entry, to: &stream.buffer)
        case (false, .plain): report.writeText(entry, to: &stream.buffer)
        case (false, .windbg): report.writeWindbg(entry, to: &stream.buffer)
        }
      } catch {
        if output.json {
          report.writeJSON(pfn, error, to: &stream.buffer)
        } else {
          report.writeText(pfn, error, to: &stream.buffer)
        }
      }
    }
  }
}
