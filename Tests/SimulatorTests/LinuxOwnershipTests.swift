import Simulator
import TestSupport
import Testing
import Workbench

/// Whose a page is, and what areas remember of their pages: what a pagemap does not show, and the next fault does.
///
/// All was measured on Linux 6.18 with small programs that read their own pagemap and count their faults.
@Suite struct LinuxOwnershipTests {
  private static let page = "0x7f0000000000"
  private static let four = "0x7f0000000000..0x7f0000003fff"
  private static let huge = "0x7f0000000000..0x7f00001fffff"
  private static let mapped = "mmap: \(four), prot: [read, write]"

  /// What the steps end with, and how the faults of the last end; the invariants hold after each.
  private static func run(
    _ steps: [String], os: String = "linux-6.18"
  ) throws -> (statuses: [String], faults: [String], last: StepReport) {
    let run = try ShortTimeline.run(steps, os: os)
    var reports: [StepReport] = []
    while let report = try run.step() {
      reports.append(report)
      #expect(run.violations == [])
    }
    let last = try #require(reports.last)
    return (reports.map { $0.status?.name ?? "none" }, last.faults.map(\.status), last)
  }

  /// PageAnonExclusive went with the fork, and only a write brings it back (can_change_pte_writable).
  @Test func aPageThatWasSharedIsMadeWritableByAFaultAlone() throws {
    let shared = [
      Self.mapped, "write: \(Self.page)", "fork: child, pid: 101",
      "madvise: \(Self.four), advice: dontneed",
    ]
    let again = [
      "mprotect: \(Self.four), prot: [read, write, exec], process: child",
      "write: \(Self.page), process: child",
    ]
    #expect(try Self.run(shared + again).faults == ["minor"])
    #expect(try Self.run(shared + again + again).faults == [])
  }

  /// Reclaim frees what is clean, and leaves in the cache what is not (shrink_folio_list).
  @Test(arguments: [("read", "major"), ("write", "minor")])
  func pageoutTakesCleanPagesOfFilesOutOfTheCache(access: String, fault: String) throws {
    let steps = [
      "create-file: data, size: 4096",
      "mmap: 0x7f0000000000..0x7f0000000fff, prot: [read, write], file: data, shared: true",
      "\(access): \(Self.page)", "madvise: 0x7f0000000000..0x7f0000000fff, advice: pageout",
      "read: \(Self.page)",
    ]
    #expect(try Self.run(steps).faults == [fault])
  }

  /// Only some area has to be there (userfaultfd_register, mwriteprotect_range).
  @Test func userfaultfdPassesHolesOver() throws {
    let steps = [
      "mmap: 0x7f0000001000..0x7f0000001fff, prot: [read, write]",
      "mmap: 0x7f0000003000..0x7f0000003fff, prot: [read, write]",
      "userfaultfd: 0x7f0000000000..0x7f0000003fff, modes: [write-protect]",
      "uffd-protect: 0x7f0000000000..0x7f0000004fff",
      "userfaultfd: 0x7f0000004000..0x7f0000004fff, modes: [missing]",
    ]
    #expect(try Self.run(steps).statuses == ["0", "0", "0", "0", "EINVAL"])
    #expect(try Self.run(steps, os: "linux-6.1").statuses == ["0", "0", "0", "ENOENT", "EINVAL"])
  }

  @Test(arguments: ["missing", "write-protect"])
  func anAreaThatIsWatchedForMoreStaysSo(mode: String) throws {
    let steps = [
      Self.mapped, "userfaultfd: \(Self.four), modes: [missing, write-protect]",
      "userfaultfd: \(Self.four), modes: [\(mode)]", "uffd-protect: \(Self.four)",
      "read: \(Self.page)",
    ]
    #expect(try Self.run(steps).statuses == ["0", "0", "0", "0", "waits"])
  }

  /// Whoever fills a page, if with zeros, makes the area one that a fork copies (vma_needs_copy: anon_vma).
  @Test(arguments: [
    ["userfaultfd: \(four), modes: [missing]", "uffd-zeropage: \(four)"],
    ["read: \(four)", "uffd-copy: \(four), status: ENOENT"],
  ])
  func aChildIsGivenZerosOfAnAreaThatUserfaultfdFilled(steps: [String]) throws {
    let fork = ["fork: child, pid: 101", "read: \(Self.four), process: child"]
    #expect(try Self.run([Self.mapped] + steps + fork).faults == [])
    #expect(try Self.run([Self.mapped, "read: \(Self.four)"] + fork).faults.count == 4)
  }

  @Test func aChildIsGivenTheHugePageOfZeros() throws {
    let steps = [
      "mmap: \(Self.huge), prot: [read, write]", "madvise: \(Self.huge), advice: hugepage",
      "read: \(Self.page)", "fork: child, pid: 101", "read: \(Self.page), process: child",
    ]
    #expect(try Self.run(steps).faults == [])
  }

  /// The parent's entry is split, so that the child's maps a page that nobody else has and others that somebody has.
  @Test(arguments: [("linux-6.1", true), ("linux-6.12", false), ("linux-6.18", true)])
  func pagemapAsksTheFirstPageOfAHugeOneWhoseItIs(os: String, isExclusive: Bool) throws {
    let steps = [
      "mmap: \(Self.huge), prot: [read, write]", "madvise: \(Self.huge), advice: hugepage",
      "write: \(Self.page)", "fork: child, pid: 101", "write: \(Self.page)",
      "read: 0x7f0000001000, process: child",
    ]
    let words = try Self.run(steps, os: os).last.pages.map(\.words)
    #expect(words.count == 1)
    #expect(words.first?.contains("exclusive") == isExclusive)
  }

  @Test func callsTakeAddressesAsTheKernelDoes() throws {
    let steps = [
      Self.mapped, "mlock: 0x7f0000001010..0x7f0000001080",
      "madvise: \(Self.four), advice: dontneed", "munlock: 0x7f0000000fff..0x7f0000001000",
      "madvise: \(Self.four), advice: dontneed", "munmap: 0x7f0000000001..0x7f0000000fff",
      "munmap: 0x7fffffffe000..0x7fffffffffff", "munmap: 0xffff800000000000..0xffff800000000fff",
      "mprotect: 0xffff800000000000..0xffff800000000fff, prot: [read]",
    ]
    let expected = ["0", "0", "EINVAL", "0", "0", "EINVAL", "EINVAL", "EINVAL", "ENOMEM"]
    #expect(try Self.run(steps).statuses == expected)
  }

  /// The area is looked at before its parts are (thp_vma_allowable_order).
  @Test func nothingIsCollapsedWhereAnAreaNeverHadAPage() throws {
    let wide = "mmap: 0x7f0000000000..0x7f00003fffff, prot: [read, write]"
    let collapse = "madvise: 0x7f0000011000..0x7f0000200fff, advice: collapse"
    #expect(try Self.run([wide, collapse]).statuses.last == "EINVAL")
    #expect(try Self.run([wide, "write: \(Self.page)", collapse]).statuses.last == "0")
  }
}
