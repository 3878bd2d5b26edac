import Foundation
import Machine
import Paging
import TestSupport
import Testing
import Workbench

/// Which of several systems is opened.
@Suite struct SystemChoiceTests {
  private static let path = Repository.file("Scenarios/windows/win-valid-cow.yaml").path

  @Test(
    arguments: [
      (nil, nil, PagingMode.x86, "windows-2600.6419-up"),
      (nil, .pae, .pae, "windows-2600.6419"), (nil, .x86_64, .x86_64, "windows-7601.17514"),
      ("windows-19041.508", nil, .x86_64, "windows-19041.508"),
      ("windows-19041.508", .pae, .pae, "windows-19041.508"),
      ("windows-19041.508/pae", nil, .pae, "windows-19041.508"),
      ("windows-7601.17514", nil, .pae, "windows-7601.17514"),
      // The scenario has no such system, but some in whose modes there is: the widest.
      ("windows-10-21h2", nil, .x86_64, nil), ("linux-6.1", nil, .x86_64, "linux-6.1"),
    ] as [(String?, PagingMode?, PagingMode, String?)])
  func theSystemIsThatOfTheUser(
    _ name: String?, _ mode: PagingMode?, _ expected: PagingMode, _ id: String?
  ) throws {
    var overrides = MachineOverrides()
    (overrides.system, overrides.mode) = (name, mode)
    let machine = try Workbench.open(Self.path, overrides: overrides)
    #expect(machine.paging.mode == expected)
    if let id { #expect(machine.system.id == id) }
    let note = try #require(machine.provenance.first { $0.subject == "systems" })
    #expect(note.value == "13")
  }

  @Test(
    arguments: [
      ("windows-19041.508", nil, true), ("windows-19041.508", .pae, false),
      ("windows-19041.508/pae", nil, false), (nil, nil, false),
    ] as [(String?, PagingMode?, Bool)])
  func anIdOfSeveralSystemsIsAWarning(
    _ name: String?, _ mode: PagingMode?, _ isExpected: Bool
  ) throws {
    var overrides = MachineOverrides()
    (overrides.system, overrides.mode) = (name, mode)
    let machine = try Workbench.open(Self.path, overrides: overrides)
    let warning = machine.warnings.first { $0.contains("--os takes another by its name") }
    #expect((warning != nil) == isExpected)
    #expect(warning?.contains("windows-19041.508/pae") ?? true)
  }
}
