import Foundation
import Machine
import Paging
import PhysicalMemory
import Report
import Testing
import WindowsMemory

/// Entries as Windows reads them.
@Suite struct WindowsEntryReportTests {
  struct Case: Sendable {
    let kernel: String
    let mode: PagingMode
    let value: UInt64
    var mask: UInt64 = 0
    var table = PTETable.process
    var level = 1
  }

  /// A form of each kind, over kernels of every kind.
  static let cases = [
    Case(kernel: "windows-19041.508", mode: .x86_64, value: 0x2000_0891_f860, mask: 1 << 45),
    Case(kernel: "windows-19041.508", mode: .x86_64, value: 0x1b_beda_0000_2090, mask: 1 << 45),
    Case(kernel: "windows-19041.508", mode: .x86_64, value: 0x2000_0000_0220, mask: 1 << 45),
    Case(kernel: "windows-19041.508", mode: .x86_64, value: 0xf8a0_0123_4568_0c00),
    Case(kernel: "windows-19041.508", mode: .x86_64, value: 0xffff_ffff_0000_0480),
    Case(kernel: "windows-19041.508", mode: .x86_64, value: 0xa00_0000_7efe_e821),
    Case(kernel: "windows-19041.508", mode: .x86_64, value: 0x8a00_0000_0200_11a1, level: 2),
    Case(kernel: "windows-19041.508", mode: .x86_64, value: 0x5_0002_00c0, level: 2),
    Case(kernel: "windows-17134.228", mode: .x86_64, value: 0x1234_0000_1084),
    Case(kernel: "windows-7", mode: .x86_64, value: 0x200),
    Case(kernel: "windows-7", mode: .pae, value: 0x300),
    Case(kernel: "windows-xp", mode: .x86, value: 0x10e_552a),
    Case(kernel: "windows-xp", mode: .x86, value: 0xfc07_8cca, table: .prototype),
    Case(kernel: "windows-7", mode: .x86, value: 0x8a12_3402, table: .prototype),
    Case(kernel: "windows-28000", mode: .x86_64, value: 0x1234_5400),
    Case(kernel: "windows-11-24h2", mode: .arm64, value: 0x1234_0000_0088),
    Case(kernel: "windows-11-24h2", mode: .x86_64, value: 0),
    Case(kernel: "windows-11-24h2", mode: .x86_64, value: 0x4292_0000_0000),
  ]

  private static func report(_ entry: Case) throws -> WindowsEntryReport {
    let machine = Machine(
      memory: .flat(FlatMemory(try ByteMapping.zeroed(count: 0))),
      paging: PagingState(mode: entry.mode), addressSpaces: [], format: "none", size: 0)
    let kernel = try WindowsKernel(named: entry.kernel, mode: entry.mode)
    return WindowsEntryReport(
      entry.value, of: machine,
      WindowsEntryReport.Question(
        kernel, mask: InvalidPTEMask(rawValue: entry.mask), table: entry.table,
        level: entry.level, sources: ("a test", "a test", "a test")))
  }

  private static func text(isColored: Bool) throws -> String {
    try Fixture.written(isColored: isColored) { out in
      for entry in cases {
        try report(entry).writeText(to: &out)
        out.endLine()
      }
    }
  }

  @Test func entriesForPeopleAreAsRecorded() throws {
    try Fixture.expect(Self.text(isColored: false), isRecordedAs: "pte-windows.txt")
  }

