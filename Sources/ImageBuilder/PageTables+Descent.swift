import Paging
import PhysicalMemory
import ScenarioFile

/// The way down the tables to an entry.
extension PageTables {
  /// Goes down to the entry of `level` that a walk of `address` reads.
  ///
  /// Tables that lack on the way are made where `mark` says for whom, and an error otherwise.
  func place(
    of address: Located<UInt64>, level: Int, space: Int, makingFor mark: SourceMark? = nil
  ) throws(Diagnostic) -> Place {
    let root = root(of: space, for: address.value)
    let state = state(of: root)
    var table: Table? = root
    var base = root.base
    var current = state.topLevel
    guard level <= current else {
      throw Diagnostic(
        .noSuchEntry,
        "the walk of \(address.value.hex) starts at \(state.mode.entryName(current))",
        at: address.mark, notes: ["TCR says how many address bits there are, and so levels"])
    }
    while true {
      let index = state.index(of: VirtualAddress(address.value), level: current)
      let entryAddress = entryAddress(base, index)
      let entry = try readableEntry(at: entryAddress, level: current, for: address)
      if current == level { return Place(table: table, address: entryAddress, entry: entry) }
      if entry == 0, let mark, let parent = table {
        let made = try makeTable(below: parent, at: index, for: mark)
        (table, base) = (made, made.base)
      } else {
        guard case .table(let next) = state.meaning(of: entry, level: current) else {
          throw unreachable(address, level: level, because: entry, at: current)
        }
        base = next.rawValue
        table = tables[base].flatMap { $0.level == current - 1 ? $0 : nil }
      }
      current -= 1
    }
  }

  private func readableEntry(
    at entryAddress: UInt64, level: Int, for address: Located<UInt64>
  ) throws(Diagnostic) -> UInt64 {
    guard let word = entryAddress.range(count: UInt64(entrySize)), memory.installed.contains(word)
    else {
      throw Diagnostic(
        .noSuchEntry,
        "the \(state.mode.entryName(level)) for \(address.value.hex) would be at "
          + "\(entryAddress.hex), which is not memory", at: address.mark, notes: [memory.note])
    }
    return entry(at: entryAddress)
  }

  private func unreachable(
    _ address: Located<UInt64>, level: Int, because entry: UInt64, at current: Int
  ) -> Diagnostic {
    let state = state.half(of: VirtualAddress(address.value))
    let name = state.mode.entryName(current)
    let note: String
    switch state.meaning(of: entry, level: current) {
    case .notPresent: note = "the \(name) for it is \(entry.hex), not present"
    case .reserved: note = "the \(name) for it is \(entry.hex), with reserved bits set"
    case .page: note = "the \(name) for it maps a page"
    case .table: note = "the \(name) for it leads to a table"
    }
    return Diagnostic(
      .noSuchEntry, "nothing leads to a \(state.mode.entryName(level)) for \(address.value.hex)",
      at: address.mark, notes: [note, "`map` an address beside it, and the tables are there"])
  }
}
