import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Simulator
import Testing
import WindowsMemory
import Workbench

/// What Windows has on arm64 that it has not on x86: two registers for the tables, which change together.
@Suite struct WindowsARM64Tests {
  private static func run(
    _ registers: String = "", mode: String = "arm64", os: String = "windows-26100"
  ) throws -> TimelineRun {
    let text = """
      mmubench: 1
      scenario: arm64
      title: Two processes
      source: the test
      machine: { mode: \(mode), memory: 4 MiB, os: \(os)\(registers) }
      processes: [{ name: a.exe, pid: 100 }, { name: b.exe, pid: 200 }]
      timeline:
        - { reserve: 0x200000..0x20ffff, commit: true }
        - { write: 0x200000 }
        - { reserve: 0x300000..0x30ffff, commit: true, process: b.exe }
        - { write: 0x300000, process: b.exe }

      """
    return try #require(try TimelineRun(ScenarioParser.read(text: text, path: "arm64.yaml")))
  }

  @Test func bothTopTablesAreInOnePageOfEachProcess() throws {
    let run = try Self.run()
    try run.run()
    #expect(run.violations == [])
    let machine = run.machine
    #expect(machine.addressSpaces.count == 3)
    for space in machine.addressSpaces {
      let state = machine.paging(of: space)
      #expect(state.ttbr1 == space.register + 0x800)
      #expect(state.allHalves.map(\.translatedBits) == [47, 47])
      #expect(state.halves.map { $0.entryCount($0.topLevel) } == [256, 256])
      // The page of the top table as the self-map shows it: each process has its own.
      let map = try #require(SelfMap(of: state, in: machine.memory))
      #expect(map.slot == 0x1ec && map.source == .found)
      let top = try #require(map.address(of: VirtualAddress(0), level: 4))
      let seen = machine.walk(top, in: space).result.translation
      #expect(seen?.address == PhysicalAddress(space.register))
      #expect(seen?.rights.contains(.user) == false)
    }
  }

  /// The kernel's structures are where every process finds them, and no process finds another's page.
  @Test func theUpperHalfIsTheSameAndTheLowerIsNot() throws {
    let run = try Self.run()
    try run.run()
    let machine = run.machine
    let head = try #require(machine.system.windows?.processListHead)
    let places = machine.addressSpaces.map {
      machine.walk(head, in: $0).result.translation?.address
    }
    #expect(places.first != nil && Set(places).count == 1)
    let pages = machine.addressSpaces.map {
      machine.walk(VirtualAddress(0x20_0000), in: $0).result.translation
    }
    #expect(pages.count { $0 != nil } == 1)
  }

  @Test(arguments: [
    ", registers: { ttbr1: 0x8000 }", ", registers: { tcr: { T0SZ: 16 } }",
    ", registers: { tcr: { T0SZ: 17, T1SZ: 17, TG1: 1 } }", ", registers: { tcr: 0x580100010 }",
  ])
  func registersThatWindowsHasOtherwiseAreRefused(registers: String) throws {
    let error = try #require(throws: DiagnosticList.self) { try Self.run(registers) }
    #expect(error.diagnostics.map(\.code) == [.notForSystem])
  }

  @Test(arguments: [
    ", registers: { tcr: { HA: 1, HD: 1 } }", ", registers: { pan: 1 }",
    ", registers: { tcr: 0x580110011 }",
  ])
  func otherRegistersAreTheScenarios(registers: String) throws {
    let run = try Self.run(registers)
    try run.run()
    #expect(run.violations == [])
    #expect(run.machine.paging.hasSizesOfWindows)
  }

  @Test func noWindowsHasFiveLevels() throws {
    let error = try #require(throws: DiagnosticList.self) {
      try Self.run(mode: "la57", os: "windows-19041.508")
    }
    #expect(error.diagnostics.first?.message.contains("five levels") == true)
  }

  /// An abort has a syndrome where a page fault has an error code.
  @Test func faultsSayTheSyndrome() throws {
    let run = try Self.run()
    _ = try run.step()
    let fault = try #require(try run.step()?.faults.first)
    #expect(fault.errorCode == nil && fault.syndrome == 0x9200_0044)
    #expect(fault.codeText == "ESR_EL1 0x92000044 (translation level 0)")
  }
}
