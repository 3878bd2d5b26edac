public import Machine
import Paging
import PhysicalMemory

/// Finds where two address spaces of one mode translate differently.
///
/// It descends only where digests differ, and into each pair of tables once.
public struct TreeComparison {
  /// One side: a machine's memory under one root, seen from one top table at a time.
  public struct Side {
    let memory: MemoryImage
    private(set) var state: PagingState
    fileprivate var digester: Digester

    /// Takes the side of `machine` under the root register of `space`.
    public init(_ machine: Machine, root register: UInt64) {
      memory = machine.memory
      var state = machine.paging
      state.cr3 = register
      self.state = state
      digester = Digester(memory: machine.memory, state: state)
    }

    /// Looks at the top table that translates `address`; gives what it holds.
    fileprivate mutating func look(at address: UInt64) -> Slot {
      state = state.half(of: VirtualAddress(address))
      guard state.halves.contains(state) else { return .nothing }
      let rights = state.allRights
      let key = state.tableKey(state.root, level: state.topLevel, rights: rights)
      return .table(state.root, rights, digester.digest(of: key) ?? .nothing)
    }
  }

  /// What a slot of a table holds on one side.
  fileprivate enum Slot: Hashable {
    case nothing
    case page(PhysicalAddress, Rights)
    case table(PhysicalAddress, Rights, TranslationDigest)
    case reserved(UInt64)
    case missing
  }

  private struct Pair: Hashable {
    var a: Slot
    var b: Slot
    var level: Int
  }

  private var a: Side
  private var b: Side
  private let mode: PagingMode
  private var done: Set<Pair> = []
  private var path: [TranslationDifference.PathElement] = []

  /// Prepares the comparison of two sides; nil where their modes differ, or the sizes of arm64's
  /// halves and granules.
  public init?(_ a: Side, _ b: Side) {
    guard a.state.hasGeometry(of: b.state) else { return nil }
    self.a = a
    self.b = b
    mode = a.state.mode
  }

  /// Gives the differences in ascending order of addresses until `emit` returns false.
  ///
  /// Returns whether the two translate alike.
  public mutating func differences(
    _ emit: (TranslationDifference) -> Bool
  ) -> Bool {
    let digestA = a.digester.digest(root: a.state.cr3)
    let digestB = b.digester.digest(root: b.state.cr3)
    guard digestA.digest != digestB.digest else { return true }
    for half in a.state.allHalves {
      let start = half.firstAddress
      let (topA, topB) = (a.look(at: start), b.look(at: start))
      guard topA != topB else { continue }
      done.removeAll()
      guard descend(topA, topB, level: half.topLevel, address: start, emit) else { break }
    }
    return false
  }

  /// Compares the tables of `level` in two slots, entry by entry; false ends everything.
  private mutating func descend(
    _ slotA: Slot, _ slotB: Slot, level: Int, address: UInt64,
    _ emit: (TranslationDifference) -> Bool
  ) -> Bool {
    guard done.insert(Pair(a: slotA, b: slotB, level: level)).inserted else { return true }
    for index in 0..<a.state.entryCount(level) {
      let entryA = Self.entry(&a, slotA, level, index)
      let entryB = Self.entry(&b, slotB, level, index)
      guard entryA != entryB else { continue }
      let start = a.state.address(address, level: level, index: index)
      path.append(.init(name: mode.entryName(level), index: index))
      defer { path.removeLast() }
      guard compare(entryA, entryB, level: level, address: start, emit) else { return false }
    }
    return true
  }

  private mutating func compare(
    _ slotA: Slot, _ slotB: Slot, level: Int, address: UInt64,
    _ emit: (TranslationDifference) -> Bool
  ) -> Bool {
    switch (slotA, slotB) {
    case (.table(_, _, let digestA), .table(_, _, let digestB)):
      guard digestA.digest != digestB.digest else { return true }
      return descend(slotA, slotB, level: level - 1, address: address, emit)
    case (.table(_, _, let digest), .nothing), (.nothing, .table(_, _, let digest)):
      guard digest.digest != .nothing else { return true }
      return descend(slotA, slotB, level: level - 1, address: address, emit)
    default:
      let shift = a.state.pageShift(level)
      return emit(
        TranslationDifference(
          address: VirtualAddress(address), path: path, a: Self.answer(slotA, shift),
          b: Self.answer(slotB, shift)))
    }
  }

  private static func entry(_ side: inout Side, _ slot: Slot, _ level: Int, _ index: Int) -> Slot {
    guard case .table(let table, let rights, _) = slot else { return .nothing }
    let state = side.state
    guard let entry = state.entry(of: table, at: index, in: side.memory) else { return .missing }
    let left = rights.intersection(state.rights(of: entry, level: level))
    switch state.meaning(of: entry, level: level) {
    case .notPresent: return .nothing
    case .reserved(let bits): return .reserved(bits)
    case .page(let page): return .page(page, state.effective(left))
    case .table(let next):
      let key = state.tableKey(next, level: level - 1, rights: left)
      return .table(next, left, side.digester.digest(of: key) ?? .nothing)
    }
  }

  private static func answer(_ slot: Slot, _ shift: UInt64) -> TranslationDifference.Answer {
    switch slot {
    case .nothing: .notPresent
    case .page(let page, let rights): .page(page, shift: shift, rights)
    case .table(_, _, let digest): .table(mappings: digest.mappings)
    case .reserved(let bits): .reserved(bits)
    case .missing: .missing
    }
  }
}