  /// Published output of `dt` on a page of Windows 10 1703 and on a large page of Windows XP.
  @Test func typesAreWrittenAsTheDebuggerDoes() throws {
    let modern = Case(kernel: "windows-15063.1659", mode: .x86_64, value: 0x8000_0000_013b_2963)
    let old = Case(kernel: "windows-3790.3959-up", mode: .pae, value: 0x40_01e3, level: 2)
    let text = try Fixture.written { out in
      try Self.report(modern).writeType(to: &out)
      try Self.report(old).writeType(to: &out)
    }
    #expect(
      text == """
        nt!_MMPTE_HARDWARE
           +0x000 Valid            : 0y1
           +0x000 Dirty1           : 0y1
           +0x000 Owner            : 0y0
           +0x000 WriteThrough     : 0y0
           +0x000 CacheDisable     : 0y0
           +0x000 Accessed         : 0y1
           +0x000 Dirty            : 0y1
           +0x000 LargePage        : 0y0
           +0x000 Global           : 0y1
           +0x000 CopyOnWrite      : 0y0
           +0x000 Unused           : 0y0
           +0x000 Write            : 0y1
           +0x000 PageFrameNumber  : 0y000000000000000000000001001110110010 (0x13b2)
           +0x000 ReservedForHardware : 0y0000
           +0x000 ReservedForSoftware : 0y0000
           +0x000 WsleAge          : 0y0000
           +0x000 WsleProtection   : 0y000
           +0x000 NoExecute        : 0y1
        nt!_MMPTE_HARDWARE
           +0x000 Valid            : 0y1
           +0x000 Write            : 0y1
           +0x000 Owner            : 0y0
           +0x000 WriteThrough     : 0y0
           +0x000 CacheDisable     : 0y0
           +0x000 Accessed         : 0y1
           +0x000 Dirty            : 0y1
           +0x000 LargePage        : 0y1
           +0x000 Global           : 0y1
           +0x000 CopyOnWrite      : 0y0
           +0x000 Prototype        : 0y0
           +0x000 reserved0        : 0y0
           +0x000 PageFrameNumber  : 0y00000000000000010000000000 (0x400)
           +0x000 reserved1        : 0y00000000000000000000000000 (0)

        """)
  }

  /// A published session has the union of a valid entry of Windows 7 with PAE, another that of Windows 10.
  @Test func theUnionOfAllFormsIsListed() throws {
    let old = Case(kernel: "windows-7", mode: .pae, value: 0x8000_0000_69fc_8867)
    let modern = Case(kernel: "windows-19041.508", mode: .x86_64, value: 0x2d_a963)
    let text = try Fixture.written { out in
      try Self.report(old).writeUnion(to: &out)
      try Self.report(modern).writeUnion(to: &out)
    }
    #expect(
      text == """
        nt!_MMPTE
           +0x000 u                : <unnamed-tag>
              +0x000 Long             : 0x80000000`69fc8867
              +0x000 VolatileLong     : 0x80000000`69fc8867
              +0x000 HighLow          : _MMPTE_HIGHLOW
              +0x000 Flush            : _HARDWARE_PTE
              +0x000 Hard             : _MMPTE_HARDWARE
              +0x000 Proto            : _MMPTE_PROTOTYPE
              +0x000 Soft             : _MMPTE_SOFTWARE
              +0x000 TimeStamp        : _MMPTE_TIMESTAMP
              +0x000 Trans            : _MMPTE_TRANSITION
              +0x000 Subsect          : _MMPTE_SUBSECTION
              +0x000 List             : _MMPTE_LIST
        nt!_MMPTE
           +0x000 u                : <unnamed-tag>
              +0x000 Long             : 0x2da963
              +0x000 VolatileLong     : 0x2da963
              +0x000 Hard             : _MMPTE_HARDWARE
              +0x000 Proto            : _MMPTE_PROTOTYPE
              +0x000 Soft             : _MMPTE_SOFTWARE
              +0x000 TimeStamp        : _MMPTE_TIMESTAMP
              +0x000 Trans            : _MMPTE_TRANSITION
              +0x000 Subsect          : _MMPTE_SUBSECTION
              +0x000 List             : _MMPTE_LIST

        """)
  }

  @Test func coloursChangeNothingElse() throws {
    let colored = try Self.text(isColored: true)
    #expect(colored.replacing(/\u{1b}\[[0-9]+m/, with: "") == (try Self.text(isColored: false)))
  }

  private static func object(_ entry: Case) throws -> [String: Any] {
    let report = try report(entry)
    let line = Fixture.written { report.writeJSON(to: &$0) }
    return try #require(
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }

  @Test(arguments: cases.indices)
  func fieldsMakeUpTheValue(index: Int) throws {
    let entry = Self.cases[index]
    let object = try Self.object(entry)
    var sum: UInt64 = 0
    for field in try #require(object["fields"] as? [[String: Any]]) {
      let low = try #require(field["low"] as? Int)
      let text = try #require(field["value"] as? String)
      sum |= try #require(UInt64(text.dropFirst(2), radix: 16)) << UInt64(low)
      #expect((field["meaning"] as? String)?.isEmpty == false)
    }
    #expect(sum == entry.value)
  }

  @Test func anObjectHasTheKeysThatApply() throws {
    let swapped = try Self.object(Self.cases[1])
    #expect(swapped["state"] as? String == "page-file")
    #expect(swapped["page_file"] as? Int == 2)
    #expect(swapped["page_file_offset"] as? String == "0x1bbeda")
    #expect(swapped["protection"] as? Int == 4)
    #expect(swapped["modifier"] as? String == "none")
    #expect(swapped["pfn"] == nil && swapped["without_mask"] == nil)
    let moving = try Self.object(Self.cases[0])
    #expect(moving["pfn"] as? String == "0x891f")
    #expect(moving["without_mask"] as? String == "0x891f860")
    let shared = try Self.object(Self.cases[3])
    #expect(shared["prototype_address"] as? String == "0xfffff8a001234568")
    let large = try Self.object(Self.cases[6])
    #expect(large["state"] as? String == "large")
    #expect(large["pa"] as? String == "0x2000000")
    #expect(large["protection"] == nil)
    let guarded = try Self.object(Self.cases[2])
    #expect(guarded["modifier"] as? String == "guard")
    #expect(guarded["protection_name"] as? String == "PAGE_READONLY")
    let uncertain = try Self.object(Self.cases[8])
    #expect((uncertain["notes"] as? [String])?.count == 1)
  }
}
