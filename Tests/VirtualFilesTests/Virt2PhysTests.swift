import Machine
import Paging
import PhysicalMemory
import Testing
import VirtualFiles

/// The files about one address, against what MemProcFS 5.19 was seen to give on the raw image of the
/// same scenario (`-device FILE -dtb 0x1000`, process 1).
@Suite struct Virt2PhysTests {
  private static let folder = "pid/1/virt2phys"

  struct Seen: CustomTestStringConvertible, Sendable {
    var address: String
    var physical: String
    var map: String
    var testDescription: String { address }
  }

  private static let pml4 = "PML4 0000000000001000"
  private static let seen = [
    Seen(
      address: "0000000000400123", physical: "0000000000005123",
      map: """
        \(pml4) +000 0000000000002007
        PDPT 0000000000002000 +000 0000000000003007
        PD   0000000000003000 +010 0000000000004007
        PT   0000000000004000 +000 0000000000005007
        PAGE 0000000000005123

        """),
    Seen(
      address: "0000000000401000", physical: "0000000000000000",
      map: """
        \(pml4) +000 0000000000002007
        PDPT 0000000000002000 +000 0000000000003007
        PD   0000000000003000 +010 0000000000004007
        PT   0000000000004000 +008 0000000000000000
        PAGE 0000000000000000

        """),
    Seen(
      address: "0000000000600000", physical: "0000000000000000",
      map: """
        \(pml4) +000 0000000000002007
        PDPT 0000000000002000 +000 0000000000003007
        PD   0000000000003000 +018 0000000000000000
        PT   0000000000000000 +000 0000000000000000
        PAGE 0000000000000000

        """),
    Seen(
      address: "0000000040400000", physical: "0000000000000000",
      map: """
        \(pml4) +000 0000000000002007
        PDPT 0000000000002000 +008 0000000000000000
        PD   0000000000000000 +000 0000000000000000
        PT   0000000000000000 +000 0000000000000000
        PAGE 0000000000000000

        """),
    Seen(
      address: "0000008000400000", physical: "0000000000000000",
      map: """
        \(pml4) +008 0000000000000000
        PDPT 0000000000000000 +000 0000000000000000
        PD   0000000000000000 +000 0000000000000000
        PT   0000000000000000 +000 0000000000000000
        PAGE 0000000000000000

        """),
    Seen(
      address: "00007ffffffff123", physical: "0000000000006123",
      map: """
        \(pml4) +7f8 0000000000008007
        PDPT 0000000000008000 +ff8 0000000000009007
        PD   0000000000009000 +ff8 000000000000a007
        PT   000000000000a000 +ff8 8000000000006007
        PAGE 0000000000006123

        """),
    Seen(
      address: "fffffffffffff000", physical: "0000000001fff000",
      map: """
        \(pml4) +ff8 000000000000e007
        PDPT 000000000000e000 +ff8 000000000000f007
        PD   000000000000f000 +ff8 0000000000010007
        PT   0000000000010000 +ff8 8000000001fff003
        PAGE 0000000001fff000

        """),
  ]

  @Test(arguments: seen) func filesFollowTheAddress(seen: Seen) throws {
    let tree = try Fixture.tree("x86/x64-4k-basic")
    try tree.write(seen.address, to: "\(Self.folder)/virt.txt")
    #expect(try tree.text("\(Self.folder)/virt.txt") == seen.address)
    #expect(try tree.text("\(Self.folder)/phys.txt") == seen.physical)
    #expect(try tree.text("\(Self.folder)/map.txt") == seen.map)
    for name in ["pt_pml4", "pt_pdpt", "pt_pd", "pt_pt", "page"] {
      #expect(try tree.read("\(Self.folder)/\(name).mem").count == 4096)
    }
  }

  /// As MemProcFS 5.19 shows the image of the scenario: the walk of a user's process ends at the kernel's entry.
  @Test func walksOfUserProcessesOfWindowsEndAtTheKernels() throws {
    let machine = try Fixture.machine("windows/win-skeleton")
    let tree = FileTree(machine)
    for (pid, isUser) in [(1234, true), (4, false)] {
      let folder = "pid/\(pid)/virt2phys"
      try tree.write("fffff80311a00000", to: "\(folder)/virt.txt")
      let map = try tree.text("\(folder)/map.txt").split(separator: "\n").map { $0.dropFirst(5) }
      try #require(map.count == 5)
      #expect(!map[0].hasSuffix("0000000000000000"))
      #expect(map[1...].allSatisfy { $0.hasPrefix("0000000000000000") } == isUser)
      let isNowhere = try tree.text("\(folder)/phys.txt") == "0000000000000000"
      #expect(isNowhere == isUser)
      #expect(try tree.read("\(folder)/pt_pdpt.mem").allSatisfy { $0 == 0 } == isUser)
      #expect(try tree.read("\(folder)/page.mem").allSatisfy { $0 == 0 } == isUser)
    }
    // Without the folders too, by the root.
    let files = Virt2PhysFiles(machine, VirtualAddress(0xffff_f803_11a0_0000))
    #expect(machine.addressSpaces.first?.pid == 1234 && files.walk.result.translation == nil)
    #expect(files.walk.steps.count == 1)
  }

