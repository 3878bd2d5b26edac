import ArgumentParser
import Golden
import Machine
import PhysicalMemory
import Report

/// `digest`: a digest of all translations of each root.
struct DigestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "digest",
    abstract: "Print the XXH3-128 digest of the decoded translation of each root.",
    discussion: """
      A large machine can be shared out: --shard 1/4 ... 4/4 each do a part of the tables and print \
      what they found, and --combine brings the four outputs together to the same digests.
      """ + Examples.of("digest"))

  @Argument(
    help: ArgumentHelp("A scenario or a memory dump.", valueName: "machine"), completion: .file())
  var machine: String

  @Option(
    help: ArgumentHelp("Do this part of the work and print it for --combine.", valueName: "i/n"),
    transform: Shard.init)
  var shard: Shard?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Take the tables that these outputs of --shard hold.", valueName: "file"),
    completion: .file())
  var combine: [String] = []

  @OptionGroup(title: "Machine options") var options: MachineOptions
  @OptionGroup(title: "Output options") var output: OutputOptions

  func validate() throws {
    if shard != nil, !combine.isEmpty {
      throw ValidationError("--shard and --combine are two steps: first the one, then the other")
    }
  }

  func run() throws {
    let machine = try options.open(machine)
    var digester = Digester(memory: machine.memory, state: machine.paging)
    try output.write { stream in
      if let shard { return write(shard, of: machine, &digester, to: stream) }
      if !combine.isEmpty { try load(into: &digester, machine) }
      try writeDigests(of: machine, &digester, to: stream)
    }
  }

  private func writeDigests(
    of machine: Machine, _ digester: inout Digester, to stream: ReportStream
  ) throws {
    let report = DigestReport(machine)
    if !output.json {
      MachineHeader(machine, scope: .allRoots).write(to: &stream.buffer)
      report.writeHeader(to: &stream.buffer)
    }
    for space in machine.addressSpaces {
      let digest = digester.digest(root: space.register)
      if output.json {
        report.writeJSON(digest, of: space, to: &stream.buffer)
      } else {
        report.writeText(digest, of: space, to: &stream.buffer)
      }
      guard stream.drain() else { return }
    }
  }

  private func write(
    _ shard: Shard, of machine: Machine, _ digester: inout Digester, to stream: ReportStream
  ) {
    let file = ShardFile(machine)
    file.writeHeader(shard.index, of: shard.count, to: &stream.buffer)
    let roots = machine.addressSpaces.map(\.register)
    for node in digester.nodes(of: roots, shard: shard.index % shard.count, of: shard.count) {
      ShardFile.write(node, to: &stream.buffer)
      guard stream.drain() else { return }
    }
  }

  private func load(into digester: inout Digester, _ machine: Machine) throws {
    let file = ShardFile(machine)
    for path in combine { digester.load(try file.read(path)) }
    let missing = digester.missingNodes(of: machine.addressSpaces.map(\.register))
    guard missing == 0 else {
      throw Failure.malformed(
        "\(combine.joined(separator: ", ")): \(missing) tables are in none of these;"
          + " give the outputs of all shards")
    }
  }
}

/// A share of the work: `i/n`.
struct Shard {
  /// The number of the share; those of `count` shares are 1 to `count`, where 0 is `count`.
  let index: Int
  let count: Int

  @Sendable init(_ text: String) throws {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]),
      (1...1 << 20).contains(count), (0...count).contains(index)
    else { throw ValidationError("`\(text)` is not a share such as 1/4") }
    self.index = index
    self.count = count
  }
}
