import Foundation
import Testing

/// The verbs that show and look for bytes.
@Suite struct ReadTests {
  private let place: Workplace

  /// Two pages side by side on frames far apart, the second of them absent, then nothing.
  private static let lines = """
    map:
      - { va: 0x40_0000, to: 0x5000 }
      - { va: 0x40_1000, to: 0x9000 }
      - { va: 0x40_2000, to: 0xf000 }
    contents:
      - { pa: 0x5ff8, text: "needle i" }
      - { pa: 0x9000, text: "n a page" }
    """

  init() throws {
    place = try Workplace()
    let scenario = Workplace.scenario("bytes", Self.lines).replacing(
      "memory: 1 MiB", with: "memory: 1 MiB, absent: [0xf000..0xffff]")
    try place.write(scenario, to: "bytes.yaml")
  }

  private func run(_ arguments: String...) throws -> Command.Outcome {
    try Command.run(arguments, in: place)
  }

  @Test(arguments: ["read", "db"])
  func bytesAreShownAcrossPages(verb: String) throws {
    let outcome = try run(verb, "bytes.yaml", "0x400ff0+32")
    #expect(
      outcome.output.hasSuffix(
        """
        0x0000000000400ff0  00 00 00 00 00 00 00 00-6e 65 65 64 6c 65 20 69  ........needle i
        0x0000000000401000  6e 20 61 20 70 61 67 65-00 00 00 00 00 00 00 00  n a page........

        """), "\(outcome)")
  }

  @Test func whatIsNotThereIsQuestionMarksWithTheReason() throws {
    let outcome = try run("read", "bytes.yaml", "0x401ff8..0x403017")
    #expect(
      outcome.output.hasSuffix(
        """
        0x0000000000401ff8  00 00 00 00 00 00 00 00-?? ?? ?? ?? ?? ?? ?? ??  ........????????
        0x0000000000402008  ?? ?? ?? ?? ?? ?? ?? ??-?? ?? ?? ?? ?? ?? ?? ??  ????????????????
        *
        0x0000000000402ff8  ?? ?? ?? ?? ?? ?? ?? ??-?? ?? ?? ?? ?? ?? ?? ??  ????????????????
        *

        0x0000000000402000..0x0000000000402fff  the image does not hold these bytes: their contents are unknown
        0x0000000000403000..0x0000000000403017  not present: PTE 0x0 at 0x4018 has P=0 (SDM 3A, 4.7)

        """), "\(outcome.output)")
  }

  /// A range is a question of its own: its first line is there however much it is like the last one.
  @Test func linesOfAnotherRangeAreNotLeftOut() throws {
    let outcome = try run("read", "bytes.yaml", "0x402000+32", "0x408000+16", "0x402100+16")
    let unknown = "?? ?? ?? ?? ?? ?? ?? ??-?? ?? ?? ?? ?? ?? ?? ??  ????????????????"
    #expect(
      outcome.output.contains(
        """
        0x0000000000402000  \(unknown)
        *
        0x0000000000408000  \(unknown)
        0x0000000000402100  \(unknown)

        """), "\(outcome.output)")
  }

  @Test(arguments: [["read", "--physical"], ["!db"], ["db", "--physical"]])
  func physicalAddressesAreRead(words: [String]) throws {
    let outcome = try Command.run(
      [words[0], "bytes.yaml", "0x9000+8"] + words.dropFirst(), in: place)
    #expect(
      outcome.output.contains(
        "0x0000000000009000  6e 20 61 20 70 61 67 65                          n a page\n"),
      "\(outcome)")
  }

  /// The form of the lines is that of a published session: `db 0x001f0000+0xff0` and `!db 69fc8000`.
  @Test func theDebuggersLinesAreReproduced() throws {
    try place.write(
      Workplace.scenario(
        "published",
        """
        map: [{ va: 0x1f_0000, to: 0x5000 }]
        contents: [{ pa: 0x5000, fill: 0x61, size: 4 KiB }]
        """, mode: "pae"), to: "published.yaml")
    let virtual = try run("db", "published.yaml", "0x1f0ff0+32", "--style", "windbg")
    #expect(
      virtual.output == """
        001f0ff0  61 61 61 61 61 61 61 61-61 61 61 61 61 61 61 61  aaaaaaaaaaaaaaaa
        001f1000  ?? ?? ?? ?? ?? ?? ?? ??-?? ?? ?? ?? ?? ?? ?? ??  ????????????????

        """, "\(virtual)")
    #expect(
      virtual.errors.hasSuffix(
        """
        0x001f1000..0x001f100f  not present: PTE 0x0 at 0x3f88 has P=0 (SDM 3A, 4.7)

        """), "\(virtual.errors)")
    let physical = try run("!db", "published.yaml", "0x5000+16", "--style", "windbg")
    #expect(
      physical.output
        == "#00005000 61 61 61 61 61 61 61 61-61 61 61 61 61 61 61 61 aaaaaaaaaaaaaaaa\n")
  }

  @Test func objectsAreOneAPiece() throws {
    let outcome = try run("read", "bytes.yaml", "0x400ffe..0x403001", "--json")
    let lines = outcome.lines
    #expect(lines.count == 4)
    #expect(lines[0] == #"{"va":"0x400ffe","pa":"0x5ffe","length":2,"bytes":"2069"}"#)
    #expect(lines[2] == #"{"va":"0x402000","pa":"0xf000","length":4096,"in_image":false}"#)
    #expect(
      lines[3]
        == #"{"va":"0x403000","length":2,"outcome":"not-present","stopped_at":"PTE"}"#)
  }

  @Test func objectsSayWhyNothingIsThere() throws {
    try place.writeTables(
      "reasons", [(0x1008, 0x2087), (0x1010, 0x20_0007)])
    let outcome = try run(
      "read", "reasons.yaml", "0x8000000000+2", "0x10000000000+2", "--json")
    #expect(
      outcome.lines == [
        #"{"va":"0x8000000000","length":2,"outcome":"reserved-bits","stopped_at":"PML4E","reserved":"0x80"}"#,
        #"{"va":"0x10000000000","length":2,"outcome":"missing","stopped_at":"PDPTE","missing":"0x200000"}"#,
      ])
  }

  @Test func rawBytesEndWhereNothingIs() throws {
    #expect(
      try run("read", "bytes.yaml", "0x400ff8..0x401007", "--raw").output == "needle in a page")
    let cut = try run("read", "bytes.yaml", "0x401ffe..0x402001", "--raw")
    #expect(cut.status == 74)
    #expect(cut.output == "\0\0")
    #expect(cut.errors.contains("0x402000"))
    let filled = try run("read", "bytes.yaml", "0x401ffe..0x402001", "--raw", "--fill", "0x2a")
    #expect(filled.output == "\0\0**")
    #expect(filled.status == 0)
  }

  @Test func hugeRegionsThatAreNotThereTakeNoTime() throws {
    let outcome = try run("read", "bytes.yaml", "0..0xffffffffffffffff")
    #expect(outcome.status == 0)
    #expect(outcome.lines.count < 1000)
    #expect(outcome.output.contains("not canonical"))
  }

  @Test(arguments: [
    ["--raw", "--json"], ["--fill", "0"], ["--raw", "--fill", "256"], ["--length", "0"],
    ["--style", "hexdump"],
  ])
  func contradictionsAreRefused(options: [String]) throws {
    #expect(try Command.run(["read", "bytes.yaml", "0"] + options, in: place).status == 64)
  }

  @Test func placesAreFoundWithTheirOwners() throws {
    let outcome = try run("find", "bytes.yaml", "--text", "needle", "--json")
    #expect(
      outcome.output
        == #"{"pa":"0x5ff8","va":"0x400ff8","root":"0x1000","page_size":4096,"write":true,"user":true,"execute":true}"#
        + "\n", "\(outcome)")
    // The two pages are neighbours for the process only.
    #expect(try run("find", "bytes.yaml", "--text", "needle in a page", "--json").output == "")
    #expect(
      try run("find", "bytes.yaml", "--text", "needle", "--json", "--no-owners").output
        == #"{"pa":"0x5ff8"}"# + "\n")
  }

  @Test func placesThatNobodyMapsAreFoundToo() throws {
    let outcome = try run("find", "bytes.yaml", "--hex", "07 20 ?? 00", "--json")
    #expect(outcome.output == #"{"pa":"0x1000"}"# + "\n", "the first entry of the root: \(outcome)")
    let text = try run("find", "bytes.yaml", "--hex", "07 20 ?? 00")
    #expect(text.output.contains("0x0000000000001000  nobody maps it"))
    #expect(text.output.hasSuffix("1 place\n"))
  }

  @Test func searchesAreNarrowed() throws {
    #expect(try run("find", "bytes.yaml", "--text", "e", "--json").lines.count == 4)
    #expect(try run("find", "bytes.yaml", "--text", "e", "--json", "--limit", "2").lines.count == 2)
    #expect(try run("find", "bytes.yaml", "--text", "e", "--json", "--align", "2").lines.count == 1)
    #expect(
      try run("find", "bytes.yaml", "--text", "e", "--json", "--range", "0x9000+4K").lines.count
        == 1)
  }

  @Test(arguments: [
    [], ["--text", "a", "--hex", "61"], ["--text", ""], ["--hex", "4"], ["--hex", "??"],
    ["--text", "a", "--align", "0"],
  ])
  func whatIsNoSearchIsRefused(options: [String]) throws {
    #expect(try Command.run(["find", "bytes.yaml"] + options, in: place).status == 64)
  }
}
