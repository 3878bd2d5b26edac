import Foundation
import TestSupport
import Testing

/// Accesses on the command line and on standard input.
@Suite struct FaultTests {
  private let place: Workplace

  init() throws { place = try Workplace() }

  private func run(_ arguments: String..., input: String = "") throws -> Command.Outcome {
    try Command.run(arguments, input: input, in: place)
  }

  private func batch(_ input: String, _ options: String...) throws -> Command.Outcome {
    try Command.run(["fault", "plain.yaml", "--batch"] + options, input: input, in: place)
  }

  private static let written =
    #"{"va":"0x400abc","access":"write","as":"supervisor","outcome":"translated","pa":"0x5abc","#
    + #""updates":[{"address":"0x1000","before":"0x2007","after":"0x2027"},"#
    + #"{"address":"0x2000","before":"0x3007","after":"0x3027"},"#
    + #"{"address":"0x3010","before":"0x4007","after":"0x4027"},"#
    + #"{"address":"0x4000","before":"0x5007","after":"0x5067"}]}"# + "\n"

  @Test func aFaultIsAnAnswer() throws {
    let outcome = try run(
      "fault", "plain.yaml", "0x900000", "--access", "write", "--as", "user", "--json")
    #expect(outcome.status == 0)
    #expect(
      outcome.output
        == #"{"va":"0x900000","access":"write","as":"user","outcome":"page-fault","#
        + #""error_code":"0x6"}"# + "\n")
  }

