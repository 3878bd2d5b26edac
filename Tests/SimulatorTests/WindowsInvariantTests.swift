import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Simulator
import TestSupport
import Testing
import WindowsMemory
import Workbench

/// Whether the invariants of Windows notice what they are there for: entries of page tables and of the PFN
/// database are damaged, one at a time.
@Suite struct WindowsInvariantTests {
  private static let base: UInt64 = 0x20_0000

  /// A moment: pages 0 and 1 are in use, 2 is in transition, 3 was decommitted, 16 is one of a section.
  private static func moment() throws -> DamagedTimeline {
    try DamagedTimeline(
      """
      mmubench: 1
      scenario: moment
      title: A moment with something of everything
      source: the test
      machine: { mode: x86-64, memory: 2 MiB, os: windows-19041.508 }
      processes: [{ name: a.exe, pid: 100 }]
      timeline:
        - { reserve: 0x200000..0x20ffff, commit: true }
        - { write: 0x200000..0x202fff }
        - { trim: 0x202000..0x202fff }
        - { decommit: 0x203000..0x203fff }
        - { create-section: shared, kind: page-file, pages: 1 }
        - { map-view: 0x210000..0x210fff, section: shared, protection: READWRITE }
        - { write: 0x210000 }

      """, base: base)
  }

  @Test(arguments: [0, 16] as [UInt64])
  func anEntryThatIsGoneLeavesItsPageBehind(page: UInt64) throws {
    let found = try Self.moment().found(page) { _ in 0 }
    #expect(found.contains { $0.contains("is mapped 0 times") })
    #expect(found.contains { $0.contains("entries in use, and says") })
  }

  @Test func twoEntriesForOneFrameAreFound() throws {
    let moment = try Self.moment()
    let (first, second) = (try moment.entry(0), try moment.entry(1))
    moment.damage(second.place, with: first.entry)
    #expect(moment.run.violations.contains { $0.contains("is mapped 2 times") })
    #expect(moment.run.violations.contains { $0.contains("does not lead back to its entry") })
  }

  @Test func anEntryInTransitionThatLeadsElsewhereIsFound() throws {
    let found = try Self.moment().found(2) { $0 ^ 1 << 13 }
    #expect(found.contains { $0.contains("0x202000 is in transition, and frame") })
  }

  @Test func aPageThatIsCommittedAndNotChargedIsFound() throws {
    // Decommitted, and demand-zero with PAGE_READWRITE.
    let found = try Self.moment().found(3) { $0 ^ 0x200 ^ 0x80 }
    #expect(found.contains { $0.hasSuffix("and 15 are charged") })
  }

  @Test func aTableThatIsGoneIsFound() throws {
    let found = try Self.moment().found(0, level: 2) { _ in 0 }
    #expect(found.contains { $0.contains("pages are charged, and") })
    #expect(found.contains { $0.contains("is mapped 0 times") })
  }

  /// Between steps only what they touched is looked at: a step shows what is wrong with the entries that it changes.
  @Test func aStepShowsWhatIsWrongWithTheEntryThatItChanges() throws {
    let moment = try DamagedTimeline(
      """
      mmubench: 1
      scenario: moment
      title: An entry that is changed after it was damaged
      source: the test
      machine: { mode: x86-64, memory: 64 MiB, os: windows-19041.508 }
      timeline:
        - { reserve: 0x200000..0x20ffff, commit: true }
        - { write: 0x200000..0x201fff }
        - { protect: 0x200000..0x200fff, protection: READONLY }
        - { read: 0x201000 }

      """, base: Self.base, after: 2)
    let found = try moment.foundByNextStep(0, withEntryOf: 1)
    #expect(found.contains { $0.contains("is mapped 2 times") })
    #expect(found.contains { $0.contains("is mapped 0 times") })
  }

  /// Every member of an entry of the PFN database counts: links, addresses, counts, flags.
  @Test(arguments: 0..<6 as Range<UInt64>, [0, 2] as [UInt64])
  func anEntryOfTheDatabaseThatSaysSomethingElseIsFound(word: UInt64, page: UInt64) throws {
    let moment = try Self.moment()
    let machine = moment.run.machine
    let frame = try moment.entry(page).entry >> 12 & 0xffff
    let database = try #require(machine.classifier(in: moment.space)?.pfnDatabase)
    let address = try database.entry(of: frame).address.advanced(by: word * 8)
    let walk = machine.walk(address, in: moment.space)
    let place = try #require(walk.result.translation?.address)
    let value = try #require(machine.memory.load(UInt64.self, at: place))
    moment.damage(place, with: value ^ 1 << 4)
    let text = "the PFN database says something else of frame 0x"
    #expect(moment.run.violations == [text + String(frame, radix: 16)])
  }
}
