import ArgumentParser
import Machine
import PhysicalMemory
import Report
import ReverseMap

/// `find`: bytes in physical memory, and whose they are.
struct FindCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find",
    abstract: "Look for text or bytes in physical memory, and say who maps each place.",
    discussion: """
      All memory in the image is searched, whether anybody maps it or not. A place is found where it \
      crosses from one frame into the next, as long as both are in the image. With --json each place is one \
      object for each mapping, as of `reverse`, or one with nothing but `pa` where nobody maps it.

      What is found of a dump is kept in the cache folder, as `reverse` keeps it.
      """ + Examples.of("find"))

  @Argument(
    help: ArgumentHelp("A scenario or a memory dump.", valueName: "machine"), completion: .file())
  var machine: String

  @Option(help: ArgumentHelp("Look for this text, as UTF-8.", valueName: "text"))
  var text: String?

  @Option(
    help: ArgumentHelp("Look for this text, as Windows keeps it (UTF-16).", valueName: "text"))
  var utf16: String?

  @Option(
    help: ArgumentHelp(
      "Look for these bytes in hexadecimal; ?? is any byte: '4d 5a ?? 00'.", valueName: "bytes"))
  var hex: String?

  @Option(
    help: ArgumentHelp("Only in these physical addresses.", valueName: "first..last"),
    transform: Numbers.addresses)
  var range: ClosedRange<UInt64>?

  @Option(
    help: ArgumentHelp("Only at multiples of this.", valueName: "n"), transform: Numbers.size)
  var align: UInt64?

  @Option(
    help: ArgumentHelp("At most so many places.", valueName: "n"), transform: Numbers.number)
  var limit: UInt64?

  @Flag(inversion: .prefixedNo, help: "Say who maps each place.")
  var owners = true

  @OptionGroup(title: "Index options") var index: IndexOptions
  @OptionGroup(title: "Machine options") var options: MachineOptions
  @OptionGroup(title: "Output options") var output: OutputOptions

  func validate() throws {
    guard [text, utf16, hex].count(where: { $0 != nil }) == 1 else {
      throw ValidationError("give one of --text, --utf16 and --hex")
    }
    if align == 0 { throw ValidationError("--align 0: every address is a multiple of 1") }
    _ = try pattern
  }

  private var pattern: BytePattern {
    get throws {
      do throws(BytePattern.Problem) {
        if let text { return try BytePattern(text: text) }
        if let utf16 { return try BytePattern(utf16: utf16) }
        return try BytePattern(hex: hex ?? "")
      } catch {
        throw ValidationError(Self.explanation(error))
      }
    }
  }

  private static func explanation(_ problem: BytePattern.Problem) -> String {
    switch problem {
    case .empty: "there is nothing to look for"
    case .onlyWildcards: "a pattern needs a byte that is given"
    case .tooLong(let limit): "a pattern has at most \(limit) bytes"
    case .notAByte(let word): "`\(word)` is neither a byte of two hexadecimal digits nor `??`"
    }
  }

  func run() throws {
    let (machine, isFoundAgain) = try index.open(machine, options)
    if owners { Notice.warnOfRefusedRoots(of: machine) }
    let search = MemorySearch(try pattern)
    var agrees = true
    try output.write { stream in
      let list = HitList(OwnerReport(machine), limit: limit, asJSON: output.json, stream)
      if !output.json {
        MachineHeader(machine, scope: .allRoots).write(to: &stream.buffer)
        list.report.writeHeader(to: &stream.buffer)
      }
      if owners {
        agrees = try index.withMap(of: machine) { map in
          try run(search, on: machine, list, map)
        }
      } else {
        try run(search, on: machine, list, nil)
      }
      if !output.json { list.writeTotal() }
    }
    if !agrees || !isFoundAgain { throw ExitCode(1) }
  }

  private func run(
    _ search: MemorySearch, on machine: Machine, _ list: HitList, _ map: ReverseMap?
  ) throws {
    var failure: ReverseMapError?
    list.restart()
    search.run(machine.memory, in: range ?? 0...UInt64.max) { place in
      if let align, place.rawValue % align != 0 { return true }
      do throws(ReverseMapError) {
        return try list.write(place, map)
      } catch {
        failure = error
        return false
      }
    }
    if let failure { throw failure }
  }
}

/// Writes places with their owners as they come, up to a limit.
final class HitList {
  private(set) var report: OwnerReport
  private let limit: UInt64
  private let isJSON: Bool
  private let stream: ReportStream
  private var hits: UInt64 = 0
  private var isWhole = true
  /// The lines under way in this run, and those of the run before, which are left out.
  private var lines: UInt64 = 0
  private var known: UInt64 = 0

  init(_ report: OwnerReport, limit: UInt64?, asJSON isJSON: Bool, _ stream: ReportStream) {
    self.report = report
    self.limit = limit ?? UInt64.max
    self.isJSON = isJSON
    self.stream = stream
  }

  /// The places come again from the beginning, in the same order.
  func restart() { (known, lines, hits) = (max(known, lines), 0, 0) }

  /// Writes a place; false when no more are wanted.
  func write(_ place: PhysicalAddress, _ map: ReverseMap?) throws(ReverseMapError) -> Bool {
    guard hits < limit else {
      isWhole = false
      return false
    }
    hits += 1
    var isOwned = false
    var wantsMore = true
    try map?.mappings(of: place.rawValue...place.rawValue) { mapping in
      isOwned = true
      wantsMore = line {
        if isJSON {
          report.writeJSON(mapping, to: &stream.buffer)
        } else {
          report.writeText(mapping, to: &stream.buffer)
        }
      }
      return wantsMore
    }
    if isOwned { return wantsMore }
    return line {
      report.writeUnowned(place, isAsked: map != nil, asJSON: isJSON, to: &stream.buffer)
    }
  }

  private func line(_ write: () -> Void) -> Bool {
    lines += 1
    if lines > known { write() }
    return stream.drain()
  }

  /// Writes how many places there were.
  func writeTotal() { report.writeTotal(ofPlaces: hits, isWhole: isWhole, to: &stream.buffer) }
}
