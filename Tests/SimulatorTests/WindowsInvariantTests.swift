import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Simulator
import Testing
import WindowsMemory
import Workbench

/// Whether the invariants of Windows notice what they are there for: entries of page tables and of the PFN
/// database are damaged, one at a time.
@Suite struct WindowsInvariantTests {
  private static let base: UInt64 = 0x20_0000
  private static let pid: UInt64 = 100

  /// A moment: pages 0 and 1 are in use, 2 is in transition, 3 was decommitted, 16 is one of a section.
  private static func run() throws -> TimelineRun {
    let text = """
      mmubench: 1
      scenario: invariants
      title: A moment with something of everything
      source: the test
      machine: { mode: x86-64, memory: 2 MiB, os: windows-19041.508 }
      processes: [{ name: a.exe, pid: \(pid) }]
      timeline:
        - { reserve: 0x200000..0x20ffff, commit: true }
        - { write: 0x200000..0x202fff }
        - { trim: 0x202000..0x202fff }
        - { decommit: 0x203000..0x203fff }
        - { create-section: shared, kind: page-file, pages: 1 }
        - { map-view: 0x210000..0x210fff, section: shared, protection: READWRITE }
        - { write: 0x210000 }

      """
    let run = try #require(
      try TimelineRun(ScenarioParser.read(text: text, path: "invariants.yaml")))
    try run.run()
    #expect(run.violations == [])
    return run
  }

  private static func space(_ machine: Machine) -> AddressSpace? {
    machine.addressSpaces.first { $0.pid == pid }
  }

  /// The entry of a page, and where it is.
  private static func entry(
    _ page: UInt64, _ run: TimelineRun, level: Int = 1
  ) throws -> (place: PhysicalAddress, entry: UInt64) {
    let machine = run.machine
    let walk = machine.walk(VirtualAddress(base + page * 4096), in: space(machine))
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

  @Test(arguments: [0, 16] as [UInt64])
  func anEntryThatIsGoneLeavesItsPageBehind(page: UInt64) throws {
    let found = try Self.found(page) { _ in 0 }
    #expect(found.contains { $0.contains("is mapped 0 times") })
    #expect(found.contains { $0.contains("entries in use, and says") })
  }

  @Test func twoEntriesForOneFrameAreFound() throws {
    let run = try Self.run()
    let (first, second) = (try Self.entry(0, run), try Self.entry(1, run))
    run.simulation.damage(second.place, with: first.entry)
    #expect(run.violations.contains { $0.contains("is mapped 2 times") })
    #expect(run.violations.contains { $0.contains("does not lead back to its entry") })
  }

  @Test func anEntryInTransitionThatLeadsElsewhereIsFound() throws {
    let found = try Self.found(2) { $0 ^ 1 << 13 }
    #expect(found.contains { $0.contains("0x202000 is in transition, and frame") })
  }

  @Test func aPageThatIsCommittedAndNotChargedIsFound() throws {
    // Decommitted, and demand-zero with PAGE_READWRITE.
    let found = try Self.found(3) { $0 ^ 0x200 ^ 0x80 }
    #expect(found.contains { $0.hasSuffix("and 15 are charged") })
  }

  @Test func aTableThatIsGoneIsFound() throws {
    let found = try Self.found(0, level: 2) { _ in 0 }
    #expect(found.contains { $0.contains("pages are charged, and") })
    #expect(found.contains { $0.contains("is mapped 0 times") })
  }

  /// Every member of an entry of the PFN database counts: links, addresses, counts, flags.
  @Test(arguments: 0..<6 as Range<UInt64>, [0, 2] as [UInt64])
  func anEntryOfTheDatabaseThatSaysSomethingElseIsFound(word: UInt64, page: UInt64) throws {
    let run = try Self.run()
    let machine = run.machine
    let frame = try Self.entry(page, run).entry >> 12 & 0xffff
    let database = try #require(machine.classifier(in: Self.space(machine))?.pfnDatabase)
    let address = try database.entry(of: frame).address.advanced(by: word * 8)
    let walk = machine.walk(address, in: Self.space(machine))
    let place = try #require(walk.result.translation?.address)
    let value = try #require(machine.memory.load(UInt64.self, at: place))
    run.simulation.damage(place, with: value ^ 1 << 4)
    let text = "the PFN database says something else of frame 0x"
    #expect(run.violations == [text + String(frame, radix: 16)])
  }
}