  /// Whose kernel half has more than System's, MemProcFS shows with it.
  @Test(arguments: [
    ("csrss.exe", false), ("lsass.exe", false), ("MemCompression", true), ("csrs.exe", true),
  ])
  func someProcessesOfWindowsKeepTheKernels(name: String, isUser: Bool) throws {
    var machine = try Fixture.machine("windows/win-skeleton")
    machine.addressSpaces[0].process = name
    let files = Virt2PhysFiles(machine, VirtualAddress(0xffff_f803_11a0_0000))
    #expect((files.walk.result.translation == nil) == isUser)
  }

  @Test func filesOfMemoryAreTheTablesAndThePage() throws {
    let tree = try Fixture.tree("x86/x64-4k-basic")
    try tree.write("0x400123\n", to: "\(Self.folder)/virt.txt")
    let table = try tree.read("\(Self.folder)/pt_pd.mem")
    #expect(Array(table[0x10..<0x18]) == [0x07, 0x40, 0, 0, 0, 0, 0, 0])
    #expect(table.count { $0 != 0 } == 2)
    let page = try tree.read("\(Self.folder)/page.mem")
    #expect(String(decoding: page[0x123..<0x13d], as: UTF8.self) == "The offset passes through.")
    // The walk of the next address ends before there is a page.
    try tree.write("0x600000", to: "\(Self.folder)/virt.txt")
    #expect(try tree.read("\(Self.folder)/page.mem").allSatisfy { $0 == 0 })
    #expect(try tree.read("\(Self.folder)/pt_pt.mem").allSatisfy { $0 == 0 })
  }

  /// Names and sizes by mode; those of x86, PAE and arm64 from MemProcFS's own listing of its files.
  @Test(arguments: [
    ("x86/x64-4k-basic", ["pt_pml4", "pt_pdpt", "pt_pd", "pt_pt"], 16, 198),
    ("x86/pae-4k-basic", ["pt_pdpt", "pt_pd", "pt_pt"], 8, 154),
    ("x86/x86-pse-4m", ["pt_pd", "pt_pt"], 8, 94),
    ("x86/la57-basic", ["pt_pml5", "pt_pml4", "pt_pdpt", "pt_pd", "pt_pt"], 16, 242),
    ("arm64/arm64-4k-basic", ["pt_lvl0", "pt_lvl1", "pt_lvl2", "pt_lvl3"], 16, 198),
  ])
  func filesAreThoseOfTheMode(
    scenario: String, tables: [String], digits: UInt64, map: UInt64
  ) throws {
    let tree = try Fixture.tree(scenario)
    let names = ["virt.txt", "phys.txt", "map.txt"] + tables.map { "\($0).mem" }
    #expect(try tree.names(in: Self.folder) == names + ["page.mem", "readme.txt"])
    #expect(try tree.attributes(of: "\(Self.folder)/virt.txt").size == digits)
    #expect(try tree.attributes(of: "\(Self.folder)/phys.txt").size == 16)
    #expect(try tree.attributes(of: "\(Self.folder)/map.txt").size == map)
    for name in tables {
      #expect(try tree.attributes(of: "\(Self.folder)/\(name).mem").size == 4096)
    }
  }

  @Test func tablesOfLargerGranulesAreWhole() throws {
    let tree = try Fixture.tree("arm64/arm64-64k-basic")
    let machine = tree.machine
    let page = try #require(machine.paging.map(machine))
    try tree.write(page.start.description, to: "\(Self.folder)/virt.txt")
    #expect(try tree.read("\(Self.folder)/pt_lvl3.mem").count == 65536)
  }

  @Test func missingMemoryIsNoZeros() throws {
    let machine = try Fixture.machine("dumps/x64-4l-pti")
    let tree = FileTree(machine)
    let folder = "pid/79/virt2phys"
    try tree.write("0x401000", to: "\(folder)/virt.txt")
    #expect(try tree.text("\(folder)/phys.txt") == "0000000101ce8000")
    #expect(throws: FileFailure.absent(PhysicalAddress(0x1_01ce_8000))) {
      try tree.read("\(folder)/page.mem")
    }
    #expect(try tree.read("\(folder)/pt_pt.mem").count == 4096)
  }
}

extension PagingState {
  /// The first stretch of a machine's pages.
  fileprivate func map(_ machine: Machine) -> MappingRun? {
    var sink = FirstRun()
    map(machine.memory, into: &sink)
    return sink.run
  }
}

private struct FirstRun: MapSink {
  var run: MappingRun?

  mutating func receive(_ piece: MapPiece) -> Bool {
    if case .run(let run) = piece { self.run = run }
    return false
  }
}
