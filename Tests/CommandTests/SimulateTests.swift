import Foundation
import Testing

/// The verb `simulate`, and `build` of a moment: which system, how far, and what is refused.
@Suite struct SimulateTests {
  private let place: Workplace

  init() throws {
    place = try Workplace()
    try place.write(
      Self.timeline(
        "linux", "os: [linux-4.14, linux-6.1]",
        """
          - { swap-on: 8 }
          - { mmap: 0x7f0000000000..0x7f0000001fff, prot: [read, write] }
          - { write: 0x7f0000000000 }
          - { fork: child, pid: 101 }
          - { write: 0x7f0000001000, process: child }
        """), to: "linux.yaml")
    try place.write(
      Self.timeline(
        "windows", "os: windows-7601.17514",
        """
          - { reserve: 0x20_0000..0x20_ffff }
          - { write: 0x20_0000, status: STATUS_ACCESS_VIOLATION }
        """), to: "windows.yaml")
  }

  private static func timeline(_ name: String, _ system: String, _ steps: String) -> String {
    """
    mmubench: 1
    scenario: \(name)
    title: A timeline of the tests
    source: the tests
    machine: { mode: x86-64, memory: 32 MiB, \(system) }
    processes: [{ name: first, pid: 100 }]
    timeline:
    \(steps)

    """
  }

  private func run(_ arguments: String...) throws -> Command.Outcome {
    try Command.run(arguments, in: place)
  }

  // MARK: - Which system

  @Test(arguments: [
    ["simulate", "linux.yaml", "--os", "windows-9600.17031"],
    ["simulate", "linux.yaml", "--os", "linux-5.10"],
    ["simulate", "windows.yaml", "--os", "linux-6.1"],
    ["build", "linux.yaml", "--step", "1", "--output", "o", "--os", "linux-5.10"],
    ["build", "plain.yaml", "--output", "o", "--os", "linux-5.10"],
  ])
  func aSystemThatTheScenarioDoesNotHaveIsRefusedWithTheList(arguments: [String]) throws {
    let outcome = try Command.run(arguments, in: place)
    #expect(outcome.status == 64 && outcome.output == "")
    let list = ["linux.yaml": "linux-4.14, linux-6.1", "windows.yaml": "windows-7601.17514"]
    #expect(outcome.errors.contains(list[arguments[1]] ?? "it is for none"))
    #expect(try !place.files.contains("o"))
  }

  @Test func momentsOfEverySystemCanBeWritten() throws {
    for system in ["linux-4.14", "linux-6.1"] {
      let outcome = try run(
        "build", "linux.yaml", "--step", "3", "--os", system, "--output", system)
      #expect(outcome.status == 0 && !outcome.errors.contains("systems"))
      let said = try run("simulate", "linux.yaml", "--step", "3", "--os", system)
      #expect(said.status == 0 && said.errors == "")
    }
    let unsaid = try run("build", "linux.yaml", "--output", "first")
    #expect(unsaid.status == 0 && unsaid.errors.contains("2 systems: this is linux-4.14"))
  }

  @Test func anIdOfSeveralSystemsTakesTheFirstWithAWarning() throws {
    let systems = "os: [{ id: none, mode: x86-64 }, { id: none, mode: la57 }], memory: 1 MiB"
    _ = try place.write(
      """
      mmubench: 1
      scenario: both
      title: Two systems of one id
      source: the tests
      machine: { \(systems) }
      map: [{ va: 0x1000, to: 0x5000 }]
      expect: []
      golden: false
      """, to: "both.yaml")
    let first = try run("build", "both.yaml", "--output", "o", "--os", "none")
    #expect(first.status == 0 && first.errors.contains("this is none/x86-64; --os takes another"))
    let named = try run("build", "both.yaml", "--output", "o2", "--os", "none/la57")
    #expect(named.status == 0 && !named.errors.contains("--os"), "\(named.errors)")
  }

  @Test func aScenarioWithoutASystemIsForNone() throws {
    let outcome = try run("build", "plain.yaml", "--output", "o", "--os", "none")
    #expect(outcome.status == 0 && !outcome.errors.contains("--os"), "\(outcome.errors)")
  }

  // MARK: - How far

