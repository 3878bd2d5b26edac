import Machine
import Paging
import PhysicalMemory
import Report
import Testing

/// What is said of accesses for which no table is read, and of what a walk alone does not tell.
@Suite struct RefusalBeforeTablesTests {
  private static let lamU48: UInt64 = 0x4000_0000_0000_0000
  private static let lamU57: UInt64 = 0x2000_0000_0000_0000

  private struct Case: Sendable {
    var words: String
    var pointer: UInt64
    var access = Access(.read, as: .user)
    var mode = PagingMode.x86_64
    var change: @Sendable (inout PagingState) -> Void
  }

  private static let cases: [Case] = [
    Case(words: "bits 63:47 are not all equal, no table is read", pointer: 0x0001_0000_0000_1000) {
      _ in
    },
    Case(
      words:
        "bits 63, 47 are not all equal, no table is read (SDM 1, 3.3.7.1); CR3.LAM_U48=1 leaves "
        + "bits 62:48 out of account", pointer: 0x7fff_8000_0000_1000
    ) { $0.cr3 = lamU48 },
    Case(
      words:
        "bits 63, 56:47 are not all equal, no table is read (SDM 1, 3.3.7.1); CR3.LAM_U57=1 leaves "
        + "bits 62:57 out of account", pointer: 0x7e01_0000_0000_1000
    ) { $0.cr3 = lamU57 },
    Case(
      words: "CR4.LAM_SUP=1 leaves bits 62:48 out of account", pointer: 0x8000_0000_0000_1000
    ) { $0.cr4 |= 0x1000_0000 },
    Case(
      words:
        "bits 56:47 are not all equal, no table is read (SDM 1, 3.3.7.1); EFER.UAIE=1 leaves bits "
        + "63:57 out of account", pointer: 0xfe01_0000_0000_1000
    ) {
      $0.vendor = .amd
      $0.efer |= 0x10_0000
    },
    // A fetch has no tag.
    Case(
      words: "bits 63:47 are not all equal, no table is read (SDM 1, 3.3.7.1)\n",
      pointer: 0x7fff_8000_0000_1000, access: Access(.execute, as: .user)
    ) { $0.cr3 = lamU48 },
    Case(
      words: "CR4.LASS=1 keeps user mode out of addresses with bit 63 set, no table is read",
      pointer: 0xffff_8000_0000_1000
    ) { $0.cr4 |= 0x800_0000 },
    Case(
      words: "keeps the supervisor from executing at addresses with bit 63 clear", pointer: 0x1000,
      access: Access(.execute, as: .supervisor)
    ) { $0.cr4 |= 0x800_0000 },
    Case(
      words:
        "CR4.LASS=1 and SMAP=1 let the supervisor use data at addresses with bit 63 clear only",
      pointer: 0x1000, access: Access(.write, as: .supervisor)
    ) { $0.cr4 |= 0x820_0000 },
    Case(
      words: "bits 55:48, above those that TTBR0_EL1 translates, are not all 0",
      pointer: 0x5a01_0000_0000_1000, mode: .arm64
    ) { $0.tcr |= 1 << 37 },
    Case(
      words: "bits 63:60, 55:48, above those that TTBR0_EL1 translates, are not all 0",
      pointer: 0x1000_0000_0000_1000, mode: .arm64
    ) { $0.tcr |= 1 << 60 },
    Case(
      words: "TCR_EL1.MTX0=1 is for data, fetches have no memory tag",
      pointer: 0x0a00_0000_0000_1000, access: Access(.execute, as: .user), mode: .arm64
    ) { $0.tcr |= 1 << 60 },
    Case(
      words: "TCR_EL1.EPD0=1 disables walks by TTBR0_EL1", pointer: 0x1000, mode: .arm64
    ) { $0.tcr |= 1 << 7 },
  ]

