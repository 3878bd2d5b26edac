import Foundation
import Machine
import PhysicalMemory
import Report
import TestSupport
import Testing
import Workbench

/// Walks as other programs write them, against what those programs were seen to write.
@Suite struct StyleTests {
  private static let scenarios = Repository.file("Scenarios")

  static func walk(_ name: String, _ address: UInt64, _ style: WalkStyle) throws -> String {
    let machine = try Workbench.open(scenarios.appending(path: "\(name).yaml").path)
    return text(machine, address, style)
  }

  private static func text(_ machine: Machine, _ address: UInt64, _ style: WalkStyle) -> String {
    Fixture.written { out in
      let isWritten = style.write(
        machine.walk(VirtualAddress(address)), of: machine, to: &out)
      #expect(isWritten == (style != .plain))
    }
  }

  /// From the documentation of Rekall's pas2vas plugin.
  @Test(arguments: ["rekall-vtop-766c0000", "rekall-pas2vas-1a58f000"])
  func rekallsSessionIsReproduced(scenario: String) throws {
    #expect(
      try Self.walk("dumps/\(scenario)", 0x766c_0000, .rekall) == """
        Virtual 0x766c0000 Page Directory 0x271ec000
        pml4e@ 0x271ec000 = 0x70000008844867
        pdpte@ 0x8844008 = 0x80000007845867
        pde@ 0x7845d98 = 0x7b55847
        pte@ 0x7b55600 = 0x1a58f005
        PTE mapped@ 0x7b55600 = 0x1a58f000
        Physical Address 0x1a58f000

        """)
  }

  /// From the documentation of Rekall's ptov plugin, but for the line of the large page: it
  /// says 0x2ae35810 there, and 0x2ac35810 in the line after it.
  @Test func rekallsLargePageHasOneAddress() throws {
    #expect(
      try Self.walk("dumps/rekall-vtop-large-page", 0xffff_fa80_0263_5810, .rekall) == """
        Virtual 0xfa8002635810 Page Directory 0x271ec000
        pml4e@ 0x271ecfa8 = 0x4000863
        pdpte@ 0x4000000 = 0x4001863
        pde@ 0x4001098 = 0x2ac009e3
        Large page mapped 0x2ac35810
        Physical Address 0x2ac35810

        """)
  }

  /// The numbers of bytes are those that MemProcFS 5.19 gives the file.
  @Test(arguments: [("x86-64", 198), ("pae", 154), ("x86", 94)])
  func mapFilesHaveTheirSize(name: String, size: Int) throws {
    let machine = try Fixture.machine(name)
    for address: UInt64 in [0x40_0123, 0x60_0000, 0x80_0000, 0, 0xc000_0000, 0xffff_f000] {
      #expect(Self.text(machine, address, .memprocfs).utf8.count == size)
    }
  }

  @Test func mapFilesSayTableOffsetAndEntry() throws {
    #expect(
      try Self.walk("dumps/rekall-vtop-766c0000", 0x766c_0123, .memprocfs) == """
        PML4 00000000271ec000 +000 0070000008844867
        PDPT 0000000008844000 +008 0080000007845867
        PD   0000000007845000 +d98 0000000007b55847
        PT   0000000007b55000 +600 000000001a58f005
        PAGE 000000001a58f123

        """)
  }

  /// The address and the page are those of MemProcFS's wiki.
  @Test func theAddressOfTheWikiIsWhereItSays() throws {
    #expect(
      try Self.walk("dumps/memprocfs-virt2phys-explorer", 0x7ff7_5fc5_0000, .memprocfs) == """
        PML4 00000000001aa000 +7f8 0a00000020001867
        PDPT 0000000020001000 +ee8 0a00000020002867
        PD   0000000020002000 +7f0 0a00000020003867
        PT   0000000020003000 +280 81000001a6c96025
        PAGE 00000001a6c96000

        """)
  }

  @Test func mapFilesDoNotTakeTheUnknownForZero() throws {
    #expect(
      try Self.walk("dumps/rekall-vtop-766c0000", 0x8000_0000, .memprocfs) == """
        PML4 00000000271ec000 +000 0070000008844867
        PDPT 0000000008844000 +010 ????????????????
        PD   0000000000000000 +000 0000000000000000
        PT   0000000000000000 +000 0000000000000000
        PAGE 0000000000000000

        """)
  }

  /// The lines stand in the reports that the scenarios name.
  @Test func oopsesAreReproduced() throws {
    #expect(
      try Self.walk("linux/oops-pagealloc-inverted-pte", 0xffff_8a08_a90a_b128, .linux)
        == "PGD 290e01067 P4D 290e01067 PUD 46da41067 PMD 46d8f8067 PTE 800ffffed6f54060\n")
    #expect(
      try Self.walk("linux/oops-pae-kmap-read-only", 0xfffb_a000, .linux)
        == "*pdpt = 0000000001a96001 *pde = 0000000001a9d067 *pte = 8000000001a9b161 \n")
  }

  @Test(arguments: WalkStyle.allCases.filter { $0 != .plain })
  func everyModeHasEveryStyle(style: WalkStyle) throws {
    let text = try WalkGoldenTests.questions.map { machine, addresses in
      let machine = try Fixture.machine(machine)
      return addresses.map { "# \($0.hex)\n" + Self.text(machine, $0, style) }.joined()
    }
    try Fixture.expect(text.joined(), isRecordedAs: "walk-style-\(style.rawValue).txt")
  }
}
