import Paging
import PhysicalMemory

extension Machine {
  /// Sweeps all roots and gives each finding once, root by root in ascending order of addresses,
  /// until `emit` returns false.
  public func check(_ emit: @escaping (Finding) -> Bool) {
    let visitor = CheckVisitor(machine: self, emit: emit)
    var operation = CheckOperation(visitor: visitor)
    var swept: Set<UInt64> = []
    for space in addressSpaces {
      let state = paging(of: space)
      guard swept.insert(state.root.rawValue).inserted else { continue }
      operation.visitor.begin(state)
      operation = state.perform(&operation, on: memory)
    }
    if operation.visitor.wantsMore { checkFrames(emit) }
  }
}

private struct CheckOperation: WalkerOperation {
  var visitor: CheckVisitor

  mutating func run(_ walker: some TableWalker) -> CheckOperation {
    walker.scan(visitor: &visitor)
    visitor.finish()
    return self
  }
}

/// Looks at every table of every root once.
private struct CheckVisitor: TableVisitor {
  private let memory: MemoryImage
  private let end: UInt64
  private let emit: (Finding) -> Bool
  private var state: PagingState
  /// The root of the address space: that of the lower half, where there are two.
  private var space: PhysicalAddress
  /// The level of the top table that is being read.
  private var topLevel: Int
  /// The top table that is being read.
  private var top: PhysicalAddress
  /// What a self-map of it leads to: the page that it is in, which may hold the top tables of both halves.
  private var topPage: PhysicalAddress
  private var seen = FoldTable<UInt8>(empty: 0)
  /// The tables between the root and the one that is read.
  private var path: [PhysicalAddress] = []
  /// The tables that a self-map of another root leads to.
  private var otherRoots: Set<PhysicalAddress> = []
  private var held: [Finding] = []
  private var releasedBelow = UInt64.max
  private(set) var wantsMore = true
  private var writableExecutable = Row()
  private var beyond = Row()
  private var absent = Row()

  /// Entries side by side with the same finding, said as one.
  private struct Row {
    var first: EntryVisit?
    var last: UInt64 = 0
    var count: UInt64 = 0

    mutating func extend(_ entry: EntryVisit) -> Bool {
      guard let first, first.level == entry.level, last == entry.address else { return false }
      last = entry.address &+ 1 &<< entry.shift
      count += 1
      return true
    }

    init() {}

    init(_ entry: EntryVisit) {
      first = entry
      last = entry.address &+ 1 &<< entry.shift
      count = 1
    }
  }

  init(machine: Machine, emit: @escaping (Finding) -> Bool) {
    memory = machine.memory
    end = machine.memory.runs.last.map { $0.last.rawValue } ?? 0
    state = machine.paging
    space = machine.paging.root
    topLevel = machine.paging.topLevel
    top = machine.paging.root
    topPage = machine.paging.rootPage
    self.emit = emit
  }

  mutating func begin(_ state: PagingState) {
    self.state = state
    space = state.root
  }

  mutating func finish() {
    flush(\.writableExecutable, .writableExecutable)
    flush(\.beyond, .beyondMemory)
    flush(\.absent, .absentTable)
  }

  mutating func enter(_ table: TableVisit) -> Bool {
    guard wantsMore else { return false }
    if path.isEmpty {
      state = state.half(of: VirtualAddress(table.address))
      (topLevel, top, topPage) = (table.level, table.table, state.rootPage)
    }
    if path.contains(table.table) { checkCycle(table) }
    if table.level == topLevel - 1 { checkSelfMap(table) }
    guard seen.value(for: table.key) == nil else { return false }
    seen.store(1, for: table.key)
    path.append(table.table)
    return true
  }

