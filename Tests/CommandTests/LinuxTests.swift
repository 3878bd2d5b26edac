import Foundation
import TestSupport
import Testing

/// The verbs that are about Linux: `verify`, `pagemap`, and processes of a dump.
@Suite struct LinuxTests {
  private let place: Workplace
  private static let scenarios = Repository.file("Scenarios")

  init() throws { place = try Workplace() }

  private func run(_ arguments: String...) throws -> Command.Outcome {
    try Command.run(arguments, in: place)
  }

  private static func path(_ name: String) -> String { scenarios.appending(path: name).path }

  @Test func processesOfADumpNeedNoOption() throws {
    let dump = Self.path("dumps/linux-tasks-pti.elf.xz")
    let byName = try run("walk", dump, "--process", "init", "0x400000")
    #expect(byName.status == 0 && byName.output.contains("mapped to 0x7000"))
    let byNumber = try run("walk", dump, "--pid", "78", "0x400000")
    #expect(byNumber.output.contains("mapped to 0x9000"))
    let none = try run("walk", dump, "--pid", "2", "0x400000")
    #expect(none.status == 64 && none.errors.contains("no process pid 2; known: worker (77), init"))
  }

  @Test(arguments: ["raw", "lime"]) func aDumpThatSaysNothingIsKnownByVmcoreinfoInIt(
    format: String
  ) throws {
    // The text is a note of the core; here it is put where a kernel has it, in a page of its own.
    let text = [
      "OSRELEASE=6.1.176", "PAGESIZE=4096", "SYMBOL(swapper_pg_dir)=ffffffff81000000",
      "SYMBOL(_stext)=ffffffff81000000", "NUMBER(phys_base)=-16773120",
      "NUMBER(pgtable_l5_enabled)=0",
    ].joined(separator: "\\n")
    _ = try place.write(
      """
      mmubench: 1
      scenario: note
      title: A text in memory
      source: a test
      machine: { mode: x86-64, memory: 1 MiB, root: 0x1000 }
      map:
        - { va: 0xffffffff81000000, to: 0x5000, rights: { user: false } }
      contents:
        - { pa: 0x9000, text: "\(text)\\n" }
      """, to: "note.yaml")
    #expect(try run("build", "note.yaml", "--format", format, "--output", "note.img").status == 0)
    let info = try run("info", "note.img")
    #expect(info.output.contains("VMCOREINFO in memory at 0x9000"))
    #expect(info.output.contains("6.1.176"))
    let walk = try run("walk", "note.img", "0xffffffff81000000")
    #expect(walk.status == 0 && walk.output.contains("mapped to 0x5000"))
  }

  /// Whatever mode the user says, there is an answer or a reason why not.
  @Test(arguments: ["x86", "pae", "x86-64", "la57", "arm64"]) func anyModeMayBeSaidOfADump(
    mode: String
  ) throws {
    for dump in ["linux-tasks-pti", "linux-tasks-la57", "linux-tasks-i386", "arm64-faults"] {
      let info = try run("info", Self.path("dumps/\(dump).elf.xz"), "--mode", mode)
      #expect([0, 64].contains(info.status), "\(dump)")
      let walk = try run(
        "walk", Self.path("dumps/\(dump).elf.xz"), "--mode", mode, "--root", "0x1000", "0x400000")
      #expect(walk.status == 0, "\(dump)")
    }
  }

