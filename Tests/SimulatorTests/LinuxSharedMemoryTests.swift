import Machine
import Paging
import PhysicalMemory
import Simulator
import TestSupport
import Testing
import Workbench

/// Memory that processes share, where calls make it huge or somebody else provides it; and what a child has.
@Suite struct LinuxSharedMemoryTests {
  private static let huge = "0x7f0000000000..0x7f00001fffff"
  private static let writable: UInt64 = 1 << 1
  private static let accessed: UInt64 = 1 << 5

  private static func run(_ os: String, _ steps: [String]) throws -> TimelineRun {
    try ShortTimeline.run(steps, os: os)
  }

  /// The statuses of the steps; the invariants hold after each.
  private static func statuses(_ run: TimelineRun) throws -> [String] {
    var statuses: [String] = []
    while let report = try run.step() {
      statuses.append(report.status?.name ?? "none")
      #expect(run.violations == [])
    }
    return statuses
  }

  private static func entry(_ run: TimelineRun, _ address: UInt64, pid: UInt64) throws -> UInt64 {
    let machine = run.machine
    let space = machine.addressSpaces.first { $0.pid == pid }
    return try #require(machine.walk(VirtualAddress(address), in: space).steps.last?.entry)
  }

  @Test(arguments: ["linux-6.1", "linux-6.18"])
  func sharedMemoryBecomesHugeForAllWhoHaveIt(os: String) throws {
    let run = try Self.run(
      os,
      [
        "mmap: \(Self.huge), prot: [read, write], shared: true",
        "madvise: \(Self.huge), advice: collapse", "write: 0x7f0000003000, fill: 0x5a",
        "fork: child, pid: 101", "read: 0x7f0000003000, process: child",
        "madvise: \(Self.huge), advice: collapse", "read: 0x7f0000003000, process: child",
      ])
    // An extent without a page is none.
    #expect(try Self.statuses(run) == ["0", "EINVAL", "none", "0", "none", "0", "none"])
    let machine = run.machine
    let found = machine.addressSpaces.map {
      machine.walk(VirtualAddress(0x7f00_0000_3000), in: $0).result.translation
    }
    #expect(found.count == 2)
    #expect(found.allSatisfy { $0?.pageSize == 2 << 20 })
    #expect(found[0]?.address == found[1]?.address)
    let place = try #require(found[0]?.address)
    #expect(machine.memory.load(UInt8.self, at: place) == 0x5a)
  }

  @Test func aPartThatGoesTakesTheEntryAndLeavesThePage() throws {
    let run = try Self.run(
      "linux-6.18",
      [
        "mmap: \(Self.huge), prot: [read, write], shared: true", "write: 0x7f0000003000",
        "madvise: \(Self.huge), advice: collapse",
        "madvise: 0x7f0000001000..0x7f0000001fff, advice: dontneed", "read: 0x7f0000002000",
      ])
    #expect(try Self.statuses(run) == ["0", "none", "0", "0", "none"])
    #expect(run.last?.lists.first { $0.name == "file" }?.after == 512)
    let walk = run.machine.walk(VirtualAddress(0x7f00_0000_1000))
    #expect(walk.result.translation?.pageSize == 2 << 20)
  }

  /// Two areas have no entry in common (vma_adjust_trans_huge), and one that nothing changes is not parted.
  @Test func anAreaThatPartsTakesTheEntryOfAHugePageAway() throws {
    let steps = [
      "mmap: \(Self.huge), prot: [read, write], shared: true", "write: 0x7f0000000000",
      "madvise: \(Self.huge), advice: collapse", "mlock: 0x7f0000000000..0x7f000000ffff",
      "read: 0x7f0000010000", "mlock: 0x7f0000000000..0x7f0000003fff",
    ]
    let run = try Self.run("linux-6.18", steps)
    #expect(try Self.statuses(run) == ["0", "none", "0", "0", "none", "0"])
    let machine = run.machine
    let sizes = [0, 0xf000, 0x1_0000, 0x1_1000].map {
      machine.walk(VirtualAddress(0x7f00_0000_0000 + $0)).result.translation?.pageSize
    }
    #expect(sizes == [4096, 4096, 4096, nil])
  }

  @Test func whatIsSharedIsSwappedOutPieceByPieceAndComesBack() throws {
    let run = try Self.run(
      "linux-6.18",
      [
        "swap-on: 600", "mmap: \(Self.huge), prot: [read, write], shared: true",
        "write: 0x7f0000003000, fill: 0x5a", "madvise: \(Self.huge), advice: collapse",
        "swap-out: 0x7f0000003000..0x7f0000003fff", "read: 0x7f0000003000", "munmap: \(Self.huge)",
      ])
    let statuses = try Self.statuses(run)
    #expect(statuses == ["0", "0", "none", "0", "0", "none", "0"])
    #expect(run.last?.lists.first { $0.name == "file" }?.after == 0)
  }