  /// Emulators write an accessed bit into PDPTEs, where the manual has a reserved one.
  @Test(arguments: [["--explain"], []])
  func anAccessedBitThatNoManualHasIsNamed(options: [String]) throws {
    let scenario = Repository.file("Scenarios/x86/pae-ad-updates-walked.yaml")
    let outcome = try Command.run(
      ["fault", scenario.path, "0x00400123"] + options, input: "", in: place)
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("sets A   of PDPTE[0x000]"))
  }

  @Test func anAccessIsAReadByUserModeUnlessSaid() throws {
    let outcome = try run("fault", "plain.yaml", "0x900000", "--json")
    #expect(outcome.output.contains(#""access":"read","as":"user""#))
  }

  @Test(arguments: [
    "0x400abc write supervisor\n", "\n 0x400ABC\twrite  supervisor # comment\r\n",
    "# nothing\n4197052 write supervisor", "00000000`00400abc write supervisor\n",
  ])
  func everyFormOfALineIsRead(input: String) throws {
    let outcome = try batch(input, "--json")
    #expect(outcome.status == 0)
    #expect(outcome.output == Self.written)
    #expect(outcome.errors == "")
  }

  @Test func linesInAreLinesOut() throws {
    let outcome = try batch(
      "0x400000 read user\n0x800000 execute user\n0x8000000000000000 read supervisor\n")
    #expect(outcome.status == 0)
    let words = outcome.lines.map { line in
      line.split(separator: " ").prefix(4).joined(separator: " ")
    }
    #expect(
      words == [
        "0x0000000000400000 read user 0x0000000000005000",
        "0x0000000000800000 execute user page-fault",
        "0x8000000000000000 read supervisor general-protection",
      ])
    #expect(outcome.errors.hasPrefix("mode  x86-64"))
  }

  @Test(arguments: [
    ("zz read user", "`zz` is not a number"), ("0x1000", "is not VA ACCESS AS"),
    ("0x1000 read", "is not VA ACCESS AS"), ("0x1000 read user user", "is not VA ACCESS AS"),
    ("0x1000 wriet user", "did you mean `write`?"), ("0x1000 read usr", "did you mean `user`?"),
    ("0x1000 READ user", "did you mean `read`?"),
  ])
  func aMalformedLineEndsWith65AndItsNumber(line: String, complaint: String) throws {
    let outcome = try batch("0x400abc write supervisor\n\n\(line)\n0 read user\n", "--json")
    #expect(outcome.status == 65)
    #expect(outcome.output == Self.written, "what stood before is answered")
    #expect(outcome.errors.hasPrefix("mmubench: error: standard input:3: "))
    #expect(outcome.errors.contains(complaint), "\(outcome.errors)")
  }

  @Test(arguments: ["fault", "walk"])
  func explanationsComeWhenAsked(verb: String) throws {
    let text = try run(verb, "plain.yaml", "0x900000", "--explain")
    #expect(text.status == 0)
    #expect(text.output.contains("\n  what would change it\n"))
    let plain = try run(verb, "plain.yaml", "0x900000")
    #expect(text.output.hasPrefix(plain.output))
    let json = try run(verb, "plain.yaml", "0x900000", "--explain", "--json")
    #expect(json.lines.count == 1)
    #expect(json.output.contains(#","explanation":{"steps":["#))
  }

  @Test func shadowStacksNeedCET() throws {
    let arguments = ["fault", "plain.yaml", "0", "--access", "shadow-stack-read"]
    let refused = try Command.run(arguments, in: place)
    #expect(refused.status == 64)
    #expect(refused.errors.contains("CR4.CET=0"))
    #expect(try Command.run(arguments + ["--cr4", "0x800020"], in: place).status == 0)
    let line = try batch("0 shadow-stack-write user\n")
    #expect(line.status == 65)
    #expect(line.errors.contains("standard input:1: shadow-stack-write with CR4.CET=0"))
  }

  @Test func linesAcrossBlocksAreWhole() throws {
    let addresses = (0..<5000).map { "0x" + String(0x40_0000 + $0 * 37, radix: 16) }
    let outcome = try batch(
      addresses.map { "\($0) write supervisor-implicit\n" }.joined(), "--json")
    #expect(outcome.status == 0)
    #expect(outcome.lines.map { $0.prefix { $0 != "," } } == addresses.map { "{\"va\":\"\($0)\"" })
  }

  @Test func theOptionsReachTheProcessor() throws {
    // SMAP, and what lifts it.
    let supervisor = ["fault", "plain.yaml", "0x400000", "--as", "supervisor", "--json"]
    func code(_ options: String...) throws -> String {
      let output = try Command.run(supervisor + options, in: place).output
      let last = output.dropLast(2).split(separator: ":").last ?? ""
      return output.contains("translated") ? "translated" : String(last)
    }
    #expect(try code() == "translated")
    #expect(try code("--cr4", "0x200020") == #""0x1""#)
    #expect(try code("--cr4", "0x200020", "--ac") == "translated")
    #expect(try code("--cr4", "0x400020", "--pkru", "1") == #""0x21""#)
    // A tag, with and without what removes it.
    let far = try Command.run(
      ["fault", "plain.yaml", "0x100000000400000", "--cr4", "0x20", "--json"], in: place)
    #expect(far.output.contains("general-protection"))
    let tagged = try Command.run(
      [
        "fault", "plain.yaml", "0x7e00000000400000", "--vendor", "amd", "--efer", "0x100d00",
        "--json",
      ], in: place)
    #expect(tagged.output.contains(#""outcome":"translated","pa":"0x5000""#), "\(tagged.errors)")
  }

  @Test func attributeBitsAreNoAddressBits() throws {
    try place.write(
      Workplace.scenario(
        "encrypted",
        """
        map: [{ va: 0x40_0000, to: 0x5000 }]
        entries: [{ va: 0x40_0000, level: PTE, bits: { set: [47] } }]
        """), to: "encrypted.yaml")
    func walk(_ options: String...) throws -> String {
      try Command.run(["walk", "encrypted.yaml", "0x400000", "--json"] + options, in: place).output
    }
    #expect(try walk().contains(#""pa":"0x800000005000""#))
    #expect(try walk("--physical-bits", "46").contains("reserved-bits"))
    #expect(try walk("--physical-bits", "46", "--c-bit", "47").contains(#""pa":"0x5000""#))
    #expect(try walk("--shared-bit", "47").contains(#""pa":"0x5000""#))
    let text = try run("walk", "encrypted.yaml", "0x400000", "--c-bit", "47")
    #expect(text.output.contains("encrypted US RW P"))
  }
}
