import Foundation
import Testing

/// Every option that takes a number takes it however people write it.
@Suite struct NumberTests {
  private let place: Workplace

  init() throws {
    place = try Workplace()
    try place.write(
      Workplace.scenario("arm", "map: [{ va: 0x40_0000, to: 0x5000 }]", mode: "arm64"),
      to: "arm.yaml")
    try place.write("eight by", to: "words")
    let built = try Command.run(["build", "plain.yaml", "--output", "plain.raw"], in: place)
    try #require(built.status == 0)
  }

  /// A number and a command line with `%` where it stands.
  private typealias Case = (number: UInt64, words: String)

  private static let raw = "walk plain.raw 0x400000 --mode x86-64 --root 0x1000"
  private static let windows = "walk plain.yaml 0x400000 --os windows-19041.508"

  /// For each option one command line that reads it; arguments go by the names of their verbs.
  private static let cases: [String: Case] = [
    "walk": (0x40_0123, "walk plain.yaml %"), "fault": (0x40_0123, "fault plain.yaml %"),
    "reverse": (0x5123, "reverse plain.yaml % --no-cache"),
    "read": (0x40_0123, "read plain.yaml %"),
    "report": (0x40_0123, "report plain.yaml % --output page.html --force"),
    "pfn": (0x5000, "pfn plain.yaml % --os windows-19041.508 --pfn-database 0x1_0000"),
    "--root": (0x1018, "walk plain.raw 0x400000 --mode x86-64 --root %"),
    "--pid": (77, "walk plain.yaml 0x400000 --pid %"),
    "--invalid-mask": (0x2000_0000_0000, "\(windows) --invalid-mask %"),
    "--irql": (
      2, "fault plain.yaml 0x400000 --as supervisor --os windows-19041.508 --irql %"
    ),
    "--process-list": (0xffff_8000_0001_2340, "\(windows) --process-list %"),
    "--pfn-database": (0xffff_fa80_0000_0000, "\(windows) --pfn-database %"),
    "--virtual-store": (2, "\(windows) --virtual-store %"),
    "--base": (0x1_0000, "\(raw) --base %"),
    "--hole": (0x2_0000, "info plain.raw --hole %+64K"),
    "--skip": (0x2_0000, "info plain.raw --skip %..0x2ffff"),
    "--cr0": (0x8005_0033, "walk plain.yaml 0x400000 --cr0 %"),
    "--cr4": (0x75_0ef0, "walk plain.yaml 0x400000 --cr4 %"),
    "--efer": (0xd01, "walk plain.yaml 0x400000 --efer %"),
    "--pkru": (0x5555_5554, "walk plain.yaml 0x400000 --pkru %"),
    "--pkrs": (0x5555_5554, "walk plain.yaml 0x400000 --pkrs %"),
    "--ttbr1": (0x4185_3000, "walk arm.yaml 0x400000 --ttbr1 %"),
    "--tcr": (0x5_8010_0010, "walk arm.yaml 0x400000 --tcr %"),
    "--sctlr": (0x34f4_d91d, "walk arm.yaml 0x400000 --sctlr %"),
    "--mair": (0x4_0044_ffff, "walk arm.yaml 0x400000 --mair %"),
    "--pat": (0x0407_0506_0007_0106, "walk plain.yaml 0x400000 --pat %"),
    "--physical-bits": (40, "walk plain.yaml 0x400000 --physical-bits %"),
    "--c-bit": (47, "walk plain.yaml 0x400000 --c-bit %"),
    "--shared-bit": (46, "walk plain.yaml 0x400000 --shared-bit %"),
    "--range": (0x40_0000, "map plain.yaml --range %..0x400fff"),
    "--after": (0x40_0000, "map plain.yaml --after %"),
    "--before": (0x40_1000, "map plain.yaml --before %"),
    "--has": (0x40_0123, "map plain.yaml --has %"),
    "--physical": (0x5000, "map plain.yaml --physical %+4K"),
    "--limit": (3, "map plain.yaml --limit %"),
    "--length": (32, "read plain.yaml 0x400000 --length %"),
    "--fill": (42, "read plain.yaml 0x401000+4 --raw --fill %"),
    "--align": (4096, "find plain.yaml --hex 07 --align %"),
    "--start": (0x40_1000, "pagemap words --captured --start % --os linux-6.1"),
    "--port": (8080, "explore absent.yaml --port %"),
    "--jobs": (2, "run plain.yaml --jobs %"),
    "--seed": (7, "quiz --seed % --count 2"), "--count": (3, "quiz --count %"),
  ]

