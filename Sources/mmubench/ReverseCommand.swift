import ArgumentParser
import Machine
import Report
import ReverseMap
import Workbench

/// `reverse`: who maps a physical address.
struct ReverseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reverse",
    abstract: "List every process and virtual address that maps a physical address.",
    discussion: """
      An address is 0x1000, a range 0x1000..0x1fff or 0x1000+4K. What all processes map by the tables of a \
      common upper half is said once (in JSON with `shared_by` in place of pid and process); --expand says \
      it for each of them. --pid and --process leave all other processes out, --root all other roots; \
      with --shared they choose a process, and the pages that it shares are listed with all their owners.

      The first question about a dump builds an index of all its page tables and keeps it in the cache folder \
      ($XDG_CACHE_HOME or ~/.cache), with what was found in opening the dump; both are made again when the dump \
      has changed. What was not used for the longest time is removed when all that is kept exceeds 4 GiB.
      """ + Examples.of("reverse"),
    aliases: ["ptov", "pas2vas"])

  @Argument(
    help: ArgumentHelp("A scenario or a memory dump.", valueName: "machine"), completion: .file())
  var machine: String

  @Argument(
    help: ArgumentHelp("Physical addresses or ranges of them.", valueName: "pa"),
    transform: Numbers.addresses)
  var addresses: [ClosedRange<UInt64>] = []

  @Flag(help: "List pages that more than one process maps, in the ranges or in all of memory.")
  var shared = false

  @Flag(help: "Say what several processes share for each of them.")
  var expand = false

  @Option(
    help: ArgumentHelp("At most so many mappings.", valueName: "n"), transform: Numbers.number)
  var limit: UInt64?

  @Option(
    help: ArgumentHelp(
      "Write as another program does: \(OwnerStyle.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "name"),
    completion: Choice.completion(OwnerStyle.self),
    transform: { try Choice.of(OwnerStyle.self, "style", $0) })
  var style: OwnerStyle = .plain

  @OptionGroup(title: "Index options") var index: IndexOptions
  @OptionGroup(title: "Machine options") var options: MachineOptions
  @OptionGroup(title: "Output options") var output: OutputOptions

  func validate() throws {
    if addresses.isEmpty, !shared {
      throw ValidationError("give a physical address, or --shared")
    }
    if shared, expand {
      throw ValidationError("--shared is about processes, --expand about what all share")
    }
    if style != .plain, output.json {
      throw ValidationError(
        "--style \(style.rawValue) is text of another program; leave --json out")
    }
  }

  func run() throws {
    let (machine, sharers, isFoundAgain) = try open()
    Notice.warnOfRefusedRoots(of: machine)
    let list = MappingList(OwnerReport(machine, style: style), limit: limit, asJSON: output.json)
    if style != .plain { Notice.write { MachineHeader(machine, scope: .allRoots).write(to: &$0) } }
    var agrees = true
    try output.write { stream in
      if !output.json {
        if style == .plain { MachineHeader(machine, scope: .allRoots).write(to: &stream.buffer) }
        list.report.writeHeader(to: &stream.buffer)
      }
      agrees = try index.withMap(of: machine) { map in
        list.restart()
        try answer(map, sharers) { list.write($0, to: stream) }
      }
      if !output.json { list.report.writeTotal(isWhole: list.isWhole, to: &stream.buffer) }
    }
    if !agrees || !isFoundAgain { throw ExitCode(1) }
  }

  /// The machine, with all processes where it is asked what one of them shares with others, the address spaces
  /// of that one, and whether what is kept of it is what is found again.
  private func open() throws -> (machine: Machine, sharers: Set<Int>?, isFoundAgain: Bool) {
    func alone() throws -> (machine: Machine, sharers: Set<Int>?, isFoundAgain: Bool) {
      let (opened, isFoundAgain) = try index.open(machine, options)
      return (opened, nil, isFoundAgain)
    }
    guard shared, options.pid != nil || options.process != nil else { return try alone() }
    var everyone = options
    (everyone.pid, everyone.process) = (nil, nil)
    var (opened, isFoundAgain) = try index.open(machine, everyone)
    var own = opened.addressSpaces(pid: options.pid, process: options.process)
    if own.isEmpty, !Workbench.isScenario(machine) {
      opened.searchWindows()
      own = opened.addressSpaces(pid: options.pid, process: options.process)
    }
    // That no process is meant is said as for every other verb.
    if own.isEmpty { return try alone() }
    let spaces = opened.addressSpaces
    return (opened, Set(spaces.indices.filter { own.contains(spaces[$0]) }), isFoundAgain)
  }

  private func answer(
    _ map: ReverseMap, _ sharers: Set<Int>?, _ emit: (ReverseMapping) -> Bool
  ) throws {
    var wantsMore = true
    for range in addresses.isEmpty ? [0...UInt64.max] : addresses where wantsMore {
      func receive(_ mapping: ReverseMapping) -> Bool {
        wantsMore = emit(mapping)
        return wantsMore
      }
      if shared {
        var filter = SharedFilter(sharers)
        try map.sharedPages(of: range) { filter.take($0, receive) }
        if wantsMore { filter.flush(receive) }
      } else {
        try map.mappings(of: range, expandingShared: expand, receive)
      }
    }
  }
}

/// Writes mappings as they come, up to a limit.
final class MappingList {
  private(set) var report: OwnerReport
  /// Whether nothing was left out.
  private(set) var isWhole = true
  private let limit: UInt64
  private let isJSON: Bool
  /// The mappings to come that were written before.
  private var known: UInt64 = 0

  init(_ report: OwnerReport, limit: UInt64?, asJSON isJSON: Bool) {
    self.report = report
    self.limit = limit ?? UInt64.max
    self.isJSON = isJSON
  }

  /// The mappings come again from the beginning, in the same order.
  func restart() { known = report.count }

  /// Writes a mapping; false when no more are wanted.
  func write(_ mapping: ReverseMapping, to stream: ReportStream) -> Bool {
    guard known == 0 else {
      known -= 1
      return true
    }
    guard report.count < limit else {
      isWhole = false
      return false
    }
    if isJSON {
      report.writeJSON(mapping, to: &stream.buffer)
    } else {
      report.writeText(mapping, to: &stream.buffer)
    }
    guard stream.drain() else {
      isWhole = false
      return false
    }
    return true
  }
}