  @Test(arguments: [
    ("status SIGSEGV", 1), ("fault minor", 0), ("pte 0x7f0000000000 present", 0),
    ("pte 0x7f0000000000 anonymous", 0), ("pte 0x7f0000000000 swap", 1),
    ("pte 0x7f0000001000 present", 1), ("pte 0x7f0000001000 present child", 0),
    ("pte 0x7f0000001000 anonymous 101", 0), ("list swap cache 0", 0), ("list anonymous 2", 0),
  ])
  func conditionsKnowTheSystemAndTheProcess(condition: String, status: Int32) throws {
    let outcome = try run("simulate", "linux.yaml", "--os", "linux-6.1", "--until", condition)
    #expect(outcome.status == status, "\(condition): \(outcome.errors)")
    #expect(status == 0 || outcome.errors.contains("never holds"))
  }

  @Test(arguments: [
    ("fault SIGSEGV SEGV_ACCERR", 0), ("fault SIGSEGV", 0), ("fault SIGSEGV SEGV_MAPERR", 1),
  ])
  func aSignalIsWaitedForWithItsCodeOrAlone(condition: String, status: Int32) throws {
    // So many faults that not each of them is told of, and then the signal.
    try place.write(
      Self.timeline(
        "signal", "os: linux-6.1",
        """
          - { mmap: 0x7f0000000000..0x7f00000fffff, prot: [read, write] }
          - { mprotect: 0x7f00000ff000..0x7f00000fffff, prot: [read] }
          - { write: 0x7f0000000000..0x7f00000fffff, status: SIGSEGV }
        """), to: "signal.yaml")
    let outcome = try run("simulate", "signal.yaml", "--until", condition)
    #expect(outcome.status == status, "\(condition): \(outcome.errors)")
  }

  @Test(arguments: [
    ("status: STATUS_ACESS_VIOLATION", "windows-7601.17514", "STATUS_ACCESS_VIOLATION"),
    (
      "faults: [STATUS_PAGE_FAULT_DEMANDZERO]", "windows-7601.17514",
      "STATUS_PAGE_FAULT_DEMAND_ZERO"
    ),
    ("status: ENOMEN", "linux-6.1", "ENOMEM"),
    ("faults: [SIGSEGV SEGV_ACERR]", "linux-6.1", "SIGSEGV SEGV_ACCERR"),
  ])
  func anAnswerThatNeverComesUpIsAMistakeOfTheScenario(
    words: String, system: String, meant: String
  ) throws {
    try place.write(
      Self.timeline("typo", "os: \(system)", "  - { read: 0x1000, \(words) }"), to: "typo.yaml")
    for verb in ["simulate", "run"] {
      let outcome = try run(verb, "typo.yaml")
      #expect(outcome.status == 65, "\(outcome.errors)")
      #expect((outcome.output + outcome.errors).contains("did you mean `\(meant)`?"))
    }
  }

  @Test func onlyLinuxHasPagemap() throws {
    try place.write(
      Self.timeline(
        "pagemap", "os: windows-7601.17514",
        "  - { reserve: 0x20_0000..0x20_ffff, expect: [{ pagemap-at: 0x20_0000 }] }"),
      to: "pagemap.yaml")
    let outcome = try run("simulate", "pagemap.yaml")
    #expect(outcome.output.contains("nothing: only Linux has pagemap"), "\(outcome.output)")
  }

