import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// The page tables of all address spaces, as they are written.
final class PageTables {
  /// A table that the builder made, and the addresses it translates in the space that owns it.
  struct Table {
    var base: UInt64
    var level: Int
    var space: Int
    /// The first virtual address it translates.
    var address: UInt64
  }

  /// Where a walk down the tables arrived.
  struct Place {
    /// The table, where the builder made it.
    var table: Table?
    /// The address of the entry.
    var address: UInt64
    var entry: UInt64
  }

  /// The state, as seen from the lower half where there are two.
  let state: PagingState
  let bytes: FrameBytes
  let memory: InstalledMemory
  /// The kernel whose tables these are; nil where there is none.
  let entries: (any KernelEntries)?
  private var supply: FrameSupply
  /// The tables by their addresses.
  private(set) var tables: [UInt64: Table] = [:]
  /// The item that wrote the first entry of a table, by the table's address.
  private(set) var owners: [UInt64: SourceMark] = [:]
  private(set) var roots: [Table] = []
  /// The top table of arm64's upper half of each space, which can be one for all; none in other modes.
  private(set) var upperRoots: [Table] = []
  /// The top tables by the frame they lie in, of which PAE paging can put several into one.
  private(set) var rootsInFrame: [UInt64: [UInt64]] = [:]
  /// What items of `map:` want of entries above the leaves, by the entry's address.
  var upper: [UInt64: UpperEntry] = [:]
  let entrySize: Int
  /// Whether entries may lack that the scenario means to have, because items before are wrong.
  var mayLackEntries = false

  init(
    _ state: PagingState, _ bytes: FrameBytes, _ memory: InstalledMemory, _ supply: FrameSupply,
    _ entries: (any KernelEntries)?
  ) {
    self.state = state
    self.entries = entries
    self.bytes = bytes
    self.memory = memory
    self.supply = supply
    entrySize = state.entrySize
  }

  /// Begins an address space; spaces with one root share their tables.
  func addRoot(_ base: UInt64) {
    let space = roots.count
    roots.append(addTopTable(base, state, space: space))
  }

  /// Begins the upper half of arm64 of the next space, after all address spaces.
  func addUpperRoot(_ base: UInt64) {
    let space = roots.count + upperRoots.count
    upperRoots.append(addTopTable(base, state.of(.upper), space: space))
  }

  /// The top table that has the kernel's addresses in a space.
  func kernelRoot(of space: Int) -> Table {
    upperRoots.isEmpty ? roots[space] : upperRoots[space]
  }

  /// What the tables of each space belong to: the spaces, and on arm64 their upper halves too.
  var spacesOfTables: [[Int]] {
    upperRoots.isEmpty
      ? roots.map { [$0.space] } : zip(roots, upperRoots).map { [$0.space, $1.space] }
  }

  /// How many tables can belong to.
  var ownerCount: Int { roots.count + upperRoots.count }

  /// How many entries of its page lie before a top table: those of the lower half, where both halves are in one.
  func entriesBefore(_ root: Table) -> Int {
    guard state.arm64.upperTableOffset != nil else { return 0 }
    return Int(root.base % frameSize) / entrySize
  }

  private func addTopTable(_ base: UInt64, _ state: PagingState, space: Int) -> Table {
    let table =
      tables[base]
      ?? Table(base: base, level: state.topLevel, space: space, address: state.firstAddress)
    if tables.updateValue(table, forKey: base) == nil {
      rootsInFrame[base >> 12, default: []].append(base)
    }
    makeRoom(for: base, byteCount: state.tableSize(state.topLevel))
    return table
  }

  private func makeRoom(for base: UInt64, byteCount: UInt64) {
    for frame in (base >> 12)...((base + byteCount - 1) >> 12) {
      _ = bytes.makeOffset(of: frame << 12)
    }
  }

