import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import Report
import Testing

/// Entries as Linux reads them.
@Suite struct LinuxEntryReportTests {
  struct Case: Sendable {
    var version = LinuxVersion(6, 1)
    var mode = PagingMode.x86_64
    let value: UInt64
    var level = 1
  }

  /// An entry of each state; those of x86-64, i386 and arm64 are of Debian 12 guests.
  static let cases = [
    Case(value: 0x000f_ffff_fcfb_c960),
    Case(value: 0x000f_ffff_f8a0_09e0, level: 2),
    Case(value: 0x0fff_ffff_fffd_d40e),
    Case(value: 0xd7ff_ffff_ffc2_5200),
    Case(value: 0xf7ff_ffff_ffff_fc00),
    Case(value: 0xefff_ffff_ffdb_9600),
    Case(value: 0x8000_0000_0123_4225),
    Case(value: 0x8000_0000_0123_4867),
    Case(value: 0),
    Case(version: LinuxVersion(4, 14), value: 0x6_efb6_8200),
    Case(mode: .x86, value: 0x03dd_3160),
    Case(mode: .arm64, value: 0x04e0_0000_41e1_2f82),
    Case(version: LinuxVersion(6, 12), mode: .arm64, value: 0x1_bbed_a040),
  ]

  private static func report(_ entry: Case) throws -> LinuxEntryReport {
    let machine = Machine(
      memory: .flat(FlatMemory(try ByteMapping.zeroed(count: 0))),
      paging: PagingState(mode: entry.mode), addressSpaces: [], format: "none", size: 0)
    let kernel = try LinuxKernel(entry.version, LinuxEntryFormat(entry.mode))
    return LinuxEntryReport(
      entry.value, of: machine,
      LinuxEntryReport.Question(
        LinuxSystem(kernel, foundBy: "a test"), level: entry.level, levelSource: "a test"))
  }

  @Test func entriesForPeopleAreAsRecorded() throws {
    let text = try Fixture.written { out in
      for entry in Self.cases {
        try Self.report(entry).writeText(to: &out)
        out.endLine()
      }
    }
    try Fixture.expect(text, isRecordedAs: "pte-linux.txt")
  }

  @Test func entriesForScriptsAreAsRecorded() throws {
    let text = try Fixture.written { out in
      for entry in Self.cases { try Self.report(entry).writeJSON(to: &out) }
    }
    try Fixture.expect(text, isRecordedAs: "pte-linux.json")
  }
}
