import ArgumentParser
import Glibc
import Machine
import Paging
import PhysicalMemory
import Report

/// `read`: bytes at virtual or physical addresses.
struct ReadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "read",
    abstract: "Show the bytes at virtual or physical addresses.",
    discussion: """
      An address is 0x1000 (then 128 bytes, or --length), a range 0x1000..0x1fff or 0x1000+4K. What is \
      not mapped, or not in the image, is ??, and the reasons follow the bytes. `db` is another name; \
      `!db` is `read --physical`.
      """ + Examples.of("read"),
    aliases: ["db", "!db"])

  @Argument(
    help: ArgumentHelp("A scenario or a memory dump.", valueName: "machine"), completion: .file())
  var machine: String

  @Argument(
    help: ArgumentHelp("Addresses or ranges of them.", valueName: "address"),
    transform: Numbers.addresses)
  var addresses: [ClosedRange<UInt64>]

  @Flag(help: "The addresses are physical.")
  var physical = false

  @Option(
    help: ArgumentHelp("How many bytes to show at a single address.", valueName: "size"),
    transform: Numbers.size)
  var length: UInt64?

  @Flag(
    help:
      "Write the bytes themselves; without --fill the first that is not there ends them (exit status 74)."
  )
  var raw = false

  @Option(
    help: ArgumentHelp(
      "The byte that stands for what is not there, with --raw.", valueName: "byte"),
    transform: Numbers.byte)
  var fill: UInt8?

  @Option(
    help: ArgumentHelp(
      "Write as another program does: \(DumpStyle.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "name"),
    completion: Choice.completion(DumpStyle.self),
    transform: { try Choice.of(DumpStyle.self, "style", $0) })
  var style: DumpStyle = .plain

  @OptionGroup(title: "Machine options") var options: MachineOptions
  @OptionGroup(title: "Output options") var output: OutputOptions

  /// Debuggers name the two kinds of addresses by two verbs.
  private var kind: AddressKind {
    physical || CommandLine.arguments.dropFirst().first == "!db" ? .physical : .virtual
  }

  func validate() throws {
    if length == 0 { throw ValidationError("--length 0: there is nothing to show") }
    if raw, output.json { throw ValidationError("--raw and --json: the one or the other") }
    if fill != nil, !raw { throw ValidationError("--fill goes with --raw") }
    if style != .plain, raw || output.json {
      throw ValidationError("--style \(style.rawValue) is text; leave --raw and --json out")
    }
  }

  func run() throws {
    let machine = try options.open(machine)
    let ranges = try addresses.map { try range($0, in: machine) }
    if raw { return try writeRaw(ranges, of: machine) }
    if style != .plain { Notice.write { MachineHeader(machine).write(to: &$0) } }
    var report = ReadReport(machine, kind, style: style)
    try output.write { stream in
      if !output.json, style == .plain { MachineHeader(machine).write(to: &stream.buffer) }
      for range in ranges {
        machine.read(range, kind) { piece in
          guard output.json else { return report.write(piece, to: stream) }
          report.writeJSON(piece, to: &stream.buffer)
          return stream.drain()
        }
        report.endRange(to: &stream.buffer)
      }
      if !output.json, style == .plain { report.writeGaps(to: &stream.buffer) }
    }
    // The lines of a debugger say nothing but bytes.
    if style != .plain { Notice.write { report.writeGaps(to: &$0) } }
  }

  /// A single address stands for as many bytes as --length says.
  private func range(
    _ range: ClosedRange<UInt64>, in machine: Machine
  ) throws -> ClosedRange<UInt64> {
    let highest = kind == .virtual ? machine.paging.mode.lastAddress : UInt64.max
    if kind == .virtual { try machine.require(range.upperBound) }
    guard range.lowerBound == range.upperBound else { return range }
    let more = min((length ?? 128) - 1, highest - range.lowerBound)
    return range.lowerBound...(range.lowerBound + more)
  }

  private func writeRaw(_ ranges: [ClosedRange<UInt64>], of machine: Machine) throws {
    try output.write { stream in
      for range in ranges {
        var gap: MemoryPiece?
        machine.read(range, kind) { piece in
          if case .bytes(let bytes) = piece.content {
            stream.buffer.write(bytes)
          } else if let fill {
            for _ in 0..<piece.count {
              stream.buffer.write(Unicode.Scalar(fill))
              guard stream.drain() else { return false }
            }
          } else {
            gap = piece
            return false
          }
          return stream.drain()
        }
        guard let gap else { continue }
        throw Failure(
          description:
            "the bytes from \(gap.address.hex) on are not there; --fill BYTE stands for them",
          status: 74)
      }
    }
  }
}
