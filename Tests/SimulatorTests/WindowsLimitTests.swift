import ScenarioFile
import Simulator
import Testing
import Workbench

/// Where Windows says no, and that nothing stays behind where it does.
@Suite struct WindowsLimitTests {
  private static func run(
    _ mode: String, _ os: String, memory: String = "8 MiB", _ steps: [String]
  ) throws -> TimelineRun {
    let text = """
      mmubench: 1
      scenario: limits
      title: Steps that are refused
      source: the test
      machine: { mode: \(mode), memory: \(memory), os: \(os) }
      timeline:

      """ + steps.map { "  - { \($0) }\n" }.joined()
    return try #require(try TimelineRun(ScenarioParser.read(text: text, path: "limits.yaml")))
  }

  /// The statuses of the steps.
  private static func statuses(_ run: TimelineRun) throws -> [String] {
    var statuses: [String] = []
    while let report = try run.step() { statuses.append(report.status?.name ?? "none") }
    #expect(run.violations == [])
    return statuses
  }

  @Test(
    arguments: [
      ("x86", "windows-7601.17514", 0x7ffe_ffff), ("pae", "windows-19041.508", 0x7ffe_ffff),
      ("x86-64", "windows-7601.17514", 0x7ff_fffe_ffff),
      ("x86-64", "windows-9600.17031", 0x7fff_fffe_ffff),
      ("x86-64", "windows-19041.508", 0x7fff_fffe_ffff),
      ("arm64", "windows-26100", 0x7fff_fffe_ffff),
    ] as [(String, String, UInt64)])
  func addressesEndBelowTheKernelsHalf(mode: String, os: String, last: UInt64) throws {
    let isNarrow = last == 0x7ffe_ffff
    let run = try Self.run(
      mode, os,
      [
        "reserve: 0x7ffd0000..0x7ffdffff", "reserve: 0x7ffe0000..0x7ffeffff",
        "reserve: 0x7ffc0000..0x7ffeffff", "reserve: \(last - 0xffff)..\(last)",
        "reserve: \(last + 1)..\(last + 0x1_0000)",
        "reserve: \(last - 0xffff)..\(last + 0x1_0000)",
      ])
    #expect(
      try Self.statuses(run) == [
        "STATUS_SUCCESS", "STATUS_CONFLICTING_ADDRESSES", "STATUS_CONFLICTING_ADDRESSES",
        isNarrow ? "STATUS_CONFLICTING_ADDRESSES" : "STATUS_SUCCESS",
        "STATUS_INVALID_PARAMETER_2", "STATUS_INVALID_PARAMETER_4",
      ])
  }

  @Test(arguments: [
    ("pae", "windows-7601.17514", "128 KiB"), ("x86-64", "windows-7601.17514", "64 KiB"),
  ])
  func aProcessThatCannotBeginLeavesNothingBehind(
    mode: String, os: String, memory: String
  ) throws {
    let run = try Self.run(
      mode, os, memory: memory,
      (0..<24).map { "create-process: p\($0).exe, pid: \(300 + 4 * $0)" })
    var refused = 0
    while let report = try run.step() {
      guard report.status?.isSuccess == false else { continue }
      refused += 1
      let name = try #require(report.title.split(separator: " ").dropFirst(2).first)
      #expect(!report.entries.contains { $0.process == name }, "\(report.entries)")
      let active = report.lists.first { $0.name == "active" }
      // What the kernel takes for its pool stays the kernel's.
      if refused > 1 { #expect(active?.before == active?.after) }
    }
    #expect(refused > 1)
    #expect(run.violations == [])
  }

  @Test func aPageFileHoldsItsHeader() throws {
    let text = """
      mmubench: 1
      scenario: limits
      title: A page file of half a page
      source: the test
      machine: { mode: x86-64, memory: 1 MiB, os: windows-19041.508 }
      windows: { page-files: [{ number: 0, size: 2 KiB }] }
      timeline: [{ reserve: 0x1000000..0x100ffff }]

      """
    let error = try #require(throws: DiagnosticList.self) {
      _ = try TimelineRun(ScenarioParser.read(text: text, path: "limits.yaml"))
    }
    #expect(error.diagnostics.map(\.code) == [.doesNotFit])
    #expect(error.diagnostics.first?.mark.line == 6)
  }

  /// What a view shows is found out last: the prototype entry says that the page is not committed.
  @Test func aPageOfASectionThatReservesIsRefusedByItsPrototypeEntry() throws {
    let run = try Self.run(
      "x86-64", "windows-19041.508",
      [
        "create-section: lazy, kind: page-file, pages: 4, commit: false",
        "map-view: 0x300000..0x303fff, section: lazy, protection: READWRITE", "read: 0x300000",
      ])
    #expect(try Self.statuses(run).last == "STATUS_ACCESS_VIOLATION")
    #expect(
      run.last?.faults.first?.handler == [
        "MmAccessFault", "MiCheckVirtualAddress", "MiDispatchFault", "MiResolveProtoPteFault",
      ])
  }

  @Test func aViewEndsWithItsSectionWhereverItBegins() throws {
    let view = "map-view: 0x300000..0x30ffff, section: s, protection: READWRITE, page: "
    let run = try Self.run(
      "x86-64", "windows-19041.508",
      ["create-section: s, kind: page-file, pages: 32"]
        + ["16", "32", "0xfffffffffffffff0", "0xffffffffffffffff"].map { view + $0 })
    #expect(
      try Self.statuses(run) == [
        "STATUS_SUCCESS", "STATUS_SUCCESS", "STATUS_INVALID_VIEW_SIZE",
        "STATUS_INVALID_VIEW_SIZE", "STATUS_MAPPED_ALIGNMENT",
      ])
  }

  @Test func pagesAreLockedUpToTheSmallestWorkingSetOrNotAtAll() throws {
    let run = try Self.run(
      "x86-64", "windows-19041.508", memory: "1 MiB",
      ["reserve: 0x1000000..0x107ffff, commit: true", "lock: 0x1000000..0x107ffff"])
    #expect(try Self.statuses(run) == ["STATUS_SUCCESS", "STATUS_WORKING_SET_QUOTA"])
    #expect(run.last?.faults.isEmpty == true)
  }
}
