import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Simulator
import Testing
import Workbench

/// Whether the invariants of Linux notice what they are there for: entries are damaged, one at a time.
@Suite struct LinuxInvariantTests {
  private static let base: UInt64 = 0x7f00_0000_0000
  /// R/W of every mode of x86.
  private static let writable: UInt64 = 1 << 1

  /// A moment: page 0 is shared with a child, 1 is in swap, 2 is the parent's own, 3 is of shared memory.
  private static func run() throws -> TimelineRun {
    let text = """
      mmubench: 1
      scenario: invariants
      title: A moment with something of everything
      source: the test
      machine: { mode: x86-64, memory: 1 MiB, os: linux-6.1 }
      processes: [{ name: parent, pid: 100 }]
      timeline:
        - { swap-on: 8 }
        - { mmap: 0x7f0000000000..0x7f0000002fff, prot: [read, write] }
        - { mmap: 0x7f0000003000..0x7f0000003fff, prot: [read, write], shared: true }
        - { write: 0x7f0000000000..0x7f0000003fff }
        - { swap-out: 0x7f0000001000..0x7f0000001fff }
        - { drop-caches: all }
        - { fork: child, pid: 101 }
        - { write: 0x7f0000002000 }

      """
    let run = try #require(
      try TimelineRun(ScenarioParser.read(text: text, path: "invariants.yaml")))
    try run.run()
    #expect(run.violations == [])
    return run
  }

  /// The entry of a page of a process, and where it is.
  private static func entry(
    _ page: UInt64, _ run: TimelineRun, level: Int = 1, pid: UInt64 = 100
  ) throws -> (place: PhysicalAddress, entry: UInt64) {
    let machine = run.machine
    let walk = machine.walk(
      VirtualAddress(base + page * 4096), in: machine.addressSpaces.first { $0.pid == pid })
    let step = try #require(walk.steps.first { $0.level == level })
    return (step.entryAddress, try #require(step.entry))
  }

  /// What is found after the change of an entry.
  private static func found(
    _ page: UInt64, level: Int = 1, _ change: (UInt64) -> UInt64
  ) throws -> [String] {
    let run = try run()
    let (place, entry) = try entry(page, run, level: level)
    run.simulation.damage(place, with: change(entry))
    let found = run.violations
    run.simulation.damage(place, with: entry)
    #expect(run.violations == [])
    return found
  }

  @Test func anEntryThatIsGoneLeavesItsPageBehind() throws {
    #expect(try Self.found(2) { _ in 0 }.contains { $0.contains("is mapped 0 times") })
    #expect(try Self.found(3) { _ in 0 }.contains { $0.contains("is mapped 0 times") })
  }

  @Test func anEntryOfSwapThatIsGoneLeavesItsPlaceBehind() throws {
    // The page is in no frame: what a check of the swap cache alone would not see.
    #expect(try Self.found(1) { _ in 0 } == ["page 0x1 of swap has 1 entries and says 2"])
  }

  @Test func anEntryOfSwapThatLeadsElsewhereIsFound() throws {
    let other = try Self.found(1) { $0 ^ 1 << 10 }
    #expect(other.contains { $0.hasSuffix("of swap is used and free") })
  }

  @Test func aPageThatOthersHaveMayNotBeWritten() throws {
    let found = try Self.found(0) { $0 | Self.writable }
    #expect(found == ["0x7f0000000000 may be written, and others have the page too"])
  }

  @Test func twoEntriesForOnePageAreFound() throws {
    let run = try Self.run()
    let own = try Self.entry(2, run)
    let shared = try Self.entry(0, run)
    run.simulation.damage(shared.place, with: own.entry)
    #expect(run.violations.contains { $0.contains("is mapped 2 times") })
  }

  @Test func anEntryWithoutAnAreaIsFound() throws {
    let run = try Self.run()
    let last = try Self.entry(3, run)
    run.simulation.damage(PhysicalAddress(last.place.rawValue + 8), with: last.entry)
    #expect(run.violations.contains("0x7f0000004000 has an entry and no area"))
  }

  @Test func aTableThatNobodyLeadsToIsFound() throws {
    #expect(try Self.found(0, level: 2) { _ in 0 }.contains { $0.hasSuffix("is nobody's") })
    let twice = try Self.found(0, level: 3) { entry in entry }
    #expect(twice == [])
  }

  @Test func aTableThatIsThereTwiceIsFound() throws {
    let run = try Self.run()
    let table = try Self.entry(0, run, level: 2)
    run.simulation.damage(PhysicalAddress(table.place.rawValue + 8), with: table.entry)
    #expect(run.violations.contains { $0.hasSuffix("is there twice") })
  }
}
