import BitLayout
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// The items of `entries:`, which may make of an entry what they like.
extension PageTables {
  /// The place of the entry that an item is about, by the tables as they are; nil where nothing
  /// leads to it.
  func findEntry(_ item: Scenario.EntryEdit, space: Int) -> Place? {
    guard case .entry(let va, let name) = item.place else { return nil }
    guard let level = state.mode.level(named: name.value) else { return nil }
    return try? place(of: va, level: level, space: space)
  }

  /// Changes an entry or a word, and gives the entries of known tables that it changed.
  ///
  /// Items before this one may have cut the way to the entry; it is then the one that was there
  /// before any of them, at `original`.
  func edit(
    _ item: Scenario.EntryEdit, space: Int, original: Place?
  ) throws(Diagnostic) -> [EditedEntry] {
    switch item.place {
    case .word(let at, let width):
      try checkHeld(at.value, width: width, at: at.mark)
      let word = bytes.word(at: at.value, width: width)
      let changed = try change(word, item, level: nil, isPage: false, state)
      bytes.store(changed, at: at.value, width: width)
      return edited(at.value, width: width, mark: item.mark)
    case .entry(let va, let levelName):
      guard let level = state.mode.level(named: levelName.value) else { return [] }
      let half = state.half(of: VirtualAddress(va.value))
      var found = findEntry(item, space: space) ?? original
      if found == nil, mayLackEntries {
        _ = try change(0, item, level: level, isPage: isPage(0, item, level: level), half)
      }
      if found == nil { found = try place(of: va, level: level, space: space) }
      guard let address = found?.address else { return [] }
      try checkHeld(address, width: entrySize, at: va.mark)
      let entry = entry(at: address)
      let changed = try change(
        entry, item, level: level, isPage: isPage(entry, item, level: level), half)
      store(changed, at: address)
      return edited(address, width: entrySize, mark: item.mark)
    }
  }

  private func checkHeld(_ address: UInt64, width: Int, at mark: SourceMark) throws(Diagnostic) {
    guard let word = address.range(count: UInt64(width)), memory.present.contains(word) else {
      throw Diagnostic(
        .outsideMemory, "the image does not hold the word at \(address.hex)", at: mark,
        notes: [memory.installed.contains(address) ? "`absent` takes it away" : memory.note])
    }
    try checkRoom(for: address, at: mark)
  }

  /// Whether the entry, with what the item sets, is one that maps a page.
  private func isPage(_ entry: UInt64, _ item: Scenario.EntryEdit, level: Int) -> Bool {
    guard level > 1 else { return true }
    guard case .bits(let settings, _, _) = item.change else { return false }
    // On arm64 bit 1 says table, where on x86 PS says page.
    let field = state.isARM64 ? ARM64Layouts.type : X86Fields.pageSize
    let name = String(describing: field.name).lowercased()
    let said = settings.last { $0.name.value.lowercased() == name }
    return (said.map { $0.value.value != 0 } ?? field.isSet(in: entry)) != state.isARM64
  }

  private func change(
    _ word: UInt64, _ item: Scenario.EntryEdit, level: Int?, isPage: Bool, _ state: PagingState
  ) throws(Diagnostic) -> UInt64 {
    switch item.change {
    case .value(let value): return value.value
    case .bits(let settings, let set, let clear):
      var result = word
      if let level {
        let layout =
          state.layout(level: level, isPage: isPage)
          ?? state.layout(level: level, isPage: !isPage)
        guard let layout else { return word }
        let other = state.layout(level: level, isPage: !isPage)
        for setting in settings {
          result = try apply(setting, in: layout, other: other, to: result)
        }
      }
      for bit in set { result |= 1 << UInt64(bit.value) }
      for bit in clear { result &= ~(1 << UInt64(bit.value)) }
      return result
    }
  }

  private func apply(
    _ setting: Scenario.FieldSetting, in layout: WordLayout, other: WordLayout?, to word: UInt64
  ) throws(Diagnostic) -> UInt64 {
    let name = setting.name.value
    let known = layout.field(named: name) ?? entries?.field(named: name)
    let field = mayLackEntries ? known ?? other?.field(named: setting.name.value) : known
    guard let field else {
      let choices =
        layout.fields.reversed().map { String(describing: $0.name) }
        + (entries?.fieldNames ?? [])
      var unknown = Diagnostic(
        .unknownField, unknown: "field of a \(layout.name)", setting.name, choices: choices)
      if let other, other.field(named: setting.name.value) != nil {
        let bit = state.isARM64 ? "bit 1" : "PS"
        unknown.notes = ["a \(other.name) has it; \(bit) says which of the two an entry is"]
      }
      throw unknown
    }
    guard let result = field.setting(setting.value.value, in: word) else {
      throw MachineSettings.doesNotFit(setting, field, of: "a \(layout.name)")
    }
    return result
  }

  /// The entries of known tables that a word covers.
  private func edited(_ address: UInt64, width: Int, mark: SourceMark) -> [EditedEntry] {
    guard let table = table(at: address) else { return [] }
    let first = index(of: address, in: table)
    let last = index(of: address + UInt64(width - 1), in: table)
    return (first...last).filter { $0 < state(of: table).entryCount(table.level) }.map { index in
      EditedEntry(
        mark: mark, level: table.level, space: table.space, range: coverage(table, index))
    }
  }

  /// The table that the builder made around an address.
  func table(at address: UInt64) -> Table? {
    let sizes = state.allHalves.flatMap { [$0.tableSize($0.topLevel), $0.tableSize(1)] }
    for alignment in [frameSize] + sizes {
      let base = address & ~(alignment - 1)
      if let table = tables[base], address - base < state(of: table).tableSize(table.level) {
        return table
      }
    }
    return nil
  }
}

/// An entry that says something else than what was mapped through it.
struct EditedEntry: Sendable {
  /// The item that is the cause; nil where the image lacks the entry.
  var mark: SourceMark?
  var level: Int
  var space: Int
  var range: ClosedRange<UInt64>
}
