import Machine
import PhysicalMemory
import ScenarioFile
import Simulator
import Testing
import Workbench

/// Who goes without where memory runs out, by kernel.
@Suite struct LinuxNoMemoryTests {
  private static func run(_ os: String, memory: String, _ steps: String) throws -> TimelineRun {
    let text = """
      mmubench: 1
      scenario: no-memory
      title: Memory runs out
      source: the test
      machine: { mode: x86-64, memory: \(memory), os: \(os) }
      processes: [{ name: parent, pid: 100 }]
      timeline:
      \(steps)

      """
    return try #require(try TimelineRun(ScenarioParser.read(text: text, path: "no-memory.yaml")))
  }

  /// How the last step ends; the invariants hold after each.
  private static func last(_ run: TimelineRun) throws -> StepReport {
    while try run.step() != nil { #expect(run.violations == []) }
    return try #require(run.last)
  }

  private static func pids(_ run: TimelineRun) -> [UInt64?] { run.machine.addressSpaces.map(\.pid) }

  @Test func aForkThatIsNotPromisedItsMemoryLeavesNothingBehind() throws {
    let run = try Self.run(
      "linux-6.1", memory: "96 KiB",
      """
        - { mmap: 0x7f0000000000..0x7f000000ffff, prot: [read, write] }
        - { write: 0x7f0000000000 }
        - { mmap: 0x7f0000010000..0x7f000001ffff, prot: [read, write] }
        - { fork: child, pid: 101 }
      """)
    let report = try Self.last(run)
    #expect(report.status?.name == "ENOMEM")
    #expect(Self.pids(run) == [100])
    #expect(report.lists.allSatisfy { $0.before == $0.after })
  }

  /// The heuristic of overcommitment looked at what was free before 5.2.
  @Test(arguments: [("linux-5.1", "ENOMEM"), ("linux-5.2", "0")])
  func aForkNeedsFreeMemoryOnlyBefore5_2(os: String, status: String) throws {
    let run = try Self.run(
      os, memory: "96 KiB",
      """
        - { mmap: 0x7f0000000000..0x7f000000cfff, prot: [read, write] }
        - { write: 0x7f0000000000..0x7f000000cfff }
        - { fork: child, pid: 101 }
      """)
    #expect(try Self.last(run).status?.name == status)
    #expect(Self.pids(run) == (status == "0" ? [100, 101] : [100]))
  }

  /// Children were ended for their parents before 5.1; of two alike the later is, from 5.3 on.
  @Test(arguments: [("linux-5.0", 102), ("linux-5.1", 100), ("linux-6.1", 100)])
  func theOneWithMostIsEndedAndTheOthersGoOn(os: String, victim: UInt64) throws {
    let run = try Self.run(
      os, memory: "96 KiB",
      """
        - { mmap: 0x7f0000000000..0x7f0000003fff, prot: [read, write] }
        - { fork: first, pid: 101 }
        - { fork: second, pid: 102 }
        - { mmap: 0x7f0000100000..0x7f0000101fff, prot: [read, write], process: second }
        - { mlock: 0x7f0000100000..0x7f0000101fff, process: second }
        - { mmap: 0x7f0000200000..0x7f0000208fff, prot: [read, write] }
        - { mlock: 0x7f0000200000..0x7f0000207fff }
        - { write: 0x7f0000000000..0x7f0000001fff, process: first }
      """)
    let report = try Self.last(run)
    #expect(report.status == nil)
    #expect(
      report.events.contains {
        $0.hasSuffix("ends \(victim == 100 ? "parent" : "second") (\(victim))")
      })
    #expect(Self.pids(run) == [100, 101, 102].filter { $0 != victim })
  }

  @Test func aForkThatIsKilledHalfwayLeavesNeitherParentNorChild() throws {
    let run = try Self.run(
      "linux-6.1", memory: "96 KiB",
      """
        - { mmap: 0x7f0000000000..0x7f000000ffff, prot: [read, write] }
        - { mlock: 0x7f0000000000..0x7f000000ffff }
        - { fork: child, pid: 101 }
      """)
    let report = try Self.last(run)
    #expect(report.status?.name == "SIGKILL")
    #expect(Self.pids(run) == [])
    let free = try #require(report.lists.first { $0.name == "free" })
    #expect(free.before == 2 && free.after == 22)
  }

  /// A table waits for each huge page, as none might be found when it has to be split.
  @Test func hugePagesAreSwappedOutWhereNoFrameIsFree() throws {
    let run = try Self.run(
      "linux-6.1", memory: "4 MiB",
      """
        - { swap-on: 2000 }
        - { mmap: 0x7f0000000000..0x7f00001fffff, prot: [read, write] }
        - { madvise: 0x7f0000000000..0x7f00001fffff, advice: hugepage }
        - { write: 0x7f0000000000 }
        - { mmap: 0x7f0000400000..0x7f00007fffff, prot: [read, write] }
        - { write: 0x7f0000400000..0x7f00007fffff }
      """)
    let report = try Self.last(run)
    #expect(report.status == nil)
    #expect(report.events.contains("the huge page at 0x7f0000000000 is split"))
  }

  /// Tables come before what they map is looked at: its own frame might be taken for them.
  @Test func aForkThatReclaimsPagesOfTheParentCopiesWhereTheyWent() throws {
    let run = try Self.run(
      "linux-6.1", memory: "96 KiB",
      """
        - { swap-on: 64 }
        - { mmap: 0x7f0000000000..0x7f000001ffff, prot: [read, write] }
        - { write: 0x7f0000000000..0x7f0000011fff }
        - { fork: child, pid: 101 }
      """)
    #expect(try Self.last(run).status?.isSuccess == true)
    #expect(Self.pids(run) == [100, 101])
  }
}
