import Paging
import PhysicalMemory
import ScenarioFile

/// Collects what goes into the ledger while the image is written.
struct LedgerRecord {
  private let owners: [[Int]]
  private let levelCount: Int
  private var spaces: [Ledger.Space]
  private var exclusions: [Ledger.Exclusion] = []
  /// The sources of shared entries, by the place of the entry.
  private var sources: [EntryKey: SharedRange] = [:]

  private struct EntryKey: Hashable {
    var space: Int
    var level: Int
    var start: UInt64
  }

  init(owners: [[Int]], ownerCount: Int, levelCount: Int) {
    self.owners = owners
    self.levelCount = levelCount
    let empty = Ledger.Space(
      denials: [[Ledger.Denial]](repeating: [], count: levelCount + 1),
      silent: [RangeList](repeating: RangeList(), count: levelCount + 1),
      changed: [RangeList](repeating: RangeList(), count: levelCount + 1))
    spaces = [Ledger.Space](repeating: empty, count: ownerCount)
  }

  mutating func add(_ plan: MappingPlan, owner: Int) {
    guard let software = plan.software else { return spaces[owner].rules.append(plan.rule) }
    spaces[owner].entries.append(
      IntendedEntries(rule: plan.rule, level: plan.level, software: software))
  }

  mutating func add(_ plan: InvalidTablePlan, owner: Int) {
    spaces[owner].entries.append(
      IntendedEntries(rule: plan.rule, level: plan.level, software: plan.software))
  }

  mutating func add(_ share: SharedRange) {
    var share = share
    // A copy of a copy is a copy of the first one: chains would make the ledger's views deep.
    let key = EntryKey(space: share.sourceSpace, level: share.level, start: share.source)
    if let first = sources[key] {
      (share.sourceSpace, share.source) = (first.sourceSpace, first.source)
    }
    let place = EntryKey(space: share.space, level: share.level, start: share.range.lowerBound)
    sources[place] = share
    spaces[share.space].shares.append(share)
  }

  mutating func add(_ entry: EditedEntry, because reason: Ledger.Exclusion.Reason) {
    exclusions.append(
      Ledger.Exclusion(
        space: entry.space, start: VirtualAddress(entry.range.lowerBound),
        end: VirtualAddress(entry.range.upperBound), reason: reason, mark: entry.mark,
        level: entry.level))
  }

  /// The ledger, with what the entries above the leaves take away by owner and level.
  func ledger(
    denials: [(space: Int, level: Int, denial: Ledger.Denial)], isARM64: Bool
  ) -> Ledger {
    var spaces = spaces
    for item in denials { spaces[item.space].denials[item.level].append(item.denial) }
    for space in spaces.indices {
      for level in 1...levelCount {
        spaces[space].denials[level].sort { $0.range.lowerBound < $1.range.lowerBound }
      }
      spaces[space].shares.sort { $0.range.lowerBound < $1.range.lowerBound }
    }
    let grouped = Dictionary(grouping: exclusions) {
      EntryKey(space: $0.space, level: $0.level, start: 0)
    }
    for (key, group) in grouped {
      spaces[key.space].silent[key.level] = RangeList(group.map(\.range))
      spaces[key.space].changed[key.level] = RangeList(
        group.filter { $0.reason != .invalid }.map(\.range))
    }
    return Ledger(
      owners: owners, owned: spaces, exclusions: exclusions, levelCount: levelCount,
      isARM64: isARM64)
  }
}

extension PageTables {
  /// What the fields that items of `map:` gave to upper entries take away from the rights.
  func denials() -> [(space: Int, level: Int, denial: Ledger.Denial)] {
    upper.values.compactMap { entry in
      let state = state.half(of: VirtualAddress(entry.coverage.lowerBound))
      let rights = state.tableEntry(to: PhysicalAddress(0), level: entry.level).map {
        state.rights(of: $0 & ~entry.mask | entry.bits, level: entry.level)
      }
      guard let rights, rights != state.allRights else { return nil }
      let denial = Ledger.Denial(
        range: entry.coverage, rights: state.allRights.subtracting(rights))
      return (entry.space, entry.level, denial)
    }
  }

  /// The entries of tables that the image does not hold.
  func absentEntries() -> [EditedEntry] {
    guard !memory.absent.isEmpty else { return [] }
    let sorted = tables.values.sorted { $0.base < $1.base }
    var entries: [EditedEntry] = []
    for table in sorted {
      guard let extent = extent(of: table) else { continue }
      for hole in memory.absent.touching(extent) {
        let bytes = hole.clamped(to: extent)
        let first = coverage(table, index(of: bytes.lowerBound, in: table))
        let last = coverage(table, index(of: bytes.upperBound, in: table))
        // Of the top table, this takes in the addresses between the halves, which nobody maps.
        entries.append(
          EditedEntry(
            mark: nil, level: table.level, space: table.space,
            range: first.lowerBound...last.upperBound))
      }
    }
    return entries
  }
}
