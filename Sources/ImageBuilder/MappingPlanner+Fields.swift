import BitLayout
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Rights and fields of the entries that a mapping writes.
extension MappingPlanner {
  /// The leaf entries without an address, one for each turn of the rights.
  func leafBits(of item: Scenario.Mapping, level: Int) -> [UInt64]? {
    let name = state.mode.entryName(level)
    let turns = item.alternate.isEmpty ? [item.rights] : item.alternate
    guard let layout = state.layout(level: level, isPage: true),
      let fields = bits(of: item.fields, in: layout)
    else { return nil }
    var result: [UInt64] = []
    for turn in turns {
      let rights = Rights(turn)
      guard let granting = state.bits(granting: rights, level: level, isPage: true) else {
        collector.report(noExecuteDisable(at: item.mark))
        return nil
      }
      guard let empty = EntryEncoder(state, level: level, isPage: true)?.base else { return nil }
      let software = entries?.pageBits(granting: rights) ?? 0
      let entry = (empty | granting | software) & ~fields.mask | fields.bits
      guard check(entry, isPage: true, level: level, rights: rights, item.fields, name) else {
        return nil
      }
      // The encoder adds P and PS itself.
      result.append(entry & ~empty)
    }
    return result
  }

  private func noExecuteDisable(at mark: SourceMark) -> Diagnostic {
    let note =
      state.mode == .x86
      ? "entries of 32-bit paging have no XD" : "EFER.NXE=0: bit 63 of an entry is reserved, not XD"
    return Diagnostic(
      .unknownField, "`execute: false` is not possible here", at: mark, notes: [note])
  }

  /// The fields of the entries above the leaf, by level.
  func upperBits(of item: Scenario.Mapping, above leaf: Int) -> [MappingPlan.UpperBits]? {
    let before = collector.diagnostics.count
    let levels = (leaf + 1)...max(leaf + 1, state.topLevel)
    let choices = levels.reversed().filter { $0 <= state.topLevel }
      .map(state.mode.entryName)
    let result = item.upper.compactMap { upper -> MappingPlan.UpperBits? in
      guard let level = state.mode.level(named: upper.level.value), level > leaf,
        level <= state.topLevel
      else {
        var unknown = Diagnostic(
          .unknownLevel, unknown: "level above the pages", upper.level, choices: choices)
        if choices.isEmpty { unknown.notes = ["no entries are above pages of this size"] }
        collector.report(unknown)
        return nil
      }
      guard let layout = state.layout(level: level, isPage: false),
        let fields = bits(of: upper.fields, in: layout),
        let entry = state.tableEntry(to: PhysicalAddress(0), level: level)
      else { return nil }
      let name = state.mode.entryName(level)
      let changed = entry & ~fields.mask | fields.bits
      guard check(changed, isPage: false, level: level, rights: nil, upper.fields, name) else {
        return nil
      }
      return MappingPlan.UpperBits(
        level: level, mask: fields.mask, bits: fields.bits, mark: upper.level.mark)
    }
    return collector.diagnostics.count == before ? result : nil
  }

  /// The places and values of fields by name, or nil where one is wrong.
  func bits(
    of settings: [Scenario.FieldSetting], in layout: WordLayout
  ) -> (mask: UInt64, bits: UInt64)? {
    var mask: UInt64 = 0
    var bits: UInt64 = 0
    var isRight = true
    for setting in settings {
      let name = setting.name.value
      guard let field = layout.field(named: name) ?? entries?.field(named: name) else {
        let choices =
          layout.fields.reversed().filter { $0.kind != .reserved }
          .map { String(describing: $0.name) } + (entries?.fieldNames ?? [])
        collector.report(
          Diagnostic(
            .unknownField, unknown: "field of a \(layout.name)", setting.name, choices: choices))
        isRight = false
        continue
      }
      guard let set = field.setting(setting.value.value, in: bits) else {
        collector.report(MachineSettings.doesNotFit(setting, field, of: "a \(layout.name)"))
        isRight = false
        continue
      }
      bits = set
      mask |= field.mask
    }
    return isRight ? (mask, bits) : nil
  }

  /// Whether an entry for address 0 still does what the mapping says.
  private func check(
    _ entry: UInt64, isPage: Bool, level: Int, rights: Rights?,
    _ settings: [Scenario.FieldSetting], _ name: String
  ) -> Bool {
    let meaning = state.meaning(of: entry, level: level)
    let wanted = isPage ? EntryMeaning.page(PhysicalAddress(0)) : .table(PhysicalAddress(0))
    guard let mark = settings.first?.name.mark else { return true }
    let problem: String
    switch meaning {
    case wanted:
      guard let rights, rights != state.effective(state.rights(of: entry, level: level)) else {
        return true
      }
      collector.report(
        .contradiction, "the fields of the \(name) contradict its `rights`", at: mark,
        notes: [state.isARM64 ? "`rights` sets AP, UXN and PXN" : "`rights` sets RW, US and XD"])
      return false
    case .notPresent: problem = state.isARM64 ? "no valid type" : "P=0"
    case .reserved(let bits): problem = "the reserved bits \(bits.hex)"
    case .page, .table: problem = "another address or page size"
    }
    collector.report(
      .contradiction,
      "with these fields the \(name) has \(problem) and does not lead to what is mapped", at: mark,
      notes: ["`entries` changes an entry to anything, after all pages are mapped"])
    return false
  }
}

extension PagingState {
  /// The entry that leads to a table and takes no right away, as the builder writes it.
  func tableEntry(to table: PhysicalAddress, level: Int) -> UInt64? {
    guard let entry = EntryEncoder(self, level: level, isPage: false)?.entry(to: table),
      let rights = bits(granting: .all, level: level, isPage: false)
    else { return nil }
    return entry | rights
  }
}
