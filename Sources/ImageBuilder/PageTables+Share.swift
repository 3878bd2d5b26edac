import Paging
import PhysicalMemory
import ScenarioFile

/// Entries that lead to tables of other addresses.
extension PageTables {
  /// Makes the entry for one address a copy of the one for another, and says what it shares.
  func share(
    _ item: Scenario.Share, level: Int, space: Int, from source: Int
  ) throws(Diagnostic) -> SharedRange {
    let state = state.half(of: VirtualAddress(item.with.value))
    let name = state.mode.entryName(level)
    guard
      state.pageShift(level) == self.state.half(of: VirtualAddress(item.va.value)).pageShift(level)
    else {
      throw Diagnostic(
        .contradiction, "the two halves have tables of different sizes", at: item.mark,
        notes: ["TCR gives them different granules"])
    }
    let model = try place(of: item.with, level: level, space: source)
    guard let modelTable = model.table, state.meaning(of: model.entry, level: level) != .notPresent
    else {
      throw Diagnostic(
        .noSuchEntry, "the \(name) for \(item.with.value.hex) is not present", at: item.with.mark,
        notes: ["only an entry that leads somewhere can be shared"])
    }
    let copy = try place(of: item.va, level: level, space: space, makingFor: item.mark)
    guard let table = copy.table, copy.entry == 0 else {
      let owner = copy.table.flatMap { owners[$0.base] }
      throw Diagnostic(
        .overlap, "the \(name) for \(item.va.value.hex) leads somewhere already", at: item.va.mark,
        notes: owner.map { ["line \($0.line) wrote entries of its table first"] } ?? [])
    }
    store(model.entry, in: table, at: copy.address, for: item.mark)
    let from = coverage(modelTable, index(of: model.address, in: modelTable))
    return SharedRange(
      mark: item.mark, level: level, space: table.space,
      range: coverage(table, index(of: copy.address, in: table)),
      sourceSpace: modelTable.space, source: from.lowerBound)
  }

  /// Makes an entry of the top table lead to the top table itself; gives the addresses it takes.
  func mapSelf(_ slot: Located<UInt64>, space: Int) throws(Diagnostic) -> ClosedRange<UInt64> {
    // On arm64 the kernel's half maps itself, or the page that it is in with the other one.
    let root = kernelRoot(of: space)
    let state = state(of: root)
    let before = UInt64(entriesBefore(root))
    let slots = before...before + UInt64(state.entryCount(root.level) - 1)
    let name = state.mode.tableName(root.level)
    guard slots.contains(slot.value) else {
      throw Diagnostic(
        .doesNotFit, "\(slot.value.hex) is no slot of the \(name)", at: slot.mark,
        notes: ["the slots are \(before == 0 ? "0" : before.hex) to \(slots.upperBound.hex)"])
    }
    let page = PhysicalAddress(root.base - before * UInt64(entrySize))
    guard let entry = state.tableEntry(to: page, level: root.level) else {
      throw Diagnostic(
        .misaligned, "the \(name) at \(root.base.hex) cannot be its own next table", at: slot.mark,
        notes: ["an entry leads to addresses that are multiples of 4 KiB"])
    }
    let index = Int(slot.value - before)
    let address = entryAddress(root.base, index)
    guard self.entry(at: address) == 0 else {
      let owner = owners[root.base].map { "line \($0.line) wrote entries of the table first" }
      throw Diagnostic(
        .overlap, "slot \(slot.value.hex) of the \(name) leads somewhere already", at: slot.mark,
        notes: owner.map { [$0] } ?? [])
    }
    store(entry, in: root, at: address, for: slot.mark)
    return coverage(root, index)
  }
}

/// Addresses that translate as others do, because one entry is a copy of another.
struct SharedRange: Sendable {
  var mark: SourceMark
  /// The level of the copied entry.
  var level: Int
  var space: Int
  var range: ClosedRange<UInt64>
  var sourceSpace: Int
  /// The first address of the entry that was copied.
  var source: UInt64
  /// Whether the copy takes away no rights, whatever the entry does that was copied.
  var hasOwnRights = false
}
