import Machine
import Paging
import PhysicalMemory
import TestSupport
import Testing

/// What is said to change an answer does change it, on a machine that is built that way.
@Suite struct CounterfactualTests {
  /// One page at 0x40_3000 whose four entries have other bits set or clear than all rights granted.
  private struct Tables {
    static let frames: [UInt64] = [0x1000, 0x2000, 0x3000, 0x4000]
    static let targets: [UInt64] = [0x2000, 0x3000, 0x4000, 0x5000]
    static let indices: [UInt64] = [0, 0, 2, 3]
    var flips: [UInt64] = [0, 0, 0, 0]

    func machine(_ state: PagingState) throws -> Machine {
      var sketch = TableSketch()
      for level in 0..<4 {
        sketch.put(
          (Self.targets[level] | TableSketch.page) ^ flips[level], in: Self.frames[level],
          at: Self.indices[level])
      }
      var machine = try sketch.machine()
      machine.paging = state
      return machine
    }

    /// The place of the entry of a level, 4 to 1, among the four.
    static func place(_ level: Int) -> Int { 4 - level }
  }

  private static let pointer = VirtualAddress(0x40_3000)

  private static func state(cr4: UInt64 = 0x20, efer: UInt64 = 0xd00, wp: Bool = true)
    -> PagingState
  {
    var state = PagingState(mode: .x86_64, cr3: 0x1000)
    state.cr4 = cr4
    state.efer = efer
    if !wp { state.cr0 &= ~0x1_0000 }
    return state
  }

  /// Makes the changes without the code that is tested, and asks.
  private func outcome(
    _ tables: Tables, _ state: PagingState, _ access: Access, with changes: [Change]
  ) throws -> AccessOutcome {
    var (tables, state, access) = (tables, state, access)
    for change in changes {
      switch change {
      case .entry(let level, _, _, let bits, _): tables.flips[Tables.place(level)] ^= bits
      case .register(.cr0, _, let bits, _): state.cr0 ^= bits
      case .register(.cr3, _, let bits, _): state.cr3 ^= bits
      case .register(.cr4, _, let bits, _): state.cr4 ^= bits
      case .register(.efer, _, let bits, _): state.efer ^= bits
      case .register(.pkru, _, let bits, _): state.pkru ^= bits
      case .register(.pkrs, _, let bits, _): state.pkrs ^= bits
      case .register(.rflags, _, _, _): state.alignmentCheck.toggle()
      case .privilege(let privilege): access.privilege = privilege
      case .physicalBits(let bits): state.physicalBits = bits
      case .feature(.page1G, let isPresent): state.features.page1G = isPresent
      case .feature(.pse36, let isPresent): state.features.pse36 = isPresent
      case .feature(.acceptsAccessedPDPTE, let isPresent):
        state.features.acceptsAccessedPDPTE = isPresent
      case .encryptionBit(let bit): state.encryptionBit = bit
      case .register(.tcr, _, _, _), .register(.sctlr, _, _, _), .register(.pstate, _, _, _),
        .outputSize:
        Issue.record("\(change) is of arm64")
      }
    }
    return try tables.machine(state).access(Self.pointer, access).result.outcome
  }

  private func subject(_ machine: Machine, _ access: Access) -> Supposition {
    Supposition(machine.memory, machine.paging, Self.pointer, access)
  }

  @Test func whatIsSaidHoldsAndEveryPartOfItIsNeeded() throws {
    let seed: UInt64 = 0x6d6d_7562
    var generator = SeededGenerator(seed: seed)
    var said = 0
    for round in 0..<150 {
      let (tables, state, access) = Self.random(&generator)
      let question = subject(try tables.machine(state), access)
      said += try question.expectThatChangesHold("seed \(seed), round \(round): \(access)") {
        try outcome(tables, state, access, with: $0)
      }
    }
    #expect(said > 50, "the rounds have something to say")
  }

  @Test func noSingleBitThatHelpsIsForgotten() throws {
    let seed: UInt64 = 0x6265_6e63
    var generator = SeededGenerator(seed: seed)
    var helped = 0
    for round in 0..<40 {
      let (tables, state, access) = Self.random(&generator)
      let question = subject(try tables.machine(state), access)
      guard !question.verdict.isGood else { continue }
      let found = Set(
        question.counterfactuals(\.isGood).filter { $0.changes.count == 1 }
          .map { Bit($0.changes[0]) })
      for bit in Bit.all where try succeeds(tables, state, access, bit) {
        helped += 1
        #expect(found.contains(bit), "seed \(seed), round \(round): \(access) \(bit)")
      }
    }
    #expect(helped > 10, "the rounds have something to find")
  }