  @Test func aGoldenOfGarbageMovesNoCursor() throws {
    try place.write(
      Self.timeline("garbage", "os: linux-6.1", "  - { read: 0x1000, status: SIGSEGV }"),
      to: "garbage.yaml")
    try place.write(
      "mmubench golden 1\nscenario garbage\n\u{1b}[31m\u{9b}2J\u{7}\n", to: "garbage.golden")
    let outcome = try run("run", "garbage.yaml")
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("\u{fffd}[31m\u{fffd}2J\u{fffd}"), "\(outcome.output)")
  }

  @Test func theRunEndsWithTheStepThatMakesTheConditionHold() throws {
    let outcome = try run(
      "simulate", "windows.yaml", "--until", "status STATUS_ACCESS_VIOLATION", "--json")
    #expect(outcome.status == 0 && outcome.lines.count == 2)
  }

  @Test(arguments: [
    ("linux.yaml", "list nosuch 3", "free, anonymous, file, swap cache, swap"),
    ("linux.yaml", "list free -1", "no number"), ("linux.yaml", "status STATUS_NOSUCH", "ENOMEM"),
    ("linux.yaml", "fault STATUS_ACCESS_VIOLATION", "minor, major"),
    ("linux.yaml", "pte 0x1000 demand-zero", "swap"),
    ("linux.yaml", "pte 0x1000 swap nobody", "first, child, 100, 101"),
    ("linux.yaml", "fault SIGSEV", "did you mean `SIGSEGV`?"),
    ("linux.yaml", "fault SIGSEGV SEGV_ACERR", "did you mean `SIGSEGV SEGV_ACCERR`?"),
    ("windows.yaml", "status STATUS_ACESS_VIOLATION", "did you mean `STATUS_ACCESS_VIOLATION`?"),
    ("linux.yaml", "pte zz swap", "no address"), ("linux.yaml", "whenever", "say `status NAME`"),
    ("windows.yaml", "pte 0x1000 swap", "demand-zero"),
    ("windows.yaml", "status SIGSEGV", "STATUS_ACCESS_VIOLATION"),
    ("windows.yaml", "list anonymous 1", "zeroed, free, standby"),
  ])
  func namesThatNeverComeUpAreRefusedWithThoseThatDo(
    file: String, condition: String, choices: String
  ) throws {
    let outcome = try run("simulate", file, "--until", condition)
    #expect(outcome.status == 64 && outcome.output == "")
    #expect(outcome.errors.contains(choices), "\(outcome.errors)")
  }

  // MARK: - What does not hold

  @Test func whatAStepExpectsAndDoesNotFindIsSaidWithItAndIsADifference() throws {
    try place.write(
      Self.timeline(
        "wrong", "os: windows-7601.17514",
        """
          - { reserve: 0x20_0000..0x20_ffff, status: STATUS_CONFLICTING_ADDRESSES }
          - { write: 0x20_0000 }
          - { commit: 0x20_0000..0x20_0fff, protection: READWRITE }
          - { write: 0x20_0000, faults: [], expect: [{ lists: { modified: 1 } }] }
        """), to: "wrong.yaml")
    let outcome = try run("simulate", "wrong.yaml")
    #expect(outcome.status == 1)
    for words in [
      "expected  status STATUS_CONFLICTING_ADDRESSES, got status STATUS_SUCCESS",
      "expected  success, got status STATUS_ACCESS_VIOLATION",
      "expected  lists: modified 1, got modified 0",
    ] { #expect(outcome.output.contains(words), "\(outcome.output)") }
    #expect(outcome.errors.contains("expectations do not hold: 4"), "\(outcome.errors)")
    #expect(try run("simulate", "wrong.yaml", "--json").output.contains(#""failures":[{"#))
    let one = try run("simulate", "wrong.yaml", "--step", "3")
    #expect(one.status == 1 && one.errors.contains("step 2: expected success"), "\(one.errors)")
  }

  @Test(arguments: [
    ["simulate", "broken.yaml"], ["build", "broken.yaml", "--step", "1", "--output", "o"],
  ])
  func aTimelineThatCannotBeReadIsMalformedAndNotAbsent(arguments: [String]) throws {
    try place.write(
      Self.timeline("broken", "os: windows-7601.17514", "  - { reserv: 0x20_0000 }"),
      to: "broken.yaml")
    let outcome = try Command.run(arguments, in: place)
    #expect(outcome.status == 65 && outcome.errors.contains("broken.yaml:8:"), "\(outcome.errors)")
  }

  @Test func twoEndsAreOneTooMany() throws {
    let outcome = try run("simulate", "linux.yaml", "--step", "2", "--until", "fault minor")
    #expect(outcome.status == 64 && outcome.output == "")
  }

  @Test func theDebuggerOfWindowsShowsNoLinux() throws {
    let outcome = try run("simulate", "linux.yaml", "--style", "windbg")
    #expect(outcome.status == 64 && outcome.output == "")
    #expect(try run("simulate", "windows.yaml", "--style", "windbg").status == 0)
  }

  @Test func theDebuggerShowsThePagesThatAStepChangedWhereverItsRangeBegins() throws {
    try place.write(
      Self.timeline(
        "pages", "os: windows-7601.17514",
        """
          - { stack: 0x20_0000..0x20_ffff, committed: 1 }
          - { write: 0x20_f000 }
          - { trim: all }
          - { read: 0x0, status: STATUS_ACCESS_VIOLATION }
        """), to: "pages.yaml")
    func session(_ step: String) throws -> [String] {
      let outcome = try run("simulate", "pages.yaml", "--style", "windbg", "--step", step)
      #expect(outcome.status == 0)
      return outcome.output.components(separatedBy: "\n").filter { $0.contains("kd> ") }
    }
    #expect(try session("1") == ["1: kd> !pte 0x0020f000", "1: kd> !pte 0x0020e000"])
    let trimmed = try session("3")
    #expect(trimmed.first == "1: kd> !pte 0x0020f000" && trimmed.count == 2, "\(trimmed)")
    #expect(try session("4") == ["1: kd> !pte 0x00000000", "1: kd> db 0x00000000"])
  }
}
