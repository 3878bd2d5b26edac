import Machine
import Paging
import PhysicalMemory
import TestSupport
import Testing

/// What is said to change an answer of arm64 does change it, on a machine that is built that way.
@Suite struct CounterfactualARM64Tests {
  /// One page at 0x40_3000 in the granule of 4 KiB, whose four descriptors have other bits set or
  /// clear than those that grant everything.
  private struct Tables {
    static let frames: [UInt64] = [0x1000, 0x2000, 0x3000, 0x4000]
    static let indices: [Int] = [0, 0, 2, 3]
    static let granting: [UInt64] = [0x2003, 0x3003, 0x4003, 0x5443]
    var flips: [UInt64] = [0, 0, 0, 0]
    var tcr: UInt64 = 0x2_8010_0010  // IPS=0b010, 40 bits
    var sctlr: UInt64 = 1
    var pan: UInt64 = 0

    func machine() throws -> Machine {
      var sketch = TableSketch()
      for level in 0..<4 {
        sketch.put(
          Self.granting[level] ^ flips[level], in: Self.frames[level],
          at: UInt64(Self.indices[level]))
      }
      var machine = try sketch.machine()
      var state = PagingState(mode: .arm64, cr3: 0x1000)
      (state.tcr, state.sctlr, state.pan) = (tcr, sctlr, pan)
      machine.paging = state
      return machine
    }

    /// Makes a change without the code that is tested; nil where it is not one of these tables.
    mutating func make(_ change: Change, _ access: inout Access, _ bits: inout Int) {
      switch change {
      case .entry(let level, _, _, let bits, _): flips[4 - level] ^= bits
      case .register(.tcr, _, let bits, _): tcr ^= bits
      case .register(.sctlr, _, let bits, _): sctlr ^= bits
      case .register(.pstate, _, _, _): pan ^= 1
      case .outputSize(let size): tcr = tcr & ~0x7_0000_0000 | size << 32
      case .physicalBits(let wanted): bits = wanted
      case .privilege(let privilege): access.privilege = privilege
      default: Issue.record("\(change) is of x86")
      }
    }
  }

  private static let pointer = VirtualAddress(0x40_3000)

  private func question(_ tables: Tables, _ access: Access, bits: Int) throws -> Supposition {
    var machine = try tables.machine()
    machine.paging.physicalBits = bits
    return Supposition(machine.memory, machine.paging, Self.pointer, access)
  }

  private func outcome(
    _ tables: Tables, _ access: Access, _ physicalBits: Int, with changes: [Change]
  ) throws -> AccessOutcome? {
    var (tables, access, bits) = (tables, access, physicalBits)
    for change in changes { tables.make(change, &access, &bits) }
    return try question(tables, access, bits: bits).verdict.result?.outcome
  }

  @Test func whatIsSaidHoldsAndEveryPartOfItIsNeeded() throws {
    let seed: UInt64 = 0x6172_6d36
    var generator = SeededGenerator(seed: seed)
    var said = 0
    for round in 0..<200 {
      let (tables, access, bits) = Self.random(&generator)
      let question = try question(tables, access, bits: bits)
      said += try question.expectThatChangesHold("seed \(seed), round \(round): \(access)") {
        try outcome(tables, access, bits, with: $0)
      }
    }
    #expect(said > 200, "the rounds have something to say")
  }

  @Test func noSingleBitThatHelpsIsForgotten() throws {
    let seed: UInt64 = 0x6772_616e
    var generator = SeededGenerator(seed: seed)
    var helped = 0
    for round in 0..<60 {
      let (tables, access, bits) = Self.random(&generator)
      let question = try question(tables, access, bits: bits)
      guard !question.verdict.isGood else { continue }
      let found = question.counterfactuals(\.isGood).filter { $0.changes.count == 1 }
        .map { Self.key($0.changes[0]) }
      for change in Self.singleBits {
        guard question.supposing([change]) != nil,
          try outcome(tables, access, bits, with: [change]) == .translated
        else { continue }
        helped += 1
        #expect(found.contains(Self.key(change)), "seed \(seed), round \(round): \(change)")
      }
    }
    #expect(helped > 20, "the rounds have something to find")
  }

  private static func key(_ change: Change) -> String {
    switch change {
    case .entry(let level, _, _, let bits, _): "entry \(level) \(bits)"
    case .register(let register, _, let bits, _): "register \(register) \(bits)"
    default: "other"
    }
  }

  /// Bits of descriptors and registers that can grant something.
  private static let singleBits: [Change] =
    (2...4).flatMap { level in tableBits.map { entry(level, $0) } }
    + pageBits.map { entry(1, $0) }
    + [7, 37, 39, 40, 41, 51, 55].map { .register(.tcr, field: "", bits: 1 << $0, isSet: true) }
    + [
      .register(.sctlr, field: "", bits: 1 << 19, isSet: true),
      .register(.sctlr, field: "", bits: 1 << 57, isSet: true),
      .register(.pstate, field: "", bits: 1 << 22, isSet: true),
    ]
  private static let tableBits: [UInt64] = [0, 59, 60, 61, 62].map { 1 << $0 }
  private static let pageBits: [UInt64] = [0, 1, 6, 7, 10, 51, 53, 54].map { 1 << $0 }

  private static func entry(_ level: Int, _ bits: UInt64) -> Change {
    .entry(level: level, address: PhysicalAddress(0), field: "", bits: bits, isSet: true)
  }

  /// At most three bits of the descriptors and any registers are not as they would be.
  private static func random(_ generator: inout SeededGenerator) -> (Tables, Access, Int) {
    var tables = Tables()
    for _ in 0..<Int.random(in: 0...3, using: &generator) {
      let level = Int.random(in: 0...3, using: &generator)
      let bits = level == 3 ? pageBits + [1 << 45] : tableBits
      tables.flips[level] ^= bits.randomElement(using: &generator) ?? 0
    }
    for (bit, chance) in [(7, 20), (39, 3), (40, 3), (41, 3), (55, 8)] as [(UInt64, Int)]
    where Int.random(in: 0..<chance, using: &generator) == 0 {
      tables.tcr |= 1 << bit
    }
    for bit in [19, 57] as [UInt64] where Bool.random(using: &generator) {
      tables.sctlr |= 1 << bit
    }
    tables.pan = UInt64.random(in: 0...1, using: &generator)
    let kinds: [Access.Kind] = [.read, .write, .execute]
    let access = Access(
      kinds.randomElement(using: &generator) ?? .read,
      as: Access.Privilege.allCases.randomElement(using: &generator) ?? .user)
    return (tables, access, Bool.random(using: &generator) ? 52 : 44)
  }
}