  /// A bit of an entry or of a register, to be flipped.
  private enum Bit: Hashable {
    case entry(Int, UInt64)
    case register(Change.Register, UInt64)
    case other

    init(_ change: Change) {
      switch change {
      case .entry(let level, _, _, let bits, _): self = .entry(Tables.place(level), bits)
      case .register(let register, _, let bits, _): self = .register(register, bits)
      default: self = .other
      }
    }

    static let all: [Bit] =
      (0..<4).flatMap { level in
        [1, 2, 4, 1 << 63].map { .entry(level, $0) }
      } + [
        .register(.cr0, 1 << 16), .register(.cr4, 1 << 20), .register(.cr4, 1 << 21),
        .register(.cr4, 1 << 22), .register(.cr4, 1 << 24), .register(.efer, 1 << 11),
        .register(.pkru, 1), .register(.pkru, 2), .register(.pkrs, 1), .register(.pkrs, 2),
      ]
  }

  private func succeeds(
    _ tables: Tables, _ state: PagingState, _ access: Access, _ bit: Bit
  ) throws -> Bool {
    let change: Change
    switch bit {
    case .entry(let place, let bits):
      change = .entry(
        level: 4 - place, address: PhysicalAddress(0), field: "", bits: bits, isSet: true)
    case .register(let register, let bits):
      change = .register(register, field: "", bits: bits, isSet: true)
    case .other: return false
    }
    return try outcome(tables, state, access, with: [change]) == .translated
  }

  /// At most three bits of the entries and any registers are not as they would be.
  private static func random(_ generator: inout SeededGenerator) -> (Tables, PagingState, Access) {
    var tables = Tables()
    for _ in 0..<Int.random(in: 0...3, using: &generator) {
      let bits: [UInt64] = [1, 2, 2, 4, 4, 1 << 63, 1 << 63, 1 << 51]
      let level = Int.random(in: 0...3, using: &generator)
      tables.flips[level] ^= bits.randomElement(using: &generator) ?? 0
    }
    let cr4: UInt64 = [0, 1 << 20, 1 << 21, 1 << 22, 1 << 24]
      .filter { _ in Bool.random(using: &generator) }.reduce(0x20, |)
    var state = state(
      cr4: cr4, efer: Bool.random(using: &generator) ? 0xd00 : 0x500,
      wp: Bool.random(using: &generator))
    state.pkru = UInt64.random(in: 0...3, using: &generator)
    state.pkrs = UInt64.random(in: 0...3, using: &generator)
    state.physicalBits = 50
    let kinds: [Access.Kind] = [.read, .write, .execute]
    let access = Access(
      kinds.randomElement(using: &generator) ?? .read,
      as: Access.Privilege.allCases.randomElement(using: &generator) ?? .user)
    return (tables, state, access)
  }

  @Test func severalObstaclesAreTakenAwayTogether() throws {
    var tables = Tables()
    tables.flips = [2, 0, 4, 1 << 63]
    let machine = try tables.machine(Self.state())
    let found = subject(machine, Access(.write, as: .user)).counterfactuals(\.isGood)
    let sets = Set(found.map { Set($0.changes.map(Bit.init)) })
    #expect(
      sets == [
        [.entry(0, 2), .entry(2, 4)], [.other, .entry(0, 2)], [.other, .register(.cr0, 1 << 16)],
      ])
  }

  @Test func nothingIsSupposedThatNoProcessorIs() throws {
    var state = Self.state(cr4: 0x80_0020)
    state.cr0 |= 0x1_0000
    let question = subject(try Tables().machine(state), Access(.shadowStackRead, as: .user))
    // CR4.CET=1 forbids CR0.WP=0.
    #expect(
      question.supposing([.register(.cr0, field: "WP", bits: 1 << 16, isSet: false)]) == nil)
    #expect(question.supposing([.physicalBits(53)]) == nil)
  }

  @Test func anEmptyEntryIsNotTurnedOn() throws {
    let machine = try Tables().machine(Self.state())
    let question = Supposition(
      machine.memory, machine.paging, VirtualAddress(0x80_0000), Access(.read, as: .user))
    #expect(question.verdict.walk.outcome == .notPresent)
    #expect(question.counterfactuals(\.isGood).isEmpty)
    #expect(question.detours.isEmpty)
  }
}
