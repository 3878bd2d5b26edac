import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Testing

/// What a scenario says over a dump.
@Suite struct DumpStatementTests {
  private func apply(_ machine: String, _ lines: String = "golden: false") throws -> Machine {
    var dump = try Fixture.dump()
    try ImageBuilder.apply(Fixture.scenario(lines, machine: machine), to: &dump)
    return dump
  }

  @Test func whatIsNotSaidStaysAsTheDumpHasIt() throws {
    let machine = try apply("{ memory: { dump: a.elf } }")
    #expect(machine.paging == PagingState(mode: .x86_64, cr3: 0x2000))
    #expect(machine.addressSpaces.map(\.register) == [0x2000, 0x3000])
    #expect(machine.provenance == [])
  }

  @Test func registersAreLaidOverTheDumps() throws {
    let machine = try apply(
      "{ memory: { dump: a.elf }, registers: { efer: { NXE: 0 }, pkru: 5 }, physical-bits: 36, "
        + "features: { page-1g: false } }")
    #expect(!machine.paging.noExecute)
    #expect(machine.paging.pkru == 5)
    #expect(machine.paging.physicalBits == 36)
    #expect(!machine.paging.features.page1G)
    #expect(machine.paging.cr3 == 0x2000)
  }

  @Test func aRootBecomesTheOnlyAddressSpace() throws {
    let machine = try apply("{ memory: { dump: a.elf }, root: 0x4018, mode: la57 }")
    #expect(machine.addressSpaces == [AddressSpace(register: 0x4018, foundBy: "scenario")])
    #expect(machine.paging.root == PhysicalAddress(0x4000))
    #expect(machine.paging.mode == .la57)
    #expect(machine.provenance.map(\.subject) == ["mode", "root"])
  }

  @Test func processesAreThoseOfTheDumpOrHaveARoot() throws {
    let machine = try apply(
      "{ memory: { dump: a.elf } }",
      "processes: [{ name: sh }, { pid: 9, name: lost, root: 0x5000 }]")
    #expect(machine.addressSpaces.map(\.owner) == ["sh (2)", "lost (9)"])
    #expect(machine.addressSpaces.map(\.register) == [0x3000, 0x5000])
    #expect(machine.paging.cr3 == 0x3000)
  }

  @Test func aDumpIsNotBuilt() throws {
    #expect(
      Fixture.faults("golden: false", machine: "{ mode: x86, memory: { dump: a.elf } }")
        == ["E0324 5:31"])
  }
}