  private func machine(_ state: PagingState, _ entries: [UInt64: UInt64] = [:]) throws -> Machine {
    let bytes = try ByteMapping.zeroed(count: 8 << 12)
    for (address, entry) in entries { bytes.store(entry, at: Int(address)) }
    return Machine(
      memory: .flat(FlatMemory(bytes)), paging: state, addressSpaces: [], format: "none", size: 0)
  }

  private func text(
    _ machine: Machine, _ pointer: UInt64, _ access: Access, explained: Bool = false
  ) -> String {
    let answer = machine.access(VirtualAddress(pointer), access)
    return Fixture.written { out in
      AccessText(machine.paging).write(answer, to: &out)
      if explained { Explanation(answer, in: machine.memory).writeText(to: &out) }
    }
  }

  @Test(arguments: cases.indices)
  func theBitsThatDecideAreNamed(index: Int) throws {
    let item = Self.cases[index]
    var state = PagingState(mode: item.mode)
    item.change(&state)
    // A root of its own, so that a walk that were made would find a page.
    let text = try text(machine(state), item.pointer, item.access)
    #expect(text.contains(item.words), "\(text)")
  }

  @Test func anExplanationKnowsStackFaultsAndTheSeparationOfSpaces() throws {
    var state = PagingState(mode: .x86_64, cr3: 0x1000)
    state.cr4 |= 0x800_0000
    let entries: [UInt64: UInt64] = [
      0x1800: 0x2027, 0x2000: 0x3027, 0x3000: 0x4027, 0x4008: 0x5067,
    ]
    let machine = try machine(state, entries)
    let text = text(
      machine, 0xffff_8000_0000_1123, Access(.read, as: .user), explained: true)
    #expect(text.contains("an access by way of SS raises a stack fault instead, #SS(0)"))
    #expect(text.contains("the processor looks at the address before it reads any table"))
    #expect(text.contains("with CR4.LASS=0 this read would succeed"), "\(text)")
  }

  /// SDM 3A, 4.6.1.
  @Test func pagesOfShadowStacksAreCalledSo() throws {
    var state = PagingState(mode: .x86_64, cr3: 0x1000)
    let entries: [UInt64: UInt64] = [
      0x1000: 0x2027, 0x2000: 0x3027, 0x3000: 0x4027, 0x4000: 0x5065, 0x4008: 0x5025,
    ]
    let words = "the page is one of a shadow stack"
    let write = Access(.write, as: .user)
    #expect(try !text(machine(state, entries), 0x0, write, explained: true).contains(words))
    state.cr4 |= 0x80_0000
    #expect(try text(machine(state, entries), 0x0, write, explained: true).contains(words))
    #expect(try !text(machine(state, entries), 0x1000, write, explained: true).contains(words))
  }

  /// ARM ARM D8.7.1.1 and D8.5.1.
  @Test func whatAProcessorOfArmMayDoOtherwiseIsSaid() throws {
    var state = PagingState(mode: .arm64, cr3: 0x1000)
    state.tcr |= 1 << 39
    var entries: [UInt64: UInt64] = [0x1000: 0x2003, 0x2000: 0x3003, 0x3000: 0x4003]
    for other in 0..<16 as Range<UInt64> {
      entries[0x4000 + other * 8] = 0x0010_0000_0000_0043 | 0x2_0000 + other << 12
    }
    let write = Access(.write, as: .user)
    let kept = try text(machine(state, entries), 0x2000, write, explained: true)
    #expect(kept.contains("Contiguous=1 is a hint that its group of 16 keeps"), "\(kept)")
    entries[0x4028] = 0x0010_0000_0007_7043
    let broken = try text(machine(state, entries), 0x2000, write, explained: true)
    #expect(
      broken.contains(
        "does not keep: L3[0x005] leads to 0x77000, not to 0x25000; a processor may answer by another"
      ), "\(broken)")
    entries[0x4010] = 0x0010_0000_0002_20c3
    let refused = try text(machine(state, entries), 0x2000, write, explained: true)
    #expect(
      refused.contains("a processor may set it or not, for the access is refused"), "\(refused)")
  }
}