  mutating func leave(_ table: TableVisit) { path.removeLast() }

  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) {
    if entry.rights.isSuperset(of: [.write, .execute]), state.noExecute {
      note(entry, .writableExecutable, \.writableExecutable)
    }
    if page.rawValue &+ ((1 &<< entry.shift) &- 1) > end {
      note(entry, .beyondMemory, \.beyond)
    }
  }

  mutating func reserved(_ entry: EntryVisit, bits: UInt64) {
    let name = state.mode.entryName(entry.level)
    let what = state.isARM64 ? "address bits beyond the output size" : "reserved bits set"
    give(
      .reservedBits, entry, value: entry.entry,
      "\(name) \(entry.entry.hex) has \(what): \(bits.hex)")
  }

  mutating func missing(_ entry: EntryVisit) { note(entry, .absentTable, \.absent) }

  private mutating func checkCycle(_ table: TableVisit) {
    guard !isSelfMapped(table) else { return }
    let name = state.mode.tableName(table.level)
    give(
      Finding(
        .cycle, root: space, address: VirtualAddress(table.address),
        entryAddress: table.table, value: table.table.rawValue,
        detail: "the table at \(table.table) is its own ancestor, here as \(name)"))
  }

  /// Whether a table that leads to itself does so as operating systems make it: from the root, from
  /// another process's root, or, where four directories stand in for the root, from one of these.
  private func isSelfMapped(_ table: TableVisit) -> Bool {
    if state.mode == .pae && path.count == 2 { return isDirectorySelfMapped(table) }
    guard [top, topPage].contains(table.table) || otherRoots.contains(table.table) else {
      return false
    }
    return path.drop { $0 != table.table }.allSatisfy { $0 == table.table }
  }

  /// Four PDEs in a row lead to the four directories, as the four PDPTEs do.
  private func isDirectorySelfMapped(_ table: TableVisit) -> Bool {
    let index = state.index(of: VirtualAddress(table.address), level: table.level + 1)
    let level = topLevel
    guard let entry = state.entry(of: top, at: index % state.entryCount(level), in: memory)
    else { return false }
    return state.meaning(of: entry, level: level) == .table(table.table)
  }

  /// Slot i of the root leads to a table whose slot i leads to itself: the self-map of another
  /// root.
  private mutating func checkSelfMap(_ table: TableVisit) {
    guard path.count == 1, table.table != top, table.table != topPage else { return }
    let level = topLevel
    let place = state.index(of: VirtualAddress(table.address), level: level)
    guard place < state.entryCount(level) else { return }
    let index = place + Int(top.rawValue - topPage.rawValue) / state.entrySize
    guard let entry = state.entry(of: table.table, at: index, in: memory),
      case .table(table.table) = state.meaning(of: entry, level: level)
    else { return }
    otherRoots.insert(table.table)
    let name = state.mode.entryName(level)
    give(
      Finding(
        .selfMap, root: space, address: VirtualAddress(table.address),
        entryAddress: topPage.advanced(by: UInt64(index * state.entrySize)), value: entry,
        detail: "\(name)[\(index.hex)] is the self-map of root \(table.table), not of this one"))
  }

  private mutating func note(
    _ entry: EntryVisit, _ kind: Finding.Kind, _ row: WritableKeyPath<Self, Row>
  ) {
    if self[keyPath: row].extend(entry) { return }
    flush(row, kind)
    self[keyPath: row] = Row(entry)
  }

  private mutating func flush(_ row: WritableKeyPath<Self, Row>, _ kind: Finding.Kind) {
    guard let entry = self[keyPath: row].first else { return }
    let count = self[keyPath: row].count
    self[keyPath: row] = Row()
    let pages = count == 1 ? "one page" : "\(count) pages"
    switch kind {
    case .writableExecutable: give(kind, entry, "\(pages) may be written and executed")
    case .beyondMemory:
      give(kind, entry, "\(pages) past the last byte of the image, \(end.hex)")
    default:
      let name = state.mode.entryName(entry.level)
      let entries = count == 1 ? "one \(name) is" : "\(count) \(name)s are"
      give(kind, entry, value: nil, "\(entries) not in the image")
    }
  }

  private mutating func give(
    _ kind: Finding.Kind, _ entry: EntryVisit, value: UInt64?, _ detail: String
  ) {
    give(
      Finding(
        kind, root: space, address: VirtualAddress(entry.address),
        entryAddress: entry.entryAddress, value: value, detail: detail))
  }

  private mutating func give(_ kind: Finding.Kind, _ entry: EntryVisit, _ detail: String) {
    give(kind, entry, value: entry.entry, detail)
  }

  /// Gives a finding, or holds it back while a row is under way that may have begun before it.
  private mutating func give(_ finding: Finding) {
    held.append(finding)
    release()
  }

  private mutating func release() {
    let rows = [writableExecutable, beyond, absent].compactMap(\.first?.address)
    let bound = rows.min() ?? UInt64.max
    // Nothing held can be below a row that has not ended since the last release.
    guard bound != releasedBelow || rows.isEmpty else { return }
    releasedBelow = bound
    held.sort { Self.order($0) < Self.order($1) }
    let ready = held.prefix { Self.order($0) <= bound }
    for finding in ready where wantsMore { wantsMore = emit(finding) }
    held.removeFirst(ready.count)
  }

  private static func order(_ finding: Finding) -> UInt64 { finding.address?.rawValue ?? 0 }
}

extension PagingState {
  /// The page that the top table of the half in view is in; where that is not one of arm64, the table.
  var rootPage: PhysicalAddress {
    guard isARM64 else { return root }
    return PhysicalAddress(root.rawValue & ~((1 &<< pageShift(1)) &- 1))
  }
}
