import ArgumentParser
import BitLayout
import DumpFormats
import Glibc
import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import Report

/// `pagemap`: what Linux says of the pages of a process.
struct PagemapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pagemap",
    abstract: "Show where the pages of a Linux process are, as /proc/PID/pagemap says it.",
    discussion: """
      PROCESS is a number or `self`, of a process that runs; a dump, with --pid or --process; or with \
      --captured a file of words that were read from pagemap. Without addresses, all areas are shown. An \
      address is explained, ranges such as 0x1000..0x1fff or 0x1000+64K are shown as runs. \
      --os linux-6.1 says whose words they are; a running kernel and most dumps say it themselves. \
      Whether a page of a dump is of a file and mapped by one entry only stands in its struct page; bits \
      that the dump does not tell are left out of JSON and named in `unknown_bits`.
      """ + Examples.of("pagemap"))

  @Argument(
    help: ArgumentHelp("A process, a dump or a file of words.", valueName: "process"),
    completion: .file())
  var process: String

  @Argument(
    help: ArgumentHelp("Addresses or ranges of them.", valueName: "address"),
    transform: Numbers.addresses)
  var addresses: [ClosedRange<UInt64>] = []

  @Flag(help: "The file holds words of pagemap, eight bytes a page.")
  var captured = false

  @Option(
    help: ArgumentHelp(
      """
      The address of the first captured word; without it the words are those of the areas in turn, or \
      those of address 0 and up.
      """, valueName: "address"),
    transform: Numbers.address)
  var start: UInt64?

  @OptionGroup var areas: AreaOptions

  @Flag(help: "Read every word of a running process, without PAGEMAP_SCAN.")
  var everyWord = false

  @OptionGroup(title: "Machine options") var options: MachineOptions
  @OptionGroup(title: "Output options") var output: OutputOptions

  private var isRunning: Bool {
    !captured && (process == "self" || !process.isEmpty && process.allSatisfy(\.isNumber))
  }

  func validate() throws {
    if start != nil, !captured { throw ValidationError("--start goes with --captured") }
    if let start, start % frameSize != 0 {
      throw ValidationError("--start \(start.hex) is not the address of a page of 4 KiB")
    }
    if everyWord, !isRunning { throw ValidationError("--every-word is about a running process") }
    if areas.maps != nil, isRunning {
      throw ValidationError("--maps: a running process says its areas")
    }
    var said = options.overrides
    if captured { said.system = nil }
    guard isRunning || captured, said != MachineOverrides() || options.rawLayout != RawLayout()
    else { return }
    throw ValidationError(
      captured
        ? "of the machine options only --os says something of captured words"
        : "machine options are about scenarios and dumps; a running process says all itself")
  }

  func run() throws {
    if isRunning { return try runLive() }
    return captured ? try runCaptured() : try runDump()
  }

  private func runLive() throws {
    let live: LivePagemap
    do { live = try LivePagemap(process, mayScan: !everyWord) } catch let error as SystemError {
      throw Self.explained(error, process)
    }
    let owner = (live.name.map { "\($0) (\(process))" } ?? process)
    let whole: UInt64 = 0
    try write(
      live, PagemapFormat(live.version), whole...UInt64.max,
      header: [
        ("process", owner, "/proc/\(process)/pagemap"),
        ("kernel", live.version.map(\.description) ?? "unknown", "/proc/sys/kernel/osrelease"),
        (
          "read by", live.scans ? "PAGEMAP_SCAN" : "every word",
          live.scans ? "and the words of the pages that it finds" : ""
        ),
      ])
  }

  private func runCaptured() throws {
    let source: CapturedPagemap
    let bytes = try Decompression.text(process)
    let areas = try areas.areas() ?? MemoryAreas([])
    do throws(CapturedPagemap.Problem) {
      source = try CapturedPagemap(bytes: bytes, start: start, areas: areas)
    } catch {
      guard error.isAboutPlace else { throw Failure.malformed("\(process): \(error)") }
      throw Failure.usage("\(process): \(error)\(start == nil ? ": give --start" : "")")
    }
    let version = try self.version()
    let format = PagemapFormat(version, words: source.sample)
    let kernel: (String, String) =
      switch version {
      case let version?: (version.description, "--os")
      case nil where format.hasPageShift:
        ("before 4.2", "all words have the page shift in bits 60:55; --os linux-3.2 names one")
      case nil:
        (
          "unknown",
          "words are taken as the newest kernels write them; --os linux-6.1 names another"
        )
      }
    try write(
      source, format, source.extent ?? 0...UInt64.max,
      header: [
        ("words", "\(bytes.count / 8)", process), ("kernel", kernel.0, kernel.1),
      ])
  }

  private func runDump() throws {
    let machine = try options.open(process, areas)
    guard let system = machine.system.linux else {
      throw Failure.usage(
        "\(process) does not say which Linux made its tables; give --os, as in --os linux-6.1")
    }
    let kernel = system.kernel
    let areas = machine.areas()
    let source = ComputedPagemap(
      machine.memory, machine.paging, kernel, areas: areas?.list ?? MemoryAreas([]),
      facts: system.facts)
    let isKnown = system.facts.isKnown
    try write(
      source, PagemapFormat(kernel.version), 0...machine.paging.lastUserAddress,
      header: [
        ("kernel", kernel.id, system.foundBy),
        ("areas", "\(areas?.list.areas.count ?? 0)", areas?.source ?? Self.unknownAreas),
        (
          "file, exclusive", isKnown ? "looked up" : "not known",
          isKnown
            ? "in the struct page of each frame; `file?` where the image does not say it"
            : "they stand in struct page"
        ),
      ], machine, marking: isKnown ? PagemapEntry.file.mask | PagemapEntry.exclusive.mask : 0)
  }

  private static let unknownAreas =
    "not known: --maps gives them; soft-dirty areas and frames without a struct page are not told"

  private func version() throws -> LinuxVersion? {
    guard let name = options.os else { return nil }
    do throws(LinuxKernelError) {
      return try LinuxKernel(id: name, mode: .x86_64).version
    } catch {
      throw Failure.usage("\(error)")
    }
  }

  private func write(
    _ source: some PagemapSource, _ format: PagemapFormat, _ whole: ClosedRange<UInt64>,
    header: [(String, String, String)], _ machine: Machine? = nil, marking marked: UInt64 = 0
  ) throws {
    try output.write { stream in
      if !output.json {
        if let machine { MachineHeader(machine).write(to: &stream.buffer) }
        PagemapReport.writeHeader(header, to: &stream.buffer)
      }
      var report = PagemapReport(format, pageShift: source.pageShift, marking: marked)
      for range in addresses.isEmpty ? [whole] : addresses {
        let isPage = range.lowerBound == range.upperBound
        try source.read(in: range) { area, piece in
          if output.json {
            report.writeJSON(piece, in: area, to: &stream.buffer)
          } else if isPage {
            report.writePage(at: range.lowerBound, piece, in: area, to: &stream.buffer)
          } else {
            report.writeText(piece, in: area, to: &stream.buffer)
          }
          return stream.drain()
        }
      }
      if report.isWithheld { Notice.warn("frame numbers are \(PagemapReport.withheldText)") }
    }
  }

  private static func explained(_ error: SystemError, _ process: String) -> Failure {
    let isGone = !ProcessList.exists(process)
    let hint =
      isGone
      ? "no such process"
      : error.code == ESRCH
        ? "the process has no memory of its own: it is a thread of the kernel, or ends"
        : "it takes the rights to trace the process (ptrace), before Linux 4.2 root's"
    return Failure(description: "\(error) (\(hint))", status: error.call == "open" ? 66 : 74)
  }
}

/// The processes of this machine.
private enum ProcessList {
  static func exists(_ process: String) -> Bool {
    (try? ProcessFile("/proc/\(process)/comm")) != nil
  }
}
