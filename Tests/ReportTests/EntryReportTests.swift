import Foundation
import Machine
import Paging
import PhysicalMemory
import Report
import Testing

/// Entries without a table around them.
@Suite struct EntryReportTests {
  /// Entries of every layout, some of them with reserved bits set.
  static let entries: [(mode: PagingMode, level: String, value: UInt64)] = [
    (.la57, "PML5E", 0x2027), (.x86_64, "PML4E", 0x8000_0000_0000_2087),
    (.x86_64, "PDPTE", 0x40_0000_0083), (.x86_64, "PDPTE", 0x2_8000_0083),
    (.x86_64, "PDPTE", 0x3027), (.x86_64, "PDE", 0x8000_0000_0060_1087),
    (.x86_64, "PDE", 0x4065), (.x86_64, "PTE", 0x2801_0000_0001_0167),
    (.x86_64, "PTE", 0x1_7006), (.x86_64, "PTE", 0), (.pae, "PDPTE", 0x4023),
    (.pae, "PDE", 0x8000_0000_0040_00e7), (.pae, "PTE", 0x8010_0020_0001_1007),
    (.x86, "PDE", 0x60_0087), (.x86, "PDE", 0x80_2083), (.x86, "PTE", 0x1_0005),
  ]

  private static func machine(
    _ mode: PagingMode, _ change: (inout PagingState) -> Void = { _ in }
  ) throws -> Machine {
    var state = PagingState(mode: mode)
    state.physicalBits = 40
    change(&state)
    return Machine(
      memory: .flat(FlatMemory(try ByteMapping.zeroed(count: 0))), paging: state,
      addressSpaces: [], format: "none", size: 0)
  }

  private static func text(isColored: Bool) throws -> String {
    try Fixture.written(isColored: isColored) { out in
      for entry in entries {
        let level = try #require(entry.mode.level(named: entry.level))
        let report = EntryReport(entry.value, of: try machine(entry.mode))
        report.writeText(level: level, to: &out)
      }
    }
  }

  @Test func entriesForPeopleAreAsRecorded() throws {
    try Fixture.expect(Self.text(isColored: false), isRecordedAs: "pte.txt")
  }

  @Test func coloursChangeNothingElse() throws {
    let colored = try Self.text(isColored: true)
    #expect(colored.replacing(/\u{1b}\[[0-9]+m/, with: "") == (try Self.text(isColored: false)))
  }

  @Test(arguments: PagingMode.allCases)
  func readingsAreAsRecorded(mode: PagingMode) throws {
    let values: [UInt64] = [0, 0x60_1087, 0x60_0083, 0x1_7006, 0x2_0007]
    let text = try Fixture.written { out in
      for value in values {
        EntryReport(value, of: try Self.machine(mode)).writeReadings(to: &out)
      }
    }
    try Fixture.expect(text, isRecordedAs: "pte-readings-\(mode.rawValue).txt")
  }

  @Test func theHeaderSaysWhatTheReadingDependsOn() throws {
    let machine = try Self.machine(.x86_64) { $0.efer = 0x500 }
    let text = Fixture.written { EntryReport(1, of: machine).writeHeader(to: &$0) }
    #expect(text.contains("EFER        0x500 LMA LME"))
    #expect(text.contains("MAXPHYADDR  40"))
  }

  private func object(_ value: UInt64, _ mode: PagingMode, level: Int) throws -> [String: Any] {
    let report = EntryReport(value, of: try Self.machine(mode))
    let line = Fixture.written { report.writeJSON(level: level, to: &$0) }
    return try #require(
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }

  @Test func anObjectBeginsWithWhatTheEntryIs() throws {
    let report = EntryReport(0x8000_0000_0060_1087, of: try Self.machine(.x86_64))
    let line = Fixture.written { report.writeJSON(level: 2, to: &$0) }
    #expect(
      line.hasPrefix(
        #"{"value":"0x8000000000601087","mode":"x86-64","level":"PDE","state":"page","#
          + #""pfn":"0x600","pa":"0x600000","page_size":2097152,"write":true,"user":true,"#
          + #""execute":false,"layout":"PDE that maps a 2-MByte page","#
          + #""fields":[{"name":"XD","low":63,"high":63,"value":"0x1","meaning":""#))
  }

  @Test(arguments: [
    (0x2027, PagingMode.x86_64, 2, "table"), (0x2026, .x86_64, 2, "not-present"),
    (0x2087, .x86_64, 4, "reserved-bits"), (0x2007, .x86, 1, "page"),
  ])
  func theStateIsSaid(value: UInt64, mode: PagingMode, level: Int, state: String) throws {
    let object = try object(value, mode, level: level)
    #expect(object["state"] as? String == state)
    #expect((object["pfn"] as? String) == (["table", "page"].contains(state) ? "0x2" : nil))
    #expect((object["reserved"] as? String) == (state == "reserved-bits" ? "0x80" : nil))
  }

  @Test(arguments: PagingMode.allCases)
  func fieldsMakeUpTheValue(mode: PagingMode) throws {
    let value: UInt64 = mode == .x86 ? 0xfedc_ba98 : 0xfedc_ba98_7654_3210
    let report = EntryReport(value, of: try Self.machine(mode))
    for level in report.levels {
      var sum: UInt64 = 0
      var bits = 0
      for field in try #require(
        try object(value, mode, level: level)["fields"] as? [[String: Any]])
      {
        let (low, high) = (try #require(field["low"] as? Int), try #require(field["high"] as? Int))
        let text = try #require(field["value"] as? String)
        sum |= try #require(UInt64(text.dropFirst(2), radix: 16)) << UInt64(low)
        bits += high - low + 1
        #expect((field["meaning"] as? String)?.isEmpty == false)
      }
      #expect(sum == value)
      #expect(bits == (mode == .x86 ? 32 : 64))
    }
  }
}
