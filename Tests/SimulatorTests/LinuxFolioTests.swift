import Simulator
import TestSupport
import Testing
import Workbench

/// Parts of huge pages, pages that may be freed, and areas side by side.
///
/// All of Linux 6.18 was measured there with small programs that read their own pagemap and count their faults.
@Suite struct LinuxFolioTests {
  private static let page = "0x7f0000000000"
  private static let four = "0x7f0000000000..0x7f0000003fff"
  private static let huge = "0x7f0000000000..0x7f00001fffff"
  private static let half = "0x7f0000000000..0x7f00000fffff"
  private static let hugeWritten = [
    "mmap: \(huge), prot: [read, write]", "madvise: \(huge), advice: hugepage", "write: \(page)",
  ]

  /// The steps as they are told; the invariants hold after each.
  private static func run(_ steps: [String], os: String = "linux-6.18") throws -> [StepReport] {
    let run = try ShortTimeline.run(steps, os: os)
    var reports: [StepReport] = []
    while let report = try run.step() {
      reports.append(report)
      #expect(run.violations == [])
    }
    return reports
  }

  /// What pagemap shows of the pages of the last step.
  private static func words(_ steps: [String], os: String = "linux-6.18") throws -> [String] {
    try #require(try run(steps, os: os).last).pages.map(\.words)
  }

  /// A folio is split for a part of it, and its pages of zeros are the one that all share from 6.12 on.
  @Test(
    arguments: ["free", "pageout"],
    [("linux-6.11", true), ("linux-6.12", false), ("linux-6.18", false)])
  func zerosOfASplitFolioAreThePageOfZeros(advice: String, kernel: (os: String, isOwn: Bool)) throws
  {
    let part = "madvise: 0x7f0000005000..0x7f0000005fff, advice: \(advice)"
    let others = try Self.words(
      Self.hugeWritten + [part, "read: 0x7f0000006000..0x7f0000007fff"], os: kernel.os)
    #expect(others.count == 2)
    #expect(others.allSatisfy { $0.contains("present") })
    #expect(others.allSatisfy { $0.contains("exclusive") == kernel.isOwn })
    let written = try Self.words(Self.hugeWritten + [part, "read: \(Self.page)"], os: kernel.os)
    #expect(written.allSatisfy { $0.contains("exclusive") })
  }

  @Test func lockedAreasKeepTheirPagesOfZeros() throws {
    let steps = [
      "mlock: 0x7f0000100000..0x7f00001fffff",
      "madvise: 0x7f0000005000..0x7f0000005fff, advice: free",
    ]
    let locked = try Self.words(Self.hugeWritten + steps + ["read: 0x7f0000100000"])
    #expect(locked.allSatisfy { $0.contains("exclusive") })
    let other = try Self.words(Self.hugeWritten + steps + ["read: 0x7f0000006000"])
    #expect(other.allSatisfy { !$0.contains("exclusive") })
  }

  /// Small entries of a folio are no small pages: what is asked of one is asked of a part (split_folio).
  @Test func aFolioIsSplitOnceItsEntriesAre() throws {
    let steps = [
      "mprotect: 0x7f0000000000..0x7f0000000fff, prot: [read]",
      "mprotect: 0x7f0000000000..0x7f0000000fff, prot: [read, write]",
      "read: 0x7f0000006000",
    ]
    let before = try Self.words(Self.hugeWritten + steps)
    #expect(before.allSatisfy { $0.contains("exclusive") })
    let free = "madvise: 0x7f0000005000..0x7f0000005fff, advice: free"
    let after = try Self.words(Self.hugeWritten + steps.dropLast() + [free, steps[2]])
    #expect(after.allSatisfy { !$0.contains("exclusive") })
  }

  /// Without swap there is no place for a whole folio, and its small pages find none either.
  @Test(arguments: [([], "present", 1), (["swap-on: 1024"], "swapped", 0)])
  func pageoutOfAWholeFolioNeedsRoom(first: [String], word: String, ownCount: Int) throws {
    let words = try Self.words(
      first + Self.hugeWritten + ["madvise: \(Self.huge), advice: pageout"])
    #expect(words.count == 16)
    #expect(words.allSatisfy { $0.contains(word) })
    #expect(words.count { $0.contains("exclusive") } == ownCount)
  }

  /// What a child shares stays one folio, and so does the huge page of zeros.
  @Test(arguments: [
    ["write: \(page)", "fork: child, pid: 101"], ["read: \(page)"],
  ])
  func whatOthersShareIsNotSplit(steps: [String]) throws {
    let reports = try Self.run(
      Array(Self.hugeWritten.prefix(2)) + steps
        + ["madvise: 0x7f0000005000..0x7f0000005fff, advice: free", "munlock: \(Self.huge)"])
    #expect(reports[reports.count - 2].entries.isEmpty)
  }

