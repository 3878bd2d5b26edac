import Foundation
import TestSupport
import Testing

/// The verb that answers who maps a physical address.
@Suite struct ReverseTests {
  private let place: Workplace

  init() throws { place = try Workplace() }

  private func run(_ arguments: String...) throws -> Command.Outcome {
    try Command.run(arguments, in: place, environment: place.caching)
  }

  /// From the documentation of Rekall's pas2vas plugin.
  @Test(arguments: ["reverse", "pas2vas", "ptov"])
  func rekallsTableIsReproduced(verb: String) throws {
    let scenario = Repository.file("Scenarios/dumps/rekall-pas2vas-1a58f000.yaml").path
    let outcome = try run(verb, scenario, "0x1a58f000", "--style", "rekall")
    #expect(
      outcome.output == """

           Physical       Virtual        Pid Name
        -------------- -------------- ------ ----
        0x00001a58f000 0x0000766c0000   2616 Console.exe
        0x00001a58f000 0x0000766c0000   2920 vol.exe
        0x00001a58f000 0x0000766c0000   2912 vol.exe

        """)
    #expect(outcome.status == 0)
  }

  /// Those programs know one root of a process; here each mapping is below both of an isolated one's.
  @Test func theStylesOfOthersSayAMappingOnceForAProcess() throws {
    let scenario = Repository.file("Scenarios/dumps/x64-4l-pti.yaml").path
    func lines(_ style: String) throws -> [Substring] {
      try run("reverse", scenario, "0x101ce8000", "--pid", "79", "--style", style).lines
    }
    #expect(
      try lines("memprocfs") == ["    79 ffff8c5901ce8000", "    79 0000000000401000"])
    #expect(
      try lines("rekall").dropFirst(2) == [
        "0x000101ce8000 0x8c5901ce8000     79 w_anon",
        "0x000101ce8000 0x000000401000     79 w_anon",
      ])
    let all = try run("reverse", scenario, "0x101ce8000", "--style", "memprocfs").lines
    #expect(Set(all).count == all.count, "\(all)")
  }

  @Test func objectsAreThoseOfTheInterface() throws {
    let outcome = try run("reverse", "plain.yaml", "0x5123", "--json")
    #expect(
      outcome.output
        == #"{"pa":"0x5123","va":"0x400123","root":"0x1000","page_size":4096,"write":true,"user":true,"execute":true}"#
        + "\n")
    #expect(try run("reverse", "plain.yaml", "0x6000", "--json").output == "")
  }

  @Test(arguments: ["0x5000..0x5fff", "0x5000+4K", "0x5800+0x10", "0..0xf_ffff", "20480+4KiB"])
  func rangesHaveTwoSpellings(range: String) throws {
    #expect(try run("reverse", "plain.yaml", range, "--json").lines.count == 1)
  }

  @Test(arguments: [
    "0x5000..0x4fff", "0x5000+0", "0x5000+", "+4K", "0xffffffffffffffff+2", "frame",
  ])
  func otherRangesAreRefused(range: String) throws {
    #expect(try run("reverse", "plain.yaml", range).status == 64)
  }

  @Test func somethingMustBeAsked() throws {
    #expect(try run("reverse", "plain.yaml").status == 64)
    #expect(try run("reverse", "plain.yaml", "--shared").status == 0)
    #expect(try run("reverse", "plain.yaml", "0", "--no-cache", "--verify-cache").status == 64)
    #expect(try run("reverse", "plain.yaml", "0", "--json", "--style", "rekall").status == 64)
  }

  /// The dump does not say whose its roots are, the truth beside it does.
  @Test func theTwoRootsOfAProcessAreOneOwner() throws {
    let folder = Repository.file("Scenarios/dumps")
    func shared(_ machine: String) throws -> Set<Substring> {
      let outcome = try run("reverse", folder.appending(path: machine).path, "--shared", "--json")
      #expect(outcome.status == 0)
      return Set(outcome.lines.map { $0.prefix { $0 != "," } })
    }
    let known = try shared("x64-4l-pti.yaml")
    #expect(known.count == 750)
    #expect(try shared("x64-4l-pti.elf.xz") == known)
  }

  /// The process chooses the pages; whose else they are is what was asked.
  @Test(arguments: [["--pid", "2"], ["--process", "two"]])
  func whatAProcessSharesIsListedWithAllItsOwners(choice: [String]) throws {
    try place.write(
      """
      mmubench: 1
      scenario: three
      title: Three processes, of which each two share a page
      source: the tests
      machine: { mode: x86-64, memory: 1 MiB }
      golden: false
      processes:
        - { pid: 1, name: one, map: [{ va: 0x40_0000, to: 0x5000 }, { va: 0x40_1000, to: 0x7000 }] }
        - { pid: 2, name: two, map: [{ va: 0x50_0000, to: 0x5000 }, { va: 0x50_1000, to: 0x6000 }] }
        - { pid: 3, name: three, map: [{ va: 0x60_0000, to: 0x6000 }, { va: 0x60_1000, to: 0x7000 }] }
      """, to: "three.yaml")
    let words = ["reverse", "three.yaml", "--shared", "--json"]
    #expect(try Command.run(words, in: place, environment: place.caching).lines.count == 6)
    let shared = try Command.run(words + choice, in: place, environment: place.caching)
    let starts = shared.lines.map { $0.prefix(while: { $0 != "r" }) }
    #expect(
      starts == [
        #"{"pa":"0x5000","va":"0x400000",""#, #"{"pa":"0x5000","va":"0x500000",""#,
        #"{"pa":"0x6000","va":"0x501000",""#, #"{"pa":"0x6000","va":"0x600000",""#,
      ], "\(shared)")
    let one = try Command.run(words + choice + ["0x7000"], in: place, environment: place.caching)
    #expect(one.status == 0 && one.output == "", "\(one)")
    let limited = try Command.run(
      words + choice + ["--limit", "3"], in: place, environment: place.caching)
    #expect(limited.lines.count == 3)
    let nobody = try Command.run(words + ["--pid", "9"], in: place, environment: place.caching)
    #expect(nobody.status == 64 && nobody.errors.contains("no process pid 9"), "\(nobody)")
  }

  @Test func theHeaderSaysThatAllRootsAreAsked() throws {
    let scenario = Repository.file("Scenarios/dumps/rekall-pas2vas-1a58f000.yaml").path
    let all = try run("reverse", scenario, "0x1a58f000")
    #expect(all.output.contains("roots  3           all of them are asked"))
    let one = try run("reverse", scenario, "0x1a58f000", "--pid", "2912")
    #expect(!one.output.contains("roots") && one.output.contains("1 mapping"))
  }

  @Test(
    arguments: [
      (["reverse", "plain.yaml", "0x5000"], 0), (["map", "plain.yaml"], 0),
      (["check", "plain.yaml"], 1), (["find", "plain.yaml", "--hex", "07"], 0),
      (["diff", "plain.yaml", "other.yaml"], 1),
    ] as [([String], Int32)])
  func whereNothingIsShownThereMayBeSomething(words: [String], status: Int32) throws {
    try place.write(
      Workplace.scenario("other", "map: [{ va: 0x40_0000, to: 0x6000 }]"), to: "other.yaml")
    let outcome = try Command.run(words + ["--limit", "0"], in: place, environment: place.caching)
    #expect(outcome.status == status, "\(outcome.errors)")
    #expect(outcome.lines.last == "there are some, of which --limit 0 shows none")
  }
}
