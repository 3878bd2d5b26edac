import Foundation
import TestSupport
import Testing

/// The verb that shows entries of the PFN database, against what debuggers printed.
@Suite struct PfnTests {
  private let place: Workplace
  private static let scenarios = Repository.file("Scenarios/windows")

  init() throws { place = try Workplace() }

  private func run(_ scenario: String, _ arguments: String...) throws -> Command.Outcome {
    let path = Self.scenarios.appending(path: "windbg-pfn-\(scenario).yaml").path
    return try Command.run(["pfn", path] + arguments, in: place)
  }

  /// The lines without the blanks at their ends, which the sources do not agree about.
  private func lines(_ text: String) -> [String] {
    text.split(separator: "\n").map { line in
      String(line.reversed().drop { $0 == " " }.reversed())
    }
  }

  // "Virtual to physical address using windbg", 2021.
  @Test func windows7IsAsPublished() throws {
    let outcome = try run(
      "pae-7601", "0x69fc8", "0x69c49", "--pfn-database", "0x84000000", "--style", "windbg")
    #expect(outcome.status == 0, "\(outcome)")
    #expect(
      lines(outcome.output)
        == lines(
          """
              PFN 00069FC8 at address 84B979E0
              flink       00000157  blink / share count 00000001  pteaddress C0000F80
              reference count 0001   Cached     color 0   Priority 5
              restore pte 00000080  containing page 06A1A6  Active     M
              Modified
              PFN 00069C49 at address 84B917FC
              flink       00000158  blink / share count 00000001  pteaddress C0000F88
              reference count 0001   Cached     color 0   Priority 5
              restore pte 00000080  containing page 06A1A6  Active     M
              Modified
          """))
  }

  // Microsoft's documentation of !pfn.
  @Test func oldKernelsAreAsDocumented() throws {
    let outcome = try run(
      "x86-2600", "0x3b", "0x154", "--pfn-database", "0x82350000", "--style", "windbg")
    #expect(
      lines(outcome.output)
        == lines(
          """
              PFN 0000003B at address 82350588
              flink       00000000  blink / share count 00000221  pteaddress C0300800
              reference count 0001                                 color 0
              restore pte 00000000  containing page        000039  Active
              PFN 00000154 at address 82351FE0
              flink       00000000  blink / share count 00000001  pteaddress C0200550
              reference count 0001                                 color 0
              restore pte 00000060  containing page        00003B  Active     M
              Modified
          """), "\(outcome)")
  }

  @Test func windows10IsAsPublished() throws {
    let outcome = try run(
      "x64-19041", "0x2012", "--pfn-database", "0xfffff40000000000", "--style", "windbg")
    #expect(
      lines(outcome.output)
        == lines(
          """
              PFN 00002012 at address FFFFF40000060360
              flink       00000000  blink / share count 00000001  pteaddress FFFFFAFC0118B090
              reference count 0001    used entry count  0000      Cached    color 0   Priority 4
              restore pte 00000080  containing page 000914  Active     M
              Modified
          """), "\(outcome)")
  }

  @Test(arguments: [["0x69fc8"], ["--physical", "0x69fc8abc"]])
  func objectsHaveWhatTheEntrySays(frame: [String]) throws {
    let path = Self.scenarios.appending(path: "windbg-pfn-pae-7601.yaml").path
    let outcome = try Command.run(
      ["!pfn", path, "--pfn-database", "0x84000000", "--json"] + frame, in: place)
    #expect(
      outcome.output
        == #"{"pfn":"0x69fc8","address":"0x84b979e0","location":"active","pte_address":"0xc0000f80","#
        + #""prototype":false,"original_pte":"0x80","pte_frame":"0x6a1a6","reference_count":1,"#
        + #""share_count":1,"flink":"0x157","blink":"0x1","cache":"cached","priority":5,"#
        + #""flags":["Modified"]}"# + "\n", "\(outcome)")
  }

  @Test func factsAreSaidInWords() throws {
    let outcome = try run("pae-7601", "0x69fc8", "--pfn-database", "0x84000000")
    for words in [
      "frame 0x69fc8, physical 0x69fc8000", "0x6a1a6: the PTE is at physical 0x6a1a6f80",
      "0x80, MM_READWRITE, demand zero", "priority         5", "flags            Modified",
    ] {
      #expect(outcome.output.contains(words), "\(words) in \(outcome.output)")
    }
  }

  @Test func whatTheImageLacksIsSaid() throws {
    let outcome = try run("pae-7601", "1", "--pfn-database", "0x84000000")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("its entry is not known"))
    let json = try run("pae-7601", "1", "--pfn-database", "0x84000000", "--json")
    #expect(json.output.hasPrefix(#"{"pfn":"0x1","missing":"0xe0001100","#), "\(json)")
  }

  @Test func withoutADatabaseThereIsNothingToShow() throws {
    let unknown = try run("pae-7601", "0x69fc8")
    #expect(unknown.status == 64)
    #expect(unknown.errors.contains("--pfn-database"))
    let plain = try Command.run(["pfn", "plain.yaml", "1"], in: place)
    #expect(plain.status == 64)
    #expect(plain.errors.contains("windows-19041.508"))
    #expect(
      try run("pae-7601", "1", "--style", "windbg", "--json").status == 64)
  }

  /// The builder writes what the reader finds, for kernels of every age that our tables know.
  @Test(
    arguments: [
      ("x86", "windows-2600.6419"), ("pae", "windows-7601.17514"), ("x86-64", "windows-7601.17514"),
      ("x86-64", "windows-9600.17031"), ("x86-64", "windows-10240.16384"),
      ("x86-64", "windows-17134.619"), ("x86-64", "windows-19041.508"),
      ("x86-64", "windows-22000.194"),
    ])
  func builtDatabasesAreRead(mode: String, kernel: String) throws {
    try place.write(
      """
      mmubench: 1
      scenario: built
      title: A PFN database
      source: the tests
      machine: { mode: \(mode), memory: 64 MiB, os: \(kernel) }
      windows: { pfn-database: true }
      processes:
        - name: notepad.exe
          pid: 1234
          ptes:
            - { va: 0x40_0000, state: valid, to: 0x140_0000, protection: READWRITE }
            - { va: 0x40_1000, state: transition, to: 0x140_1000, protection: READWRITE }
      golden: false
      """, to: "built.yaml")
    let outcome = try Command.run(
      ["pfn", "built.yaml", "--physical", "0x1400000", "0x1401000", "--json"], in: place)
    #expect(outcome.status == 0, "\(outcome)")
    #expect(outcome.lines.count == 2)
    #expect(outcome.lines.first?.contains(#""location":"active""#) == true, "\(outcome)")
    #expect(outcome.lines.first?.contains(#""share_count":1,"#) == true)
    #expect(outcome.lines.last?.contains(#""location":"standby""#) == true)
    #expect(outcome.lines.last?.contains(#""original_pte":"0x80""#) == true, "\(outcome)")
  }

  @Test func aFrameThatATimelineNeverUsedHasNoEntryAndNoZeros() throws {
    try place.write(
      """
      mmubench: 1
      scenario: steps
      title: A machine with many frames
      source: the tests
      machine: { mode: x86-64, memory: 1 GiB, os: windows-19041.508 }
      timeline:
        - { reserve: 0x200000..0x20ffff, commit: true }
        - { write: 0x200000, frames: [0x20000000] }
      golden: false
      """, to: "steps.yaml")
    let build = try Command.run(
      ["build", "steps.yaml", "--step", "2", "--format", "dmp", "-o", "steps.dmp"], in: place)
    #expect(build.status == 0, "\(build)")
    let known = ["--os", "windows-19041.508"]
    let outcome = try Command.run(["pfn", "steps.dmp", "0x20000", "0x11000"] + known, in: place)
    #expect(outcome.output.contains("list             active"), "\(outcome)")
    #expect(
      outcome.output.contains(
        "frame 0x11000\n  its entry is not known: 0xfffffa8000330000: the PFN database has no page "
          + "there; the frame is not installed, or was never used\n"), "\(outcome)")
    let json = try Command.run(["pfn", "steps.dmp", "0x11000", "--json"] + known, in: place)
    #expect(json.output.contains(#""problem":"0xfffffa8000330000: the PFN database"#), "\(json)")
    #expect(!json.output.contains("location"))
    let check = try Command.run(["check", "steps.dmp", "--json"] + known, in: place)
    #expect(!check.output.contains("pfn-database"), "\(check)")
  }

  /// An entry that names no address of a PTE says so; of a frame whose entry would be beyond all addresses there
  /// is none, though the sum would wrap to an address that is there.
  @Test func whatIsNotThereIsSaidInWords() throws {
    let path = Self.scenarios.appending(path: "win-pfn-database.yaml").path
    let outcome = try Command.run(
      ["pfn", path, "0x100", "0xfffffffffffff", "0xffffffffffffffff"], in: place)
    #expect(outcome.status == 0)
    #expect(
      outcome.output.contains(
        """
          PTE address      none: it names no entry
          containing frame 0x0
          restore PTE      0x0, zero: there is nothing to restore
        """), "\(outcome)")
    let beyond = "its entry is not known: the PFN database, which begins at 0x81000000, has none"
    #expect(outcome.output.components(separatedBy: beyond).count == 3, "\(outcome)")
    let windbg = try Command.run(["pfn", path, "0x100", "--style", "windbg"], in: place)
    #expect(windbg.output.contains("pteaddress 00000000\n"), "as the debugger prints it")
  }

  /// Frames of a guest whose own kernel said the same in /proc/kpageflags and /proc/kpagecount.
  @Test func linuxSaysItInItsStructPage() throws {
    let dump = Self.scenarios.deletingLastPathComponent()
      .appending(path: "dumps/linux-frames.elf.xz").path
    let outcome = try Command.run(
      ["pfn", dump, "0x1e22", "0x5a00", "0x5a01", "0x2345", "--json"], in: place)
    #expect(outcome.status == 0)
    let expected = """
      {"pfn":"0x1e22","address":"0xfffff576c0078880","flags_word":"0xfffffc0080014",\
      "flags":["lru","swapbacked"],"unnamed_flags":[2],"reference_count":2,"map_count":2,"mapping":"0xffff888a065c8271"}
      {"pfn":"0x5a00","address":"0xfffff576c0168000","flags_word":"0xfffffc00b0014",\
      "flags":["lru","head","swapbacked"],"unnamed_flags":[2,17],"reference_count":1,"mapping":"0xffff888a0661d959"}
      {"pfn":"0x5a01","address":"0xfffff576c0168040","flags_word":"0xfffffc0000000",\
      "flags":["tail"],"reference_count":0,"compound_head":"0xfffff576c0168000",\
      "mapping":"0x20000000000"}
      {"pfn":"0x2345","missing":"0x7a8d140",\
      "problem":"0xfffff576c008d140: the image does not hold 0x7a8d140"}

      """
    #expect(outcome.output == expected)
    let text = try Command.run(["pfn", dump, "--physical", "0x5a00123"], in: place)
    #expect(text.output.contains("lru head swapbacked"))
    #expect(text.output.contains("not said: VMCOREINFO does not tell where a larger page counts"))
  }
}
