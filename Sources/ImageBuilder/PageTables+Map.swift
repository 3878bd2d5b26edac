import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Writing the pages of an item of `map:`.
extension PageTables {
  /// Writes all pages of an item.
  ///
  /// Leaf tables are filled one after the other, without going down again for each page.
  func map(_ plan: MappingPlan, space: Int, collisions: Collisions) throws(Diagnostic) {
    var path = Path(self, plan, space: space)
    let rule = plan.rule
    let leaf = plan.level
    let state = plan.state
    let coverageShift = leaf == state.topLevel ? 64 : state.pageShift(leaf + 1)
    var index: UInt64 = 0
    while index < rule.count {
      let address = rule.address(index).rawValue
      let table = try path.leafTable(of: address, page: index, collisions)
      claim(table, for: rule.mark)
      var pages = rule.count - index
      if coverageShift < 64 {
        let rest = (1 << coverageShift - 1) - (address & (1 << coverageShift - 1))
        pages = min(pages, rest / rule.spacing + 1)
      }
      try fill(table, plan, index..<(index + pages), collisions)
      index += pages
    }
  }

  /// Writes the pages with these indexes, which all lie in one table.
  private func fill(
    _ table: Table, _ plan: MappingPlan, _ indexes: Range<UInt64>, _ collisions: Collisions
  ) throws(Diagnostic) {
    let rule = plan.rule
    let first = plan.state.index(of: rule.address(indexes.lowerBound), level: plan.level)
    var position = entryAddress(table.base, first)
    var offset = bytes.makeOffset(of: position)
    let step = Int(rule.spacing >> rule.pageShift) * entrySize
    let turns = plan.leafBits.count
    var turn = Int(indexes.lowerBound % UInt64(turns))
    for index in indexes {
      guard bytes.word(atOffset: offset, width: entrySize) == 0 else {
        throw collisions.overlap(rule, page: index)
      }
      let entry = try plan.entry(index, turn: turn)
      bytes.store(entry, atOffset: offset, width: entrySize)
      turn = turn + 1 == turns ? 0 : turn + 1
      let next = position &+ UInt64(step)
      // A table of several frames need not lie in one piece.
      let isSameFrame = next >> 12 == position >> 12 || index == indexes.upperBound - 1
      offset = isSameFrame ? offset &+ step : bytes.makeOffset(of: next)
      position = next
    }
  }
}

extension MappingPlan {
  /// The entry of page `index`, with rights that are in turn.
  fileprivate func entry(_ index: UInt64, turn: Int) throws(Diagnostic) -> UInt64 {
    if let software {
      let target = software.target(index, rule)
      guard let entry = software.series.entry(target) else {
        throw Diagnostic(
          .doesNotFit, "\(target.hex) does not fit the entry for \(rule.address(index))",
          at: rule.mark)
      }
      return entry
    }
    guard let entry = encoder.entry(to: PhysicalAddress(rule.frames[index])) else {
      preconditionFailure("the plan let a frame pass that does not fit")
    }
    return entry | leafBits[turn]
  }
}

/// The way down to the leaf table that was written last.
private struct Path {
  private let tables: PageTables
  private let plan: MappingPlan
  /// The tables from the leaf's level up, with the addresses they cover; nil before the first page.
  private var current: [PageTables.Table?]
  private var prefix: [UInt64]

  init(_ tables: PageTables, _ plan: MappingPlan, space: Int) {
    self.tables = tables
    self.plan = plan
    let top = plan.state.topLevel
    current = [PageTables.Table?](repeating: nil, count: top + 1)
    current[top] = tables.root(of: space, for: plan.rule.start.rawValue)
    prefix = [UInt64](repeating: 0, count: top + 1)
  }

  mutating func leafTable(
    of address: UInt64, page: UInt64, _ collisions: Collisions
  ) throws(Diagnostic) -> PageTables.Table {
    let state = plan.state
    let top = state.topLevel
    var level = plan.level
    while level < top, current[level] == nil || prefix[level] != key(address, level) { level += 1 }
    guard var table = current[level] else { preconditionFailure("the root is always known") }
    while level > plan.level {
      let index = state.index(of: VirtualAddress(address), level: level)
      table = try tables.child(of: table, at: index, for: plan, page: page, collisions)
      level -= 1
      (current[level], prefix[level]) = (table, key(address, level))
    }
    return table
  }

  /// What addresses in one table of the level have in common.
  private func key(_ address: UInt64, _ level: Int) -> UInt64 {
    address >> plan.state.pageShift(level + 1)
  }
}

extension PageTables {
  /// The table below an entry, made if there is none, with the fields that the item wants above it.
  fileprivate func child(
    of parent: Table, at index: Int, for plan: MappingPlan, page: UInt64, _ collisions: Collisions
  ) throws(Diagnostic) -> Table {
    let address = entryAddress(parent.base, index)
    let entry = entry(at: address)
    let table: Table
    if entry == 0 {
      table = try makeTable(below: parent, at: index, for: plan.rule.mark)
    } else {
      guard case .table(let next) = plan.state.meaning(of: entry, level: parent.level),
        let known = tables[next.rawValue]
      else { throw collisions.overlap(plan.rule, page: page) }
      table = known
    }
    for wanted in plan.upper where wanted.level == parent.level {
      try apply(wanted, to: parent, at: index)
    }
    return table
  }

  /// Sets fields of an entry that leads to a table; what another item set must agree.
  private func apply(
    _ wanted: MappingPlan.UpperBits, to table: Table, at index: Int
  ) throws(Diagnostic) {
    let address = entryAddress(table.base, index)
    let coverage = coverage(table, index)
    var known =
      upper[address]
      ?? UpperEntry(
        mask: 0, bits: 0, mark: wanted.mark, level: table.level, space: table.space,
        coverage: coverage)
    guard (known.bits ^ wanted.bits) & known.mask & wanted.mask == 0 else {
      throw Diagnostic(
        .contradiction,
        "the \(state.mode.entryName(table.level)) for \(coverage.lowerBound.hex) has other fields "
          + "already", at: wanted.mark,
        notes: ["line \(known.mark.line) sets the fields of the same entry"])
    }
    known.mask |= wanted.mask
    known.bits |= wanted.bits
    upper[address] = known
    store(entry(at: address) & ~wanted.mask | wanted.bits, at: address)
  }
}