  /// The options that take something else than a number.
  private static let others: Set = [
    "--output", "--format", "--truth", "--junit", "--process", "--os", "--mode", "--vendor",
    "--accept", "--color", "--style", "--access", "--as", "--level", "--table", "--filter",
    "--sqlite", "--text", "--type", "--utf16", "--hex", "--shard", "--combine", "--grade", "--save",
    "--kind",
    "--maps",
    "--kernel-config", "--step", "--until",
  ]

  /// The ways to write a number, the plainest first.
  static func notations(_ number: UInt64) -> [String] {
    let hex = String(number, radix: 16)
    let decimal = String(number)
    let padded = String(repeating: "0", count: 16 - hex.count) + hex
    let (high, low) = (padded.prefix(8), padded.suffix(8))
    return [
      "0x\(hex)", "0X\(hex.uppercased())", "0x\(padded)", decimal, grouped(decimal, by: 3),
      "0x" + grouped(hex, by: 4), "\(high)`\(low)", "\(high.uppercased())`\(low.uppercased())",
      "0x\(high)`\(low)",
    ]
  }

  /// Digits with `_` between groups of them, counted from the right.
  private static func grouped(_ digits: String, by size: Int) -> String {
    var groups: [String] = []
    var rest = digits
    while !rest.isEmpty {
      groups.insert(String(rest.suffix(size)), at: 0)
      rest = String(rest.dropLast(size))
    }
    return groups.joined(separator: "_")
  }

  /// One run with the plain notation, one with all of them.
  ///
  /// Arguments may be many; of an option that is given several times the last counts, and one that is not
  /// read ends the run. That all notations are the same number is a law of `NumberText`, with tests of its own.
  @Test(arguments: cases.keys.sorted())
  func numbersAreReadHoweverTheyAreWritten(name: String) throws {
    let (number, words) = try #require(Self.cases[name])
    let notations = Self.notations(number)
    let plain = try run(words, Array(repeating: notations[0], count: notations.count))
    #expect(!plain.errors.contains("is not a number"), "\(plain.errors)")
    let all = try run(words, notations)
    #expect(all.status == plain.status, "\(all.errors)")
    #expect(all.output == plain.output)
  }

  /// A command line in which the word with `%`, and the option before it, stand once for each notation.
  private func run(_ words: String, _ notations: [String]) throws -> Command.Outcome {
    var arguments: [String] = []
    for word in words.split(separator: " ").map(String.init) {
      guard word.contains("%") else {
        arguments.append(word)
        continue
      }
      let option = arguments.last?.hasPrefix("--") == true ? [arguments.removeLast()] : []
      for notation in notations { arguments += option + [word.replacing("%", with: notation)] }
    }
    return try Command.run(arguments, in: place)
  }

  /// A value of `pte` stands alone.
  @Test func valuesOfEntriesAreReadHoweverTheyAreWritten() throws {
    let notations = Self.notations(0x8000_0000_69fc_8867)
    let outputs = try notations.map { try Command.run(["pte", $0], in: place).output }
    #expect(Set(outputs).count == 1 && outputs[0].contains("0x8000000069fc8867"))
  }

  private struct Help: Decodable {
    struct Name: Decodable { var kind, name: String }
    struct Argument: Decodable {
      var kind: String
      var names: [Name]?
    }
    struct Verb: Decodable {
      var commandName: String
      var arguments: [Argument]
    }
    struct Root: Decodable { var subcommands: [Verb] }
    var command: Root
  }

