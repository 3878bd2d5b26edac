import Foundation
import ScenarioFile
import Testing

/// What a scenario says of Windows: `windows`, `ptes`, `vads`, and several systems in one file.
@Suite struct WindowsScenarioTests {
  private static func everything() throws -> Scenario {
    try ScenarioParser.parse(path: Fixture.folder.appendingPathComponent("everything.yaml").path)
  }

  private static func layout(of scenario: Scenario) throws -> Scenario.Layout {
    guard case .processes(let processes) = scenario.spaces else { throw NoProcesses() }
    return try #require(processes.first).layout
  }

  private struct NoProcesses: Error {}

  @Test func statementsAboutTheKernelArrive() throws {
    let windows = try #require(try Self.everything().windows)
    #expect(windows.invalidMask?.value == 0x2000_0000_0000)
    #expect(windows.selfMapSlot?.value == 0x1ed)
    #expect(windows.pfnDatabase?.value == true)
    #expect(windows.kvaShadow?.value == true)
    #expect(windows.skeleton?.build?.value == 19045)
    #expect(windows.pageFiles.map(\.number.value) == [0, 2])
    #expect(windows.pageFiles.map(\.size?.value) == [64 << 20, nil])
    #expect(windows.pageFiles.map(\.isStore) == [false, true])
    let section = try #require(windows.sections.first)
    #expect(section.name.value == "data" && section.kind.value == .pageFile)
    #expect(section.subsections.map(\.pages.value) == [4, 8])
    #expect(section.subsections.map(\.hasArray) == [true, false])
    #expect(section.pageCount == 12)
    let first = try #require(section.subsections.first)
    #expect(first.unused?.value == 1)
    #expect(first.startingSector?.value == 8 && first.fullSectors?.value == 32)
    #expect(first.protection?.value == .words(.readWrite, modifier: nil))
    #expect(first.ptes.map(\.pages.value) == [0...0, 1...2])
    #expect(first.ptes.map(\.statement.state.value) == [.transition, .subsection])
    #expect(first.ptes[1].statement.address?.value == 0xffff_8000_0000_1000)
  }

