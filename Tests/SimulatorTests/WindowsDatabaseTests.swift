import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Simulator
import Testing
import WindowsMemory
import Workbench

/// The PFN database of a timeline: it has entries of the frames that were used, and costs nothing for others.
@Suite struct WindowsDatabaseTests {
  /// A machine in each mode.
  struct Setting: CustomTestStringConvertible {
    var mode: String
    var os: String
    var windows = ""

    var testDescription: String { "\(mode) \(windows)" }
  }

  private static let x64 = Setting(mode: "x86-64", os: "windows-19041.508")
  private static let settings = [
    x64,
    Setting(
      mode: "x86-64", os: "windows-19041.508",
      windows: "self-map: 0x1a0, pfn-database-at: 0xfffff40000000000, "),
    Setting(mode: "pae", os: "windows-7601.17514"),
    Setting(mode: "pae", os: "windows-7601.17514", windows: "pfn-database-at: 0x84000000, "),
    Setting(mode: "x86", os: "windows-2600.6419"),
  ]

  private static func run(
    _ setting: Setting, memory: String, _ steps: [String]
  ) throws -> TimelineRun {
    let text =
      """
      mmubench: 1
      scenario: database
      title: A PFN database
      source: the test
      machine: { mode: \(setting.mode), memory: \(memory), os: \(setting.os) }
      windows: { \(setting.windows)page-files: [{ number: 0, size: 16 MiB }] }
      processes: [{ name: a.exe, pid: 100 }, { name: b.exe, pid: 200 }]
      timeline:

      """ + steps.map { "  - { \($0) }\n" }.joined()
    return try #require(
      try TimelineRun(ScenarioParser.read(text: text, path: "database.yaml")))
  }

  private static let reserve = "reserve: 0x200000..0x20ffff, commit: true"

  /// The frames of which the host keeps something.
  private static func touched(_ machine: Machine) -> Set<UInt64> {
    Set(machine.memory.dataFrames.joined())
  }

  private static func database(_ machine: Machine) throws -> PFNDatabase {
    try #require(machine.classifier(in: machine.addressSpaces.first)?.pfnDatabase)
  }

  // MARK: - Memory of the host

  @Test func touchedFramesGrowWithWhatIsUsedAndNotWithWhatIsInstalled() throws {
    let counts = try ["1 GiB", "16 GiB", "64 GiB"].map { memory in
      let run = try Self.run(Self.x64, memory: memory, [Self.reserve, "write: 0x200000..0x20ffff"])
      try run.run()
      return Self.touched(run.machine).count
    }
    // More installed memory has its last frames in other page tables of the database, and no more.
    #expect(counts.allSatisfy { abs($0 - counts[0]) <= 4 }, "\(counts)")
    #expect(counts.allSatisfy { $0 < 64 }, "\(counts)")
  }

  @Test func aHoleInMemoryHasNoFramesInTheDatabase() throws {
    // The entries of the hole would take 750 MiB.
    let run = try Self.run(
      Self.x64, memory: "[0..0x1ffffff, 0xf_fe00_0000..0xf_ffff_ffff]",
      [Self.reserve, "write: 0x200000..0x20ffff"])
    try run.run()
    #expect(run.violations == [])
    let database = try Self.database(run.machine)
    #expect(throws: KernelReadFailure.self) { try database.entry(of: 0x10_0000) }
    #expect(try database.entry(of: 0xff_ffff).location == .active)
  }

  // MARK: - What it says

  @Test(arguments: settings)
  func whatWasUsedHasAnEntryAndWhatWasNotIsSaidToHaveNone(setting: Setting) throws {
    let run = try Self.run(
      setting, memory: "1 GiB", [Self.reserve, "write: 0x200000, frames: [0x20000000]"])
    try run.run()
    #expect(run.violations == [])
    let machine = run.machine
    let database = try Self.database(machine)
    let touched = Self.touched(machine)
    for frame in touched { #expect(throws: Never.self) { try database.entry(of: frame) } }
    #expect(try database.entry(of: 0x20000).location == .active)
    #expect(!touched.contains(0x11000))
    let failure = #expect(throws: KernelReadFailure.self) { try database.entry(of: 0x11000) }
    #expect(failure?.reason == .notInDatabase)
    #expect("\(try #require(failure))".contains("was never used"))
  }

  @Test(arguments: settings)
  func everyProcessSeesAPageThatWasMappedLater(setting: Setting) throws {
    let run = try Self.run(
      setting, memory: "1 GiB",
      [
        Self.reserve, "write: 0x200000, frames: [0x20000000]", "create-process: c.exe, pid: 300",
        Self.reserve + ", process: 300", "write: 0x200000, frames: [0x28000000], process: 300",
      ])
    try run.run()
    #expect(run.violations == [])
    let machine = run.machine
    #expect(machine.addressSpaces.count == 4)
    for frame in [0x20000, 0x28000] as [UInt64] {
      let address = try Self.database(machine).entry(of: frame).address
      let places = machine.addressSpaces.map {
        machine.walk(address, in: $0).result.translation?.address
      }
      #expect(places[0] != nil && Set(places).count == 1, "\(places)")
    }
  }

  @Test(arguments: settings)
  func aMachineWhoseFramesWereAllUsedHasTheWholeDatabase(setting: Setting) throws {
    let run = try Self.run(
      setting, memory: "2 MiB",
      ["reserve: 0x200000..0x5fffff, commit: true", "write: 0x200000..0x5fffff"])
    try run.run()
    #expect(run.violations == [])
    #expect(run.last?.lists.first { $0.name == "zeroed" }?.after == 0)
    let database = try Self.database(run.machine)
    for frame in 1..<512 as Range<UInt64> {
      #expect(try database.entry(of: frame).location != .zeroed, "frame \(frame)")
    }
  }

  /// Geoff Chappell, MMPFNLIST: the terminator varies with the version.
  @Test(
    arguments: [
      ("x86", "windows-2600.6419", 0xffff_ffff), ("pae", "windows-7601.17514", 0xffff_ffff),
      ("x86-64", "windows-7601.17514", UInt64.max), ("pae", "windows-9200.16384", 0x1ff_ffff),
      ("pae", "windows-9600.17031", 0xff_ffff), ("x86-64", "windows-9600.17031", 0xf_ffff_ffff),
      ("x86-64", "windows-19041.508", 0xf_ffff_ffff),
    ] as [(String, String, UInt64)])
  func aListEndsWithTheTerminatorOfItsVersion(mode: String, os: String, end: UInt64) throws {
    let run = try Self.run(
      Setting(mode: mode, os: os), memory: "8 MiB",
      [
        Self.reserve, "write: 0x201000", "write: 0x200000, frames: [0x100000]",
        "trim: 0x200000..0x200fff",
      ])
    try run.run()
    #expect(run.violations == [])
    let entry = try Self.database(run.machine).entry(of: 0x100)
    #expect(entry.location == .modified)
    #expect([entry.forwardLink, entry.backwardLink] == [end, end])
  }

  /// `_MI_PFN_CACHE_ATTRIBUTE` in the entry of a frame follows PAGE_NOCACHE and PAGE_WRITECOMBINE.
  @Test(arguments: [
    ("NOCACHE", PFNEntry.CacheAttribute.nonCached), ("WRITECOMBINE", .writeCombined),
  ])
  func aFrameIsCachedAsItsProtectionSays(
    modifier: String, expected: PFNEntry.CacheAttribute
  ) throws {
    let range = "0x200000..0x200fff"
    let run = try Self.run(
      Setting(mode: "x86-64", os: "windows-19041.508"), memory: "8 MiB",
      [
        "reserve: \(range), commit: true, protection: [READWRITE, \(modifier)]",
        "write: 0x200000", "protect: \(range), protection: READWRITE",
      ])
    try run.run(through: 2)
    let walk = run.machine.walk(VirtualAddress(0x200000), in: run.machine.addressSpaces.first)
    let frame = try #require(walk.result.translation).address.rawValue / frameSize
    #expect(try Self.database(run.machine).entry(of: frame).cacheAttribute == expected)
    try run.run()
    #expect(run.violations == [])
    #expect(try Self.database(run.machine).entry(of: frame).cacheAttribute == .cached)
  }

  // MARK: - Reports

  @Test(arguments: settings)
  func aPageOfTheDatabaseIsNoChangeOfTheStepThatNeedsIt(setting: Setting) throws {
    let steps = [Self.reserve, "write: 0x200000", "write: 0x201000, frames: [0x20000000]"]
    let run = try Self.run(setting, memory: "1 GiB", steps)
    try run.run(through: 2)
    let before = Self.touched(run.machine)
    let report = try #require(try run.step())
    #expect(report.frames.map(\.number).contains(0x20000))
    // The frame, and the table with its entry.
    #expect(report.frames.count == 2)
    #expect(report.entries.map(\.address.rawValue) == [0x20_1000])
    // The frame, and what the database needs for it: a page and perhaps a page table.
    let new = Self.touched(run.machine).subtracting(before)
    #expect(new.contains(0x20000) && (2...4).contains(new.count), "\(new)")
    let counts = Dictionary(
      uniqueKeysWithValues: report.lists.map { ($0.name, $0.after - $0.before) })
    #expect(counts["active"] == 1 && counts["zeroed"] == -1, "\(counts)")
  }

  /// On x86 the page tables of the database have entries in the page directory of each process.
  @Test func thePageTablesOfTheDatabaseAreNoChangeOfTheProcessEither() throws {
    let steps = [
      "reserve: 0x200000..0xafffff, commit: true", "write: 0x200000",
      "write: 0x800000, frames: [0x30000000]",
    ]
    let run = try Self.run(Self.settings[4], memory: "2 GiB", steps)
    try run.run()
    #expect(run.violations == [])
    let directory = try #require(run.last?.frames.first { $0.before?.use == .table })
    #expect(directory.after.shareCount - (directory.before?.shareCount ?? 0) == 1)
  }
}
