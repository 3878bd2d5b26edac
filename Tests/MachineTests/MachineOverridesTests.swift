import Machine
import Paging
import PhysicalMemory
import TestSupport
import Testing

@Suite struct MachineOverridesTests {
  private func machine(_ change: (inout MachineOverrides) -> Void) throws -> Machine {
    var machine = try TableSketch.onePage().machine(further: [0x8000])
    var overrides = MachineOverrides()
    change(&overrides)
    try overrides.apply(to: &machine)
    return machine
  }

  @Test func rootIsMaskedAndItsLowBitsAreKept() throws {
    let machine = try machine { $0.root = 0x1abc }
    #expect(machine.paging.root == PhysicalAddress(0x1000))
    #expect(machine.paging.ignoredRootBits == 0xabc)
    #expect(machine.addressSpaces.map(\.register) == [0x1abc])
  }

  @Test func rootOfAKnownProcessKeepsItsName() throws {
    let machine = try machine { $0.root = 0x8005 }
    #expect(machine.addressSpaces.first?.owner == "task2 (2)")
  }

  @Test func processSelectsItsRoot() throws {
    #expect(try machine { $0.pid = 2 }.paging.root == PhysicalAddress(0x8000))
    #expect(try machine { $0.process = "task2" }.paging.root == PhysicalAddress(0x8000))
  }

  @Test func unknownProcessNamesTheKnownOnes() throws {
    let problem = #expect(throws: MachineOverrides.Problem.self) { try machine { $0.pid = 77 } }
    #expect(problem?.description == "no process pid 77; known: task1 (1), task2 (2)")
  }

  @Test func registersAreNotedWithTheirSource() throws {
    let machine = try machine { $0.efer = 0x500 }
    #expect(!machine.paging.noExecute)
    #expect(machine.provenance.contains(.init("EFER", "0x500", from: "--efer")))
  }

  @Test func modeSetsTheRegistersThatGoWithIt() throws {
    let machine = try machine { $0.mode = .la57 }
    #expect(machine.paging.mode == .la57)
    #expect(machine.paging.contradiction == nil)
  }

  @Test(arguments: [31, 53, 0, -1])
  func impossiblePhysicalBitsAreRefused(bits: Int) {
    #expect(throws: MachineOverrides.Problem.self) { try machine { $0.physicalBits = bits } }
  }

  @Test func registerThatMeansAnotherModeIsRefused() {
    #expect(throws: MachineOverrides.Problem.self) { try machine { $0.cr4 = 0x1020 } }
  }

  @Test func frameThatTheImageLacksIsMappedAndSaidToBeAbsent() throws {
    var sketch = TableSketch.onePage()
    sketch.removeFrame(0x5000)
    let walk = try sketch.machine().walk(VirtualAddress(0x40_3123))
    #expect(walk.result.translation?.address == PhysicalAddress(0x5123))
    #expect(!walk.isInImage)
    #expect(walk.steps.map(\.entry) == [0x2007, 0x3007, 0x4007, 0x5007])
  }

  @Test func absentTableIsMissingWithTheAddressOfTheEntry() throws {
    var sketch = TableSketch.onePage()
    sketch.removeFrame(0x3000)
    let walk = try sketch.machine().walk(VirtualAddress(0x40_3123))
    #expect(walk.result.stop?.cause == .missing)
    #expect(walk.result.stop?.entryAddress == PhysicalAddress(0x3010))
  }

  /// A mode that is named sets PG, PAE, LA57, LME and LMA, whatever is said of the other bits; where
  /// they come from is said.
  @Test func registerValuesBesideAModeKeepTheMode() throws {
    let machine = try machine {
      $0.mode = .x86_64
      $0.cr4 = 0x10_0000
      $0.efer = 0x800
      $0.cr0 = 0x8001_0001
    }
    #expect(machine.paging.cr4 == 0x10_0020)
    #expect(machine.paging.efer == 0xd00)
    let sources = Dictionary(
      uniqueKeysWithValues: machine.provenance.map { ($0.subject, $0.source) })
    #expect(sources["CR4"] == "--cr4 0x100000, the rest by --mode")
    #expect(sources["EFER"] == "--efer 0x800, the rest by --mode")
    #expect(sources["CR0"] == "--cr0")
  }

  /// A bit that is set says another mode; nothing is taken away to mend it.
  @Test func aRegisterThatContradictsTheModeIsRefused() {
    let impossible: [(String, (inout MachineOverrides) -> Void)] = [
      ("which is mode la57", { $0.cr4 = 0x1020 }), ("bit 29 set", { $0.cr4 = 0x2000_0020 }),
      ("CR0.NW=1", { $0.cr0 = 0xa001_0001 }),
    ]
    for (words, change) in impossible {
      let problem = #expect(throws: MachineOverrides.Problem.self) {
        try machine {
          $0.mode = .x86_64
          change(&$0)
        }
      }
      #expect(problem?.description.contains(words) == true, "\(problem?.description ?? "-")")
    }
  }

  /// Without --mode a value is the whole register: a dump's own mode is not taken for granted.
  @Test func aRegisterWithoutAModeIsTakenAsItIs() {
    for change in [{ $0.cr4 = 0x10_0000 }, { $0.efer = 0 }, { $0.cr0 = 0x1_0000 }]
      as [(inout MachineOverrides) -> Void]
    {
      #expect(throws: MachineOverrides.Problem.self) {
        var machine = try TableSketch.onePage().machine()
        var overrides = MachineOverrides()
        change(&overrides)
        try overrides.apply(to: &machine)
      }
    }
  }

  /// What a dump records of a machine in trouble is no mistake of the user's.
  @Test func whatTheImageRecordsIsAWarning() throws {
    var machine = try TableSketch.onePage().machine()
    machine.paging.cr4 |= 1 << 29
    try MachineOverrides().apply(to: &machine)
    #expect(machine.warnings.count == 1)
    #expect(machine.warnings.first?.contains("bit 29 set, which is reserved") == true)
    try MachineOverrides().apply(to: &machine)
    #expect(machine.warnings.count == 1)
    var mended = MachineOverrides()
    mended.cr4 = 0x20
    machine.warnings = []
    try mended.apply(to: &machine)
    #expect(machine.warnings == [])
    var other = MachineOverrides()
    other.physicalBits = 60
    #expect(throws: MachineOverrides.Problem.self) { try other.apply(to: &machine) }
  }

  @Test(arguments: [PagingMode.x86, .x86_64, .la57])
  func habitsOfPDPTEsAreOfPAE(mode: PagingMode) throws {
    for change in [
      { $0.acceptsAccessedPDPTE = true }, { $0.walksPDPTEs = true },
    ] as [(inout MachineOverrides) -> Void] {
      let problem = #expect(throws: MachineOverrides.Problem.self) {
        try machine {
          $0.mode = mode
          change(&$0)
        }
      }
      #expect(problem?.description.contains("PDPTEs of mode pae") == true)
    }
  }

  @Test func registerOfAnotherModeIsRefusedBesideAMode() {
    #expect(throws: MachineOverrides.Problem.self) {
      try machine {
        $0.mode = .pae
        $0.cr4 = 0x1020
      }
    }
  }
}
