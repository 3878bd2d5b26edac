import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import Testing

/// Processes of Windows that a user names, in a dump that names none.
@Suite struct ProcessSearchTests {
  private static let layout = """
    processes:
      - { name: System, pid: 4, map: [{ va: 0x40_0000, to: 0x30000 }] }
      - { name: plain.exe, pid: 100, map: [{ va: 0x40_0000, to: 0x31000 }] }
      - { name: hidden.exe, pid: 666, listed: false, map: [{ va: 0x40_0000, to: 0x32000 }] }
    """

  /// The memory of the image with one root, as a dump gives it; then what the user says.
  private func dump(
    _ built: Machine, _ format: String = "raw", _ change: (inout MachineOverrides) -> Void
  ) throws -> Machine {
    let root = AddressSpace(register: built.paging.cr3, foundBy: "test")
    var machine = Machine(
      memory: built.memory, paging: built.paging, addressSpaces: [root], format: format,
      size: built.size)
    var overrides = MachineOverrides()
    change(&overrides)
    try overrides.apply(to: &machine)
    return machine
  }

  @Test(
    arguments: [
      ("x86-64", "windows-7601.17514"), ("x86-64", "windows-19041.508"),
      ("pae", "windows-7601.17514"),
    ])
  func namedProcessIsSearched(mode: String, id: String) throws {
    let built = try Fixture.build(
      Self.layout, machine: "{ mode: \(mode), memory: 4 MiB, os: \(id) }"
    ).machine
    let root = try #require(built.addressSpaces.first { $0.pid == 666 }?.register)
    for change in [{ $0.pid = 666 }, { $0.process = "hidden.exe" }]
      as [(inout MachineOverrides) -> Void]
    {
      let found = try dump(built) { overrides in
        overrides.system = id
        change(&overrides)
      }
      #expect(found.paging.cr3 == root)
      #expect(found.addressSpaces.map(\.owner) == ["hidden.exe (666)"])
    }
  }

  @Test func nothingIsSearchedWithoutASystemOrInAScenario() throws {
    let id = "windows-19041.508"
    let built = try Fixture.build(
      Self.layout, machine: "{ mode: x86-64, memory: 4 MiB, os: \(id) }"
    ).machine
    let problem = #expect(throws: MachineOverrides.Problem.self) {
      try dump(built) { $0.pid = 666 }
    }
    #expect(problem?.description.contains("--os windows-") == true)
    #expect(throws: MachineOverrides.Problem.self) {
      try dump(built, Machine.scenarioFormat) { ($0.system, $0.pid) = (id, 666) }
    }
  }
}
