import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Simulator
import TestSupport
import Testing
import Workbench

/// Whether the invariants of Linux notice what they are there for: entries are damaged, one at a time.
@Suite struct LinuxInvariantTests {
  private static let base: UInt64 = 0x7f00_0000_0000
  /// R/W of every mode of x86.
  private static let writable: UInt64 = 1 << 1

  /// A moment: page 0 is shared with a child, 1 is in swap, 2 is the parent's own, 3 is of shared memory.
  private static func moment() throws -> DamagedTimeline {
    try DamagedTimeline(
      """
      mmubench: 1
      scenario: moment
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

      """, base: base)
  }

  @Test func anEntryThatIsGoneLeavesItsPageBehind() throws {
    #expect(try Self.moment().found(2) { _ in 0 }.contains { $0.contains("is mapped 0 times") })
    #expect(try Self.moment().found(3) { _ in 0 }.contains { $0.contains("is mapped 0 times") })
  }

  @Test func anEntryOfSwapThatIsGoneLeavesItsPlaceBehind() throws {
    // The page is in no frame: what a check of the swap cache alone would not see.
    #expect(try Self.moment().found(1) { _ in 0 } == ["page 0x1 of swap has 1 entries and says 2"])
  }

  @Test func anEntryOfSwapThatLeadsElsewhereIsFound() throws {
    let other = try Self.moment().found(1) { $0 ^ 1 << 10 }
    #expect(other.contains { $0.hasSuffix("of swap is used and free") })
  }

  @Test func aPageThatOthersHaveMayNotBeWritten() throws {
    let found = try Self.moment().found(0) { $0 | Self.writable }
    #expect(found == ["0x7f0000000000 may be written, and others have the page too"])
  }

  @Test func twoEntriesForOnePageAreFound() throws {
    let moment = try Self.moment()
    let own = try moment.entry(2)
    let shared = try moment.entry(0)
    moment.damage(shared.place, with: own.entry)
    #expect(moment.run.violations.contains { $0.contains("is mapped 2 times") })
  }

  @Test func anEntryWithoutAnAreaIsFound() throws {
    let moment = try Self.moment()
    let last = try moment.entry(3)
    moment.damage(PhysicalAddress(last.place.rawValue + 8), with: last.entry)
    #expect(moment.run.violations.contains("0x7f0000004000 has an entry and no area"))
  }

  @Test func aTableThatNobodyLeadsToIsFound() throws {
    #expect(
      try Self.moment().found(0, level: 2) { _ in 0 }.contains { $0.hasSuffix("is nobody's") })
  }

  @Test func aTableThatIsThereTwiceIsFound() throws {
    let moment = try Self.moment()
    let table = try moment.entry(0, level: 2)
    moment.damage(PhysicalAddress(table.place.rawValue + 8), with: table.entry)
    #expect(moment.run.violations.contains { $0.hasSuffix("is there twice") })
  }

  /// Between steps only what they touched is looked at: a step shows what is wrong with the entries that it changes.
  @Test func aStepShowsWhatIsWrongWithTheEntryThatItChanges() throws {
    let moment = try DamagedTimeline(
      """
      mmubench: 1
      scenario: moment
      title: An entry that is changed after it was damaged
      source: the test
      machine: { mode: x86-64, memory: 64 MiB, os: linux-6.1 }
      timeline:
        - { mmap: 0x7f0000000000..0x7f0000001fff, prot: [read, write] }
        - { write: 0x7f0000000000..0x7f0000001fff }
        - { mprotect: 0x7f0000000000..0x7f0000000fff, prot: [read] }
        - { read: 0x7f0000001000 }

      """, base: Self.base, after: 2)
    let found = try moment.foundByNextStep(0, withEntryOf: 1)
    #expect(found.contains { $0.hasSuffix("which says otherwise") })
  }
}