  @Test func rootsOfArm64AreNotGuessed() throws {
    let walk = try run("walk", Self.path("dumps/arm64-faults.elf.xz"), "0x400000")
    #expect(
      walk.status == 64 && walk.errors.contains("give --root ADDRESS, the TTBR0 of a process"))
  }

  @Test func aDumpSaysTheAreasForEveryVerb() throws {
    let dump = Self.path("dumps/linux-tasks-la57.elf.xz")
    let fault = try run("fault", dump, "--pid", "77", "--access", "write", "0x401000", "--json")
    #expect(fault.output.contains(#""signal_code":"SEGV_ACCERR""#))
    let other = try run("fault", dump, "--pid", "77", "--access", "read", "0x402000", "--json")
    #expect(other.output.contains(#""vma":false"#))
    let named = try run(
      "fault", dump, "--pid", "77", "--access", "read", "0x402000", "--os", "linux-6.1", "--json")
    #expect(named.output == other.output)
    let report = try run("report", dump, "--pid", "77", "--access", "read", "0x402000", "-o", "r")
    #expect(report.status == 0)
    #expect(try place.read("r").contains("no area holds the address"))
    let pagemap = try run("pagemap", dump, "--pid", "77")
    #expect(pagemap.output.contains("from the kernel's memory in the dump"))
    // Without areas all addresses are shown, and those of the kernel have no word.
    let areasUnknown = Self.path("dumps/linux-tasks-pti.elf.xz")
    let all = try run(
      "pagemap", areasUnknown, "--pid", "77", "0x0..0xffffffffffffffff", "--json")
    #expect(all.status == 0 && all.lines.last?.contains(#""state":"unknown""#) == true)
    let byte = try run("pagemap", dump, "--pid", "77", "0xffffffff81000000")
    #expect(byte.output.contains("there is no word for this page"))
  }

  @Test func areasMayComeFromAFile() throws {
    _ = try place.write("00400000-00402000 r-xp 00000000 00:00 0\n", to: "maps")
    let dump = Self.path("dumps/linux-tasks-pti.elf.xz")
    let question = ["fault", dump, "--pid", "78", "--access", "write", "0x401000", "--json"]
    #expect(try Command.run(question, in: place).output.contains(#""cases":["#))
    let answer = try Command.run(question + ["--maps", "maps"], in: place)
    #expect(answer.output.contains(#""signal_code":"SEGV_ACCERR""#))
    let stranger = try run("fault", Self.path("x86/x64-2m.yaml"), "0", "--maps", "maps")
    #expect(stranger.status == 64 && stranger.errors.contains("--maps is about Linux"))
  }

  /// What was read of frames is said, and nothing of what was not.
  @Test func pagemapOfADumpSaysWhatIsKnown() throws {
    let known = try run(
      "pagemap", Self.path("dumps/linux-tasks-la57.elf.xz"), "--pid", "78", "0x400000+4K", "--json")
    #expect(known.output.contains(#""file":true,"exclusive":true"#))
    let dump = Self.path("dumps/linux-tasks-pti.elf.xz")
    let unknown = try run("pagemap", dump, "--pid", "78", "0x400000+4K", "--json")
    #expect(!unknown.output.contains(#""file""#) && !unknown.output.contains(#""exclusive""#))
    #expect(unknown.output.contains(#""unknown_bits":"0x2180000000000000""#))
    let page = try run("pagemap", dump, "--pid", "78", "0x400000")
    #expect(page.output.contains("of a file or shared  ← not known"))
  }

  @Test func optionsThatSayNothingAreRefused() throws {
    try Data(repeating: 0, count: 16).write(to: place.url.appending(path: "words"))
    let dump = Self.path("dumps/x64-5l.elf.xz")
    let truth = Self.path("dumps/x64-5l.truth.json.xz")
    for arguments in [
      ["pagemap", "self", "--pid", "3"], ["pagemap", "self", "--os", "linux-6.1"],
      ["pagemap", "words", "--captured", "--root", "0x1000"],
      ["pagemap", "words", "--captured", "--start", "0x123"],
      ["pagemap", "words", "--captured", "--start", "0xfffffffffffff000"],
    ] {
      #expect(try Command.run(arguments, in: place).status == 64, "\(arguments)")
    }
    let other = try run("verify", dump, "--truth", truth, "--os", "windows-7")
    #expect(other.status == 64 || other.output.contains("the guest's system is Linux"))
    let later = try run("verify", dump, "--truth", truth, "--os", "linux-6.2")
    #expect(later.status == 1 && later.output.contains("the machine's Linux 6.2"))
  }

  /// A truth that leaves out pages which the tables have is none that they agree with.
  @Test func aTruthWithoutPagesDoesNotAgree() throws {
    let truth = #"""
      {"schema":"mmu-lab-truth/1","processes":[{"pid":78,"comm":"worker",
      "root":{"user":"0x15000","kernel":"0x14000"},"pagemap_runs":[],
      "maps":[{"start":"0x400000","end":"0x401000","vmflags":["rd"]}]}]}
      """#
    _ = try place.write(truth, to: "truth.json")
    let outcome = try run(
      "verify", Self.path("dumps/linux-tasks-pti.elf.xz"), "--truth", "truth.json")
    #expect(outcome.status == 1 && outcome.output.contains("pagemap says nothing"))
  }

  @Test func aDumpAgreesWithItsTruth() throws {
    let dump = Self.path("dumps/x64-5l.elf.xz")
    let outcome = try run("verify", dump, "--truth", Self.path("dumps/x64-5l.truth.json.xz"))
    #expect(outcome.status == 0 && outcome.output.hasSuffix("all agree\n"))
    let other = try run(
      "verify", dump, "--truth", Self.path("dumps/x64-1g.truth.json.xz"), "--json", "--limit", "3")
    #expect(other.status == 1)
    #expect(
      other.lines.first == #"{"difference":"the guest's mode is x86-64, the machine's la57"}"#)
  }

  @Test func anImageAgreesWithWhatWasIntended() throws {
    let scenario = Self.path("x86/x64-rights-intersection.yaml")
    let built = try run(
      "build", scenario, "--format", "elf", "--output", "i.elf", "--truth", "t.ndjson")
    #expect(built.status == 0)
    #expect(try run("verify", "i.elf", "--truth", "t.ndjson").status == 0)
    let truth = try String(contentsOf: place.url.appending(path: "t.ndjson"), encoding: .utf8)
    let wrong = truth.replacing(#""write":true"#, with: #""write":false"#)
    _ = try place.write(wrong, to: "w.ndjson")
    let outcome = try run("verify", "i.elf", "--truth", "w.ndjson")
    #expect(outcome.status == 1 && outcome.output.contains("write is false, the tables say true"))
    _ = try place.write(truth + "{\"va\":7}\n", to: "m.ndjson")
    let malformed = try run("verify", "i.elf", "--truth", "m.ndjson")
    #expect(malformed.status == 65 && malformed.errors.contains("m.ndjson:"))
    #expect(try run("verify", "i.elf", "--truth", "absent").status == 66)
    #expect(try run("verify", "i.elf", "--truth", "i.elf").status == 65)
  }

  @Test func capturedWordsAreExplained() throws {
    let words = Data(
      ([0x8600_0000_000f_d5fa, 0x0600_0000_0000_0000] as [UInt64]).flatMap { word in
        (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
      })
    try words.write(to: place.url.appending(path: "words"))
    let outcome = try run(
      "pagemap", "words", "--captured", "--start", "0x55000", "--os", "linux-3.2", "0x55468")
    #expect(outcome.output.contains("at physical address 0xfd5fa468"))
    let json = try run(
      "pagemap", "words", "--captured", "--start", "0x55000", "--os", "linux-3.2", "--json")
    #expect(
      json.lines == [
        #"{"start":"0x55000","end":"0x55fff","pages":1,"state":"present","entry":"0x86000000000fd5fa","pa":"0xfd5fa000","page_shift":12,"file":false}"#,
        #"{"start":"0x56000","end":"0x56fff","pages":1,"state":"none","entry":"0x600000000000000","page_shift":12,"file":false}"#,
      ])
    try words.prefix(12).write(to: place.url.appending(path: "half"))
    let half = try run("pagemap", "half", "--captured")
    #expect(half.status == 65 && half.errors.contains("12 bytes"))
  }

  @Test func aFrameThatIsWithheldIsNoFrame() throws {
    try Data([0, 0, 0, 0, 0, 0, 0x80, 0x81]).write(to: place.url.appending(path: "words"))
    let outcome = try run("pagemap", "words", "--captured", "--start", "0x1000", "0x1000..0x1fff")
    #expect(outcome.output.contains("withheld") && !outcome.output.contains("0x0000000000000000"))
    #expect(outcome.errors.contains("CAP_SYS_ADMIN"))
    let page = try run("pagemap", "words", "--captured", "--start", "0x1000", "0x1000")
    #expect(page.output.contains("where is not said"))
  }

  @Test func aRunningProcessShowsItsAreas() throws {
    let outcome = try run("pagemap", "self")
    #expect(outcome.status == 0 && outcome.output.contains("mmubench"))
    let absent = try run("pagemap", "4194305")
    #expect(absent.status == 66 && absent.errors.contains("no such process"))
  }

  /// The words that follow from the tables are those of the guest; the areas come from a file.
  @Test func aDumpShowsThePagesOfAProcess() throws {
    _ = try place.write("00400000-00402000 r-xp 00000000 00:00 0\n", to: "maps")
    let dump = Self.path("dumps/linux-tasks-pti.elf.xz")
    let outcome = try run("pagemap", dump, "--process", "init", "--maps", "maps", "--json")
    #expect(outcome.lines.count == 2)
    #expect(
      outcome.lines.first?.contains(
        #""start":"0x400000","end":"0x400fff","pages":1,"state":"present""#) == true)
    #expect(outcome.lines.first?.contains(#""pa":"0x7000""#) == true)
    #expect(outcome.lines.last?.contains(#""state":"none""#) == true)
    #expect(try run("pagemap", Self.path("x86/x64-2m.yaml")).status == 64)
  }
}