  @Test func entriesAndDescriptorsArrive() throws {
    let layout = try Self.layout(of: Self.everything())
    #expect(
      layout.ptes.map(\.statement.state.value) == [
        .demandZero, .pageFile, .transition, .prototype, .prototype, .prototypeVad, .valid,
      ])
    #expect(layout.ptes[0].va.value == .range(0x1f_0000...0x1f_3fff))
    #expect(layout.ptes[0].statement.fields.map(\.name.value) == ["InStore"])
    #expect(layout.ptes[1].level?.value == "PTE")
    #expect(layout.ptes[1].statement.pageFile?.value == 0)
    #expect(layout.ptes[1].statement.offset?.value == 0x1234)
    #expect(layout.ptes[2].statement.to?.value == .frame(0x5000))
    #expect(layout.ptes[3].statement.section?.value == "data")
    #expect(layout.ptes[3].statement.page?.value == 1)
    #expect(layout.ptes[4].statement.address?.value == 0xffff_8000_0000_1000)
    #expect(
      layout.ptes.map(\.statement.protection?.value) == [
        .words(.readWrite, modifier: nil), .words(.readWrite, modifier: nil),
        .words(.readOnly, modifier: .guard), nil, .number(4), .number(0x1f),
        .words(.executeRead, modifier: .noCache),
      ])
    #expect(layout.ptes[6].statement.isAccessed?.value == false)
    #expect(layout.ptes[6].statement.isDirty?.value == true)
    #expect(layout.vads.map(\.va.value) == [0x1f_0000...0x1f_ffff, 0x30_0000...0x30_3fff])
    #expect(layout.vads.map(\.kind.value) == [.private, .mapped])
    #expect(layout.vads[0].isCommitted?.value == true)
    #expect(layout.vads[1].section?.value == "data" && layout.vads[1].page?.value == 2)
  }

  @Test func expectationsAboutTheKernelArrive() throws {
    let scenario = try Self.everything()
    let item = try #require(scenario.expectations.first { $0.root != nil })
    guard case .fault(let fault) = item.verb, let os = fault.system else {
      Issue.record("\(item)")
      return
    }
    #expect(item.root?.value == .user)
    #expect(os.state?.value == .demandZero && os.modifier?.value == Scenario.Modifier.none)
    #expect(os.handler?.map(\.value) == ["MmAccessFault", "MiResolveDemandZeroFault"])
    #expect(os.cost?.value == .soft && os.status?.value == "STATUS_PAGE_FAULT_DEMAND_ZERO")
    #expect(os.bugCheck?.code.value == 0x50)
    #expect(os.bugCheck?.arguments.map { $0?.value } == [1, nil, 2])
    let pte = scenario.expectations.compactMap { item in
      if case .pte(let pte) = item.verb { pte } else { nil }
    }
    #expect(pte.map(\.entry.pageFileOffset?.value) == [0x1b_beda])
    #expect(pte.map(\.entry.prototypeAddress?.value) == [0xffff_8000_0000_1000])
    #expect(pte.map(\.destination?.pa?.value) == [0x5000])
    #expect(pte.map(\.destination?.missing?.value) == [0x2000])
  }

  @Test func eachSystemHasItsModeAndItsStatements() throws {
    let scenario = try Self.everything()
    let variants = scenario.variants
    #expect(variants.map(\.variant) == ["windows-7601.17514", "windows-2600.6419/pae"])
    #expect(variants.map(\.machine.os?.value) == ["windows-7601.17514", "windows-2600.6419"])
    #expect(variants.map(\.machine.mode?.value) == ["x86-64", "pae"])
    #expect(variants.allSatisfy { $0.machine.systems.isEmpty })
    let layouts = try variants.map { try Self.layout(of: $0) }
    // `on` names a system by its id, its mode, or both.
    #expect(layouts.map(\.map.count) == [7, 6])
    #expect(layouts.map(\.entries.count) == [2, 4])
    #expect(layouts.map(\.ptes.count) == [6, 7])
    #expect(variants.map(\.expectations.count) == [23, 26])
  }

  @Test func oneSystemIsNoMatrix() throws {
    let scenario = try Fixture.parse(
      Fixture.scenario(machine: "{ mode: x86-64, memory: 16 MiB, os: none }"))
    #expect(scenario.variants.count == 1)
    #expect(scenario.variants.first?.variant == nil)
    #expect(scenario.machine.os?.value == "none")
  }

  @Test func withoutASystemItIsForNone() {
    let text = Fixture.scenario(machine: "{ mode: x86-64, memory: 1 MiB }")
    let reading = ScenarioParser.read(text: text, path: "a.yaml", checkingName: false)
    #expect(reading.variant(named: "none") != nil)
    #expect(reading.variant(named: "linux-6.1") == nil)
  }

  @Test func anIdOrAModeMayBeOfSeveralSystems() {
    let systems =
      "[{ id: other, mode: x86 }, { id: none, mode: x86 }, { id: none, mode: pae }, other]"
    let text = Fixture.scenario(machine: "{ memory: 1 MiB, os: \(systems) }")
    let reading = ScenarioParser.read(text: text, path: "a.yaml", checkingName: false)
    #expect(reading.systemNames(for: "none") == ["none/x86", "none/pae"])
    #expect(reading.systemNames(for: "x86") == ["other/x86", "none/x86"])
    #expect(reading.systemNames(for: "none/pae") == ["none/pae"])
    // The system that has this name alone, though another has it as its id.
    #expect(reading.systemNames(for: "other") == ["other"])
    #expect(reading.variant(for: "other").scenario?.variant == "other")
  }

  @Test func variantIsFoundByNameIdOrModeAndElseTheFirst() {
    let text = Fixture.scenario(
      machine: "{ memory: 1 MiB, os: [{ id: none, mode: x86 }, { id: none, mode: pae }, other] }")
    let reading = ScenarioParser.read(text: text, path: "a.yaml", checkingName: false)
    func name(_ system: String?) -> String? { reading.variant(for: system).scenario?.variant }
    #expect(name(nil) == "none/x86")
    #expect(name("none/pae") == "none/pae")
    #expect(name("none") == "none/x86")
    #expect(name("pae") == "none/pae")
    #expect(name("other") == "other")
    #expect(name("windows-7") == "none/x86")
  }

  @Test(arguments: [
    ("{ va: 0x1000, state: demand-zero }", "E0203"),
    ("{ va: 0x1000, state: transition, protection: READWRITE }", "E0203"),
    ("{ va: 0x1000, state: page-file, file: 16, offset: 1, protection: READWRITE }", "E0214"),
    ("{ va: 0x1000, state: decommitted, protection: READWRITE }", "E0210"),
    ("{ va: 0x1000, state: zero, fields: { Valid: 1 } }", "E0210"),
    ("{ va: 0x1000, state: ambiguous }", "E0210"),
    ("{ va: 0x1000, state: subsection }", "E0210"),
    ("{ va: 0x1000, state: prototype }", "E0203"),
    ("{ va: 0x1000, state: prototype, section: a, address: 1 }", "E0210"),
    ("{ va: 0x1000, state: prototype, page: 1, address: 1 }", "E0210"),
    ("{ va: 0x1000, state: demand-zero, protection: 32 }", "E0214"),
    ("{ va: 0x1000, state: demand-zero, protection: [GUARD] }", "E0203"),
    ("{ va: 0x1000, state: demand-zero, protection: [GUARD, NOCACHE, READONLY] }", "E0210"),
    ("{ va: 0x1000, state: demand-zero, protection: [READONLY, READWRITE] }", "E0210"),
    ("{ va: 0x1000, state: no-access, protection: [NOACCESS, GUARD] }", "E0210"),
  ])
  func entryThatMakesNoSenseIsRefused(item: String, code: String) {
    let text = Fixture.scenario("ptes: [\(item)]")
    #expect(Fixture.diagnostics(text).map(\.code.rawValue) == [code])
  }
}
