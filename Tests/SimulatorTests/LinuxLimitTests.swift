import ScenarioFile
import Simulator
import TestSupport
import Testing
import Workbench

/// Where Linux says no.
@Suite struct LinuxLimitTests {
  /// The statuses of the steps of one process.
  private static func statuses(_ steps: [String], os: String = "linux-6.1") throws -> [String] {
    let run = try ShortTimeline.run(steps, os: os, memory: "16 MiB")
    var statuses: [String] = []
    while let report = try run.step() { statuses.append(report.status?.name ?? "none") }
    #expect(run.violations == [])
    return statuses
  }

  private static let memory = "mmap: 0x7f0000000000..0x7f0000003fff, prot: [read, write]"

  @Test func noStackGrowsToWhereNobodyMayMap() throws {
    #expect(
      try Self.statuses([
        "mmap: 0x20000..0x20fff, prot: [read, write], grows-down: true", "write: 0x10000",
        "write: 0xf000", "mmap: 0xf000..0xffff, prot: [read]",
      ]) == ["0", "none", "SIGSEGV", "EPERM"])
  }

  @Test(arguments: [
    "mprotect: 0x7f000000f000..0x7f000000ffff, prot: [read]",
    "munmap: 0x7f0000010000..0x7f0000010fff", "mlock: 0x7f0000010000..0x7f0000010fff",
  ])
  func aStackThatGrewCanBeParted(step: String) throws {
    #expect(
      try Self.statuses([
        "mmap: 0x7f0000010000..0x7f0000011fff, prot: [read, write], grows-down: true",
        "write: 0x7f000000e000", step, "write: 0x7f0000011000",
      ]) == ["0", "none", "0", "none"])
  }

  @Test func onlyPrivateMemoryWithoutAFileGrowsDown() throws {
    #expect(
      try Self.statuses([
        "create-file: data, size: 4096", Self.memory + ", shared: true, grows-down: true",
        Self.memory + ", file: data, grows-down: true", Self.memory + ", grows-down: true",
      ]) == ["0", "EINVAL", "EINVAL", "0"])
  }

  @Test func noFileIsMappedBeyondTheLargestOffset() throws {
    let last: UInt64 = 1 << 51
    let file = Self.memory + ", file: data, page: "
    #expect(
      try Self.statuses([
        "create-file: data, size: 4096", file + "\(last - 3)", file + "\(last - 4)",
        "read: 0x7f0000003000", "madvise: 0x7f0000000000..0x7f0000003fff, advice: willneed",
      ]) == ["0", "EOVERFLOW", "0", "SIGBUS", "0"])
  }

  @Test func sharedMemoryBeginsWithItsFirstPage() throws {
    #expect(
      try Self.statuses([Self.memory + ", shared: true, page: 4", "write: 0x7f0000003000"])
        == ["0", "none"])
  }

  @Test(arguments: [
    "create-file: data, size: 0x8000000000000000",
    "mmap: 0x7f0000000000..0x7f0000000fff, prot: [read], file: data, page: 0x10000000000000",
  ])
  func whatNoOffsetSaysIsAMistake(step: String) {
    let error = #expect(throws: DiagnosticList.self) { _ = try Self.statuses([step]) }
    #expect(error?.diagnostics.map(\.code) == [.outOfBounds])
  }

  /// UFFDIO_REGISTER wants a mode, and that of writes only from 5.7 on.
  @Test(arguments: [("linux-5.6", "EINVAL"), ("linux-5.7", "0")])
  func whatIsWatchedHasToBeSaid(os: String, status: String) throws {
    let register = "userfaultfd: 0x7f0000000000..0x7f0000003fff, modes: "
    #expect(
      try Self.statuses(
        [Self.memory, register + "[]", register + "[missing]", register + "[write-protect]"], os: os
      )
        == ["0", "EINVAL", "0", status])
  }
}