  @Test func whoProvidesAPageOfSharedMemoryProvidesItForAll() throws {
    let run = try Self.run(
      "linux-6.1",
      [
        "mmap: 0x7f0000000000..0x7f0000003fff, prot: [read, write], shared: true",
        "fork: child, pid: 101",
        "userfaultfd: 0x7f0000000000..0x7f0000003fff, modes: [missing, write-protect]",
        "read: 0x7f0000000000", "uffd-copy: 0x7f0000000000..0x7f0000000fff",
        "uffd-zeropage: 0x7f0000001000..0x7f0000001fff", "read: 0x7f0000000000, process: child",
        "madvise: 0x7f0000000000..0x7f0000001fff, advice: dontneed",
        "uffd-copy: 0x7f0000000000..0x7f0000000fff", "read: 0x7f0000000000",
        "uffd-protect: 0x7f0000000000..0x7f0000003fff", "write: 0x7f0000000000",
        "read: 0x7f0000001000", "write: 0x7f0000001000",
      ])
    #expect(
      try Self.statuses(run) == [
        "0", "0", "0", "waits", "0", "0", "none", "0", "EEXIST", "none", "0", "waits", "none",
        "waits",
      ])
    #expect(run.last?.lists.first { $0.name == "anonymous" }?.after == 0)
    #expect(run.last?.lists.first { $0.name == "file" }?.after == 2)
    let entries = try [100, 101].map { try Self.entry(run, 0x7f00_0000_0000, pid: $0) }
    #expect(entries[0] >> 12 & 0xffff == entries[1] >> 12 & 0xffff)
  }

  /// Files of disks are not watched, and shared memory for writes only from 5.19 on.
  @Test(arguments: [("linux-5.18", "EINVAL"), ("linux-5.19", "0")])
  func notAllMemoryIsWatched(os: String, status: String) throws {
    let run = try Self.run(
      os,
      [
        "create-file: data, size: 4096",
        "mmap: 0x7f0000000000..0x7f0000000fff, prot: [read], file: data, shared: true",
        "userfaultfd: 0x7f0000000000..0x7f0000000fff, modes: [missing]",
        "mmap: 0x7f0000010000..0x7f0000010fff, prot: [read], shared: true",
        "userfaultfd: 0x7f0000010000..0x7f0000010fff, modes: [missing]",
        "userfaultfd: 0x7f0000010000..0x7f0000010fff, modes: [write-protect]",
      ])
    #expect(try Self.statuses(run) == ["0", "0", "EINVAL", "0", "0", status])
  }

  /// The faults of writes after the protection is lifted: from 6.3 on none is needed.
  @Test(arguments: [("linux-6.1", 2), ("linux-6.3", 0)])
  func whatIsProtectedStaysHugeAndIsWritableAtOnce(os: String, faults: Int) throws {
    let run = try Self.run(
      os,
      [
        "mmap: 0x7f0000000000..0x7f00003fffff, prot: [read, write]",
        "madvise: 0x7f0000000000..0x7f00003fffff, advice: hugepage",
        "write: 0x7f0000000000", "write: 0x7f0000200000",
        "userfaultfd: 0x7f0000000000..0x7f00003fffff, modes: [write-protect]",
        "uffd-protect: 0x7f0000000000..0x7f00003fffff",
        "uffd-unprotect: 0x7f0000000000..0x7f00003fffff",
        "write: 0x7f0000000000..0x7f00003fffff, stride: 0x200000",
      ])
    _ = try Self.statuses(run)
    #expect(run.last?.faults.count == faults)
    let walk = run.machine.walk(VirtualAddress(0x7f00_0000_0000))
    #expect(walk.result.translation?.pageSize == 2 << 20)
  }

  /// A child has not used a page before it does, huge or small (pte_mkold).
  @Test func theEntriesOfAChildAreOld() throws {
    let steps = [
      "mmap: 0x7f0000000000..0x7f00003fffff, prot: [read, write]",
      "madvise: \(Self.huge), advice: hugepage", "write: 0x7f0000000000",
      "write: 0x7f0000200000", "read: 0x7f0000201000", "fork: child, pid: 101",
    ]
    let run = try Self.run("linux-6.1", steps + ["read: 0x7f0000200000, process: child"])
    try run.run(through: steps.count)
    for address in [0x7f00_0000_0000, 0x7f00_0020_0000, 0x7f00_0020_1000] as [UInt64] {
      #expect(try Self.entry(run, address, pid: 100) & Self.accessed != 0)
      #expect(try Self.entry(run, address, pid: 101) & (Self.accessed | Self.writable) == 0)
    }
    _ = try run.step()
    #expect(run.last?.faults.isEmpty == true)
    #expect(try Self.entry(run, 0x7f00_0020_0000, pid: 101) & Self.accessed != 0)
  }
}
