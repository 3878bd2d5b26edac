import Foundation
import Testing

/// Addresses on standard input, results on standard output.
@Suite struct TranslateTests {
  private let place: Workplace

  init() throws { place = try Workplace() }

  private func translate(_ input: String, _ options: String...) throws -> Command.Outcome {
    try Command.run(["translate", "plain.yaml"] + options, input: input, in: place)
  }

  private static let mapped =
    #"{"va":"0x400abc","mode":"x86-64","root":"0x1000","outcome":"mapped","pa":"0x5abc","#
    + #""page_size":4096,"write":true,"user":true,"execute":true}"# + "\n"

  @Test(arguments: [
    "0x400abc\n", "0x400ABC", "0x40_0abc\n", "4197052\n", "00000000`00400abc\n", " \t0x400abc \r\n",
    "\n\n0x400abc\n\n", "# a comment\n0x400abc # the stack\n", "0x0000000000400abc\n",
  ])
  func everyFormOfANumberIsRead(input: String) throws {
    let outcome = try translate(input, "--json")
    #expect(outcome.status == 0)
    #expect(outcome.output == Self.mapped)
    #expect(outcome.errors == "")
  }

  @Test func linesInAreLinesOut() throws {
    let outcome = try translate("0x400000\n0x800000\n0x8000000000000000\n")
    #expect(outcome.status == 0)
    #expect(
      outcome.lines == [
        "0x0000000000400000  0x0000000000005000  4K  wux",
        "0x0000000000800000  not-present at PDE 0x3020 = 0x0",
        "0x8000000000000000  non-canonical",
      ])
    #expect(outcome.errors.hasPrefix("mode  x86-64  scenario\nroot  0x1000  scenario\n"))
  }

  @Test(arguments: ["zz", "400abc", "0x", "0x1_", "-1", "0x1ffffffffffffffff", "1 2", "\u{0}"])
  func aMalformedLineEndsWith65AndItsNumber(line: String) throws {
    let outcome = try translate("0x400abc\n\n\(line)\n0x400abc\n", "--json")
    #expect(outcome.status == 65)
    #expect(outcome.output == Self.mapped, "what stood before is answered")
    #expect(outcome.errors.hasPrefix("mmubench: error: standard input:3: `"))
  }

  @Test func anEndlessLineIsRefusedInBoundedMemory() throws {
    let outcome = try translate("0x400abc\n" + String(repeating: "1", count: 1 << 20), "--json")
    #expect(outcome.status == 65)
    #expect(outcome.output == Self.mapped)
    #expect(outcome.errors == "mmubench: error: standard input:2: the line is too long\n")
  }

  @Test func linesAcrossBlocksAreWhole() throws {
    let addresses = (0..<20_000).map { "0x" + String(0x40_0000 + $0 * 37, radix: 16) }
    let outcome = try translate(addresses.joined(separator: "\n"), "--json")
    #expect(outcome.status == 0)
    #expect(outcome.lines.map { $0.prefix { $0 != "," } } == addresses.map { "{\"va\":\"\($0)\"" })
  }

  @Test func a32BitModeRefusesLongerAddresses() throws {
    try place.write(Workplace.scenario("plain", "", mode: "x86"), to: "plain.yaml")
    let outcome = try translate("0xffffffff\n0x100000000\n", "--json")
    #expect(outcome.status == 64)
    #expect(outcome.lines.count == 1)
    #expect(outcome.errors.contains("standard input:2: 0x100000000"))
  }

  @Test func anAnswerComesBeforeTheNextQuestion() throws {
    let process = Process()
    process.executableURL = Command.program
    process.arguments = ["translate", "plain.yaml", "--json"]
    process.currentDirectoryURL = place.url
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    // A program that waits for more input would wait for ever.
    let watchdog = DispatchWorkItem { process.terminate() }
    DispatchQueue.global().asyncAfter(deadline: .now() + 20, execute: watchdog)
    for _ in 0..<3 {
      try input.fileHandleForWriting.write(contentsOf: Data("0x400abc\n".utf8))
      let answer = output.fileHandleForReading.availableData
      #expect(String(decoding: answer, as: UTF8.self) == Self.mapped)
    }
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    watchdog.cancel()
    #expect(process.terminationStatus == 0)
  }
}