  /// An option that comes later has to say what it takes.
  @Test func noOptionIsLeftOut() throws {
    let text = try Command.run(["--experimental-dump-help"], in: place).output
    let help = try JSONDecoder().decode(Help.self, from: Data(text.utf8))
    for verb in help.command.subcommands {
      for argument in verb.arguments where argument.kind == "option" {
        let names = (argument.names ?? []).map { "--\($0.name)" }
        let isKnown = names.contains { Self.cases[$0] != nil || Self.others.contains($0) }
        #expect(isKnown, "\(verb.commandName) \(names)")
      }
    }
  }

  /// The sizes of ranges, each of them in one run with all notations.
  @Test(
    arguments: [
      (["4K", "4KiB", "0x1000", "4_096"], 4096), (["2M", "2MiB"], 2 << 20),
      (["1G", "1GiB"], 1 << 30),
    ] as [([String], UInt64)])
  func sizesHaveUnits(sizes: [String], bytes: UInt64) throws {
    func run(_ sizes: [String]) throws -> Command.Outcome {
      let ranges = sizes.flatMap { ["0x5000+\($0)", "00000000`00005000+\($0)"] }
      return try Command.run(["reverse", "plain.yaml", "--json"] + ranges, in: place)
    }
    let expected = try run(sizes.map { _ in "\(bytes)" })
    #expect(expected.output.contains("0x400000"), "\(expected)")
    #expect(try run(sizes).output == expected.output)
    guard bytes <= 1 << 20 else { return }
    let lengths = sizes.flatMap { ["--length", $0] }
    let read = try Command.run(["read", "plain.yaml", "0", "--json"] + lengths, in: place)
    #expect(read.output.contains(#""length":\#(bytes)"#), "\(read.output)")
  }

  /// Addresses take the units of sizes; 2 MiB is 2097152 wherever one is asked.
  @Test(
    arguments: [
      "walk plain.yaml %", "fault plain.yaml %", "reverse plain.yaml % --no-cache",
      "reverse plain.yaml %..% --no-cache", "read plain.yaml %+16", "map plain.yaml --has %",
      "map plain.yaml --after %", "map plain.yaml --before %", "map plain.yaml --range %..4M",
      "map plain.yaml --physical 0..%", "find plain.yaml --hex 07 --range 0..% --no-owners",
      "walk plain.raw 4M --mode x86-64 --root %",
      "walk plain.raw 4M --mode x86-64 --root % --base %",
      "info plain.raw --mode x86-64 --root 4K --hole %+64K", "walk arm.yaml 4M --ttbr1 %",
      "walk plain.yaml 4M --os windows-19041.508 --pfn-database %",
      "pagemap words --captured --start % --os linux-6.1",
    ])
  func addressesHaveUnits(words: String) throws {
    func run(_ number: String) throws -> Command.Outcome {
      let line = words.replacing("%", with: number)
      return try Command.run(line.split(separator: " ").map(String.init), in: place)
    }
    let outcomes = try ["0x200000", "2097152", "2M", "2MiB", "2048K"].map(run)
    #expect(outcomes[0].status != 64, "\(outcomes[0].errors)")
    for outcome in outcomes {
      #expect(outcome.output == outcomes[0].output && outcome.status == outcomes[0].status)
    }
    #expect(try run("2MB").status == 64)
  }

  @Test(arguments: ["translate plain.yaml", "fault plain.yaml --batch"])
  func linesOfStandardInputTakeThemToo(words: String) throws {
    let tail = words.hasPrefix("fault") ? " read user" : ""
    let lines = (Self.notations(0x40_0000) + ["4M", "4MiB"]).map { "\($0)\(tail)\n" }.joined()
    let outcome = try Command.run(
      words.split(separator: " ").map(String.init) + ["--json"], input: lines, in: place)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.lines.count == Self.notations(0).count + 2)
    #expect(Set(outcome.lines).count == 1, "\(outcome.output)")
  }
}