  /// The top table of a space that translates an address.
  func root(of space: Int, for address: UInt64) -> Table {
    guard !upperRoots.isEmpty, ARM64Half(of: address) == .upper else { return roots[space] }
    return kernelRoot(of: space)
  }

  /// The state as seen from the half that a table belongs to.
  func state(of table: Table) -> PagingState {
    state.half(of: VirtualAddress(table.address))
  }

  /// Refuses to write to yet another frame where there is no room left for one.
  func checkRoom(
    for address: UInt64, frames: UInt64 = 1, at mark: SourceMark
  ) throws(Diagnostic) {
    guard !bytes.hasRoom(for: address, frames: frames) else { return }
    throw Diagnostic(
      .tooLarge, "the image has more tables and contents than \(BuildLimit.text)", at: mark)
  }

  // MARK: - Entries

  func entryAddress(_ table: UInt64, _ index: Int) -> UInt64 {
    table &+ UInt64(index * entrySize)
  }

  func entry(at address: UInt64) -> UInt64 { bytes.word(at: address, width: entrySize) }

  func store(_ entry: UInt64, at address: UInt64) {
    bytes.store(entry, at: address, width: entrySize)
  }

  /// Stores an entry of a table that the builder made, for the item at `mark`.
  func store(_ entry: UInt64, in table: Table, at address: UInt64, for mark: SourceMark) {
    store(entry, at: address)
    claim(table, for: mark)
  }

  /// The item at `mark` writes entries of the table.
  func claim(_ table: Table, for mark: SourceMark) {
    if owners[table.base] == nil { owners[table.base] = mark }
  }

  /// The virtual addresses that entry `index` of a table translates.
  func coverage(_ table: Table, _ index: Int) -> ClosedRange<UInt64> {
    let state = state(of: table)
    let start = state.address(table.address, level: table.level, index: index)
    return start...(start | (1 << state.pageShift(table.level) - 1))
  }

  /// The index of the entry at a physical address of a table.
  func index(of address: UInt64, in table: Table) -> Int {
    Int((address &- table.base) / UInt64(entrySize))
  }

  // MARK: - Descending

  /// The table below an entry that is 0, made and entered for the item at `mark`.
  func makeTable(
    below parent: Table, at index: Int, in frame: UInt64? = nil, for mark: SourceMark
  ) throws(Diagnostic) -> Table {
    let state = state(of: parent)
    let address = entryAddress(parent.base, index)
    guard let base = frame ?? supply.take() else {
      throw Diagnostic(
        .outOfFrames, "no frame is left for another table", at: mark,
        notes: [
          memory.note, "the others hold what the scenario names, or lie before `tables: { from }`",
        ])
    }
    guard let entry = state.tableEntry(to: PhysicalAddress(base), level: parent.level) else {
      let bits = state.addressBits(level: parent.level, isPage: false)
      throw Diagnostic(
        .outOfFrames, "no frame is left below bit \(bits) for another table", at: mark,
        notes: [memory.note])
    }
    try checkRoom(for: base, frames: state.tableFrames, at: mark)
    store(entry | tableBits(parent.level), in: parent, at: address, for: mark)
    let table = Table(
      base: base, level: parent.level - 1, space: parent.space,
      address: state.address(parent.address, level: parent.level, index: index))
    tables[base] = table
    // A table counts as written from here on, although it may stay empty.
    makeRoom(for: base, byteCount: state.tableSize(table.level))
    return table
  }

  /// What the kernel sets beside the processor's bits in an entry of a level that leads to a table.
  func tableBits(_ level: Int) -> UInt64 {
    // A PDPTE of PAE paging has no bits but P, PWT and PCD.
    guard let entries, state.mode != .pae || level < 3 else { return 0 }
    return entries.tableBits
  }
}

/// What items of `map:` want of an entry above the leaves.
struct UpperEntry {
  var mask: UInt64
  var bits: UInt64
  var mark: SourceMark
  var level: Int
  var space: Int
  var coverage: ClosedRange<UInt64>
}
