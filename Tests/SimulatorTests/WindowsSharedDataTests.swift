import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Simulator
import Testing
import WindowsMemory
import Workbench

/// The page that the kernel shares with every process.
@Suite struct WindowsSharedDataTests {
  struct Setting: CustomTestStringConvertible {
    var mode: String
    var os: String
    /// Where the kernel has the page.
    var alias: UInt64

    var testDescription: String { "\(os) \(mode)" }
  }

  private static let settings = [
    Setting(mode: "x86", os: "windows-2600.6419", alias: 0xffdf_0000),
    Setting(mode: "pae", os: "windows-7601.17514", alias: 0xffdf_0000),
    Setting(mode: "pae", os: "windows-19041.508", alias: 0xffdf_0000),
    Setting(mode: "x86-64", os: "windows-7601.17514", alias: 0xffff_f780_0000_0000),
    Setting(mode: "x86-64", os: "windows-26100", alias: 0xffff_f780_0000_0000),
  ]

  private static func run(
    _ setting: Setting, windows: String = "", _ steps: [String]
  ) throws -> TimelineRun {
    let text =
      """
      mmubench: 1
      scenario: shared-data
      title: The kernel's shared data
      source: the test
      machine: { mode: \(setting.mode), memory: 4 MiB, os: \(setting.os) }
      windows: { \(windows)page-files: [{ number: 0 }] }
      processes: [{ name: a.exe, pid: 100 }, { name: b.exe, pid: 200 }]
      timeline:

      """ + steps.map { "  - { \($0) }\n" }.joined()
    return try #require(
      try TimelineRun(ScenarioParser.read(text: text, path: "shared-data.yaml")))
  }

  @Test(arguments: settings)
  func allReadOnePageAndOnlyTheKernelWritesIt(setting: Setting) throws {
    let run = try Self.run(
      setting,
      [
        "write: 0x7ffe0014, process: 100", "read: 0x7ffe0014, process: 100",
        "write: 0x7ffe0014, process: 100", "read: 0x7ffe0014, process: 200",
        "write: \(setting.alias + 0x14), as: supervisor, process: 100", "trim: all, process: 100",
        "trim: all, process: 200", "write-modified: all", "repurpose: all",
        "read: 0x7ffe0014, process: 100", "read: 0x7ffe0014, process: 200",
      ])
    var statuses: [String?] = []
    while let report = try run.step() {
      statuses.append(report.status.flatMap { $0.isSuccess ? nil : $0.name })
      #expect(run.violations == [], "\(report.title)")
    }
    let violation = "STATUS_ACCESS_VIOLATION"
    #expect(statuses == [violation, nil, violation] + [String?](repeating: nil, count: 8))
    let machine = run.machine
    var places = machine.addressSpaces.filter { $0.pid != 4 }.map {
      machine.walk(VirtualAddress(0x7ffe_0000), in: $0).result.translation?.address
    }
    places += machine.addressSpaces.map {
      machine.walk(VirtualAddress(setting.alias), in: $0).result.translation?.address
    }
    #expect(places.count == 5 && places[0] != nil && Set(places).count == 1, "\(places)")
  }

  /// What `fault` says before and after is what becomes of it.
  @Test(arguments: settings)
  func nobodyHasToTouchItForTheVerdictToBeKnown(setting: Setting) throws {
    let run = try Self.run(setting, ["trim: all", "read: 0x7ffe0000"])
    for access in [Access.Kind.read, .write, .execute] {
      let verdict = run.machine.access(VirtualAddress(0x7ffe_0000), Access(access, as: .user))
        .verdict?.windows
      let isRefused = access == .write || access == .execute && setting.mode != "x86"
      #expect(
        verdict?.status?.name
          == (isRefused ? "STATUS_ACCESS_VIOLATION" : "STATUS_PAGE_FAULT_TRANSITION"))
    }
    let foretold = run.machine.access(VirtualAddress(0x7ffe_0000), Access(.read, as: .user))
    try run.run()
    let fault = try #require(run.last?.faults.first)
    #expect(fault.handler == foretold.verdict?.handler)
    #expect(fault.state == foretold.verdict?.state)
  }

  @Test(arguments: settings)
  func itCostsNobodyAnythingAndStaysWhereProcessesEnd(setting: Setting) throws {
    let run = try Self.run(
      setting,
      [
        "read: 0x7ffe0000, process: 200", "exit: true, process: 200", "read: 0x7ffe0000",
        "reserve: 0x7ffe0000..0x7ffeffff", "protect: 0x7ffe0000..0x7ffe0fff, protection: READWRITE",
      ])
    var statuses: [String] = []
    var active: [Int] = []
    while let report = try run.step() {
      statuses.append(report.status?.name ?? "none")
      active.append(report.lists.first { $0.name == "active" }?.after ?? 0)
      #expect(run.violations == [])
    }
    let conflict = "STATUS_CONFLICTING_ADDRESSES"
    #expect(statuses == ["none", "STATUS_SUCCESS", "none", conflict, conflict])
    #expect(active[2] > active[1] && active[0] >= active[2])
  }

  /// Parts of the kernel that a scenario moves leave it its place.
  @Test func otherPartsDoNotBeginThere() throws {
    let setting = Self.settings[3]
    for windows in ["pfn-database-at: 0xfffff78000000000, ", "self-map: 0x1ef, "] {
      let error = #expect(throws: DiagnosticList.self) {
        _ = try Self.run(setting, windows: windows, ["read: 0x7ffe0000"])
      }
      #expect(error?.diagnostics.map(\.code) == [.overlap])
    }
  }
}
