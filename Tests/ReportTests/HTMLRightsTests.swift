import Foundation
import Machine
import Paging
import PhysicalMemory
import Report
import TestSupport
import Testing
import Workbench

/// What the drawings of a page say of rights.
@Suite struct HTMLRightsTests {
  private static let scenarios = Repository.file("Scenarios")

  /// The cells of a row of the table of rights.
  private static func row(_ name: String, of page: String) throws -> [String] {
    let row = try #require(page.components(separatedBy: "</code> \(name)</th>").dropFirst().first)
    let cells = row.prefix(upTo: row.range(of: "</tr>")?.lowerBound ?? row.endIndex)
    return cells.matches(of: #/<td class="[a-z]+">([^<]*)</#).map { String($0.1) }
  }

  /// The page of init that Linux maps with PXNTable=1 and UXN=0 (ARM ARM D8.4.2): what EL0 executes
  /// and EL1 does not are two rights.
  @Test func executionByEL0AndByEL1AreTwoRights() throws {
    var overrides = MachineOverrides()
    overrides.pid = 79
    let machine = try Workbench.open(
      Self.scenarios.appending(path: "dumps/arm64-faults.yaml").path, overrides: overrides)
    var report = HTMLReport(machine, title: "a page")
    report.questions = [
      MachineQuestion(VirtualAddress(0x40_0000), Access(.execute, as: .supervisor))
    ]
    let page = Fixture.written { report.write(to: &$0) }
    #expect(page.contains("refused: EL1 needs PXN=0"))
    #expect(try Self.row("execution by EL0", of: page) == Array(repeating: "yes", count: 6))
    #expect(
      try Self.row("execution by EL1", of: page) == ["yes", "taken away", "no", "no", "no", "no"])
    #expect(page.contains("class=\"right lost\">x1</text>"))
    #expect(!page.contains("class=\"right lost\">x0</text>"))
  }

  /// EL1 does not execute what EL0 may write, and WXN=1 lets nobody execute what may be written (ARM
  /// ARM D8.4.2): no descriptor takes these rights away, the page has them not.
  @Test(arguments: [
    (0, "EL1 does not execute what EL0 may write", "yes", "taken away"),
    (1, "SCTLR_EL1.WXN=1: what may be written is not executed", "taken away", "taken away"),
  ])
  func rulesOfTheArchitectureTakeRightsFromThePage(
    wxn: Int, remark: String, byEL0: String, byEL1: String
  ) throws {
    let text = """
      mmubench: 1
      scenario: writable
      title: A page that EL0 may write, with PXN=0
      source: ARM ARM D8.4.2
      expect: [{ walk: 0x0 }]
      machine: { mode: arm64, memory: 16 MiB, registers: { sctlr: { WXN: \(wxn) } } }
      map: [{ va: 0x0, to: 0x5000, fields: { PXN: 0 } }]
      """
    let machine = try withFile("writable.yaml", holding: text) { try Workbench.open($0) }
    var report = HTMLReport(machine, title: "a page")
    report.questions = [MachineQuestion(VirtualAddress(0))]
    let page = Fixture.written { report.write(to: &$0) }
    #expect(page.contains("after each entry; \(remark)</caption>") == !remark.isEmpty)
    #expect(try Self.row("execution by EL0", of: page).last == byEL0)
    #expect(try Self.row("execution by EL1", of: page).suffix(2) == ["yes", byEL1])
  }

  /// The letters below the tables are explained where they stand.
  @Test func lettersOfRightsAreExplained() throws {
    let machine = try Fixture.machine("x86-64")
    let address = try #require(HTMLReport.example(of: machine))
    var report = HTMLReport(machine, title: "a page")
    report.questions = [MachineQuestion(address)]
    let page = Fixture.written { report.write(to: &$0) }
    #expect(page.contains(">w write  u user mode  x execute</text>"))
    #expect(page.contains("<code>u</code> use by user mode</th>"))
  }
}