  /// Only a page that is dirty itself, or has a copy in swap, has to be nobody else's (madvise_free_pte_range).
  @Test func aPageThatAForkSharesMayBeFreed() throws {
    let steps = [
      "mmap: \(Self.four), prot: [read, write]", "write: \(Self.four)", "fork: child, pid: 101",
      "madvise: \(Self.four), advice: free", "exit: true, process: child",
      "madvise: \(Self.four), advice: pageout",
    ]
    #expect(try Self.words(steps).allSatisfy { !$0.contains("present") })
  }

  /// No place in swap was looked for before the page turned out to be written (try_to_unmap_one).
  @Test func whatWasWrittenSinceItWasFreedGoesTheSecondTime() throws {
    let pageout = "madvise: \(Self.four), advice: pageout"
    let steps = [
      "swap-on: 64", "mmap: \(Self.four), prot: [read, write]", "write: \(Self.four)",
      "madvise: \(Self.four), advice: free", "write: \(Self.four)", pageout,
    ]
    #expect(try Self.words(steps).allSatisfy { $0.contains("present") })
    #expect(try Self.words(steps + [pageout]).allSatisfy { $0.contains("swapped") })
  }

  /// A stack is made ready for pages of its own before it grows, so that fork copies what it has.
  @Test func aChildIsGivenZerosOfAStackThatGrew() throws {
    let steps = [
      "mmap: 0x7f0000010000..0x7f0000013fff, prot: [read, write], grows-down: true",
      "read: 0x7f000000f000", "fork: child, pid: 101", "read: 0x7f000000f000, process: child",
    ]
    #expect(try Self.run(steps).last?.faults.isEmpty == true)
  }

  /// What a child is given without a lock lies side by side, and is still two areas.
  @Test func forkJoinsNoAreas() throws {
    let steps = [
      "mmap: \(Self.huge), prot: [read, write]", "write: \(Self.page)", "mlock: \(Self.half)",
      "fork: child, pid: 101", "madvise: \(Self.huge), advice: collapse, process: child",
    ]
    #expect(try Self.run(steps).last?.status?.name == "EINVAL")
    let unlocked = steps.dropLast(2) + ["munlock: \(Self.half)"] + steps.suffix(2)
    #expect(try Self.run(Array(unlocked)).last?.status?.name == "0")
  }

  /// VM_EXEC is looked at once the page is there: a minor fault, and then one with P=1.
  @Test func aFetchFromAPageThatIsNotThereFaultsTwice() throws {
    let steps = ["mmap: \(Self.four), prot: [read, write]", "execute: \(Self.page)"]
    let last = try #require(try Self.run(steps).last)
    #expect(last.faults.map(\.status) == ["minor", "SIGSEGV SEGV_ACCERR"])
    #expect(last.faultCounts == ["minor": 1, "SIGSEGV": 1])
    #expect(try Self.words(steps).allSatisfy { $0.contains("present") })
    let refused = try Self.run(["mmap: \(Self.four), prot: []", "execute: \(Self.page)"])
    #expect(refused.last?.faultCounts == ["SIGSEGV": 1])
  }

  /// Errors are none of the faults that getrusage counts (mm_account_fault).
  @Test(arguments: [
    (["mmap: \(four), prot: [read]", "madvise: \(four), advice: guard-install"], "SIGSEGV"),
    (
      ["create-file: data, size: 100", "mmap: \(four), prot: [read], file: data, page: 1"], "SIGBUS"
    ),
  ])
  func whatEndsBySignalIsNoMinorFault(steps: [String], status: String) throws {
    let last = try #require(try Self.run(steps + ["read: \(Self.page)"]).last)
    #expect(last.faultCounts == [status: 1])
    #expect(last.faults.map(\.cost) == ["fatal"])
  }

  /// Before 6.3 one area has to hold all that is asked for (find_dst_vma).
  @Test(arguments: [("linux-6.1", "ENOENT"), ("linux-6.3", "0")])
  func uffdProtectTakesSeveralAreasFromSomeVersionOn(os: String, status: String) throws {
    let steps = [
      "mmap: \(Self.four), prot: [read, write]",
      "mprotect: 0x7f0000000000..0x7f0000000fff, prot: [read]",
      "userfaultfd: \(Self.four), modes: [write-protect]", "uffd-protect: \(Self.four)",
    ]
    #expect(try Self.run(steps, os: os).last?.status?.name == status)
  }
}
