import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Checks the items of `ptes:`.
extension MappingPlanner {
  /// The plan of an item about leaf entries, or nil where it is about tables, or wrong.
  func plan(_ item: Scenario.SoftwareEntry) -> MappingPlan? {
    guard !collector.isDamaged(item.mark), windows != nil || linux != nil else { return nil }
    let planner = inHalf(of: item.va.value)
    guard let level = planner.level(of: item, reports: true) else { return nil }
    guard let windows else {
      return linux.flatMap { planner.planEntries(item, level: level, $0) }
    }
    switch item.statement.state.value {
    case .valid, .large: return planner.planPages(item, level: level, windows)
    default: return level > 1 ? nil : planner.planEntries(item, windows)
    }
  }

  /// The plan of an item about entries above the leaves, or nil where it is about leaves, or wrong.
  func planTable(_ item: Scenario.SoftwareEntry) -> InvalidTablePlan? {
    guard !collector.isDamaged(item.mark), let windows else { return nil }
    let planner = inHalf(of: item.va.value)
    guard let level = planner.level(of: item, reports: false), level > 1 else { return nil }
    switch item.statement.state.value {
    case .valid, .large: return nil
    default: return planner.planTable(item, level: level, windows)
    }
  }

  private func level(of item: Scenario.SoftwareEntry, reports: Bool) -> Int? {
    guard let name = item.level else { return 1 }
    if let level = state.mode.level(named: name.value), level <= state.topLevel { return level }
    guard reports else { return nil }
    collector.report(
      Diagnostic(.unknownLevel, unknown: "level", name, choices: state.mode.entryNames))
    return nil
  }

  // MARK: - Entries that are not valid

  private func planEntries(
    _ item: Scenario.SoftwareEntry, _ windows: WindowsEntries
  ) -> MappingPlan? {
    guard let pages = pages(item.va, every: nil, level: 1),
      let bound = tableBound(item.va.mark, pages.start, pages.spacing, pages.count, level: 1),
      let encoder = EntryEncoder(state, level: 1, isPage: true)
    else { return nil }
    let to = item.statement.to
    var frames = FrameSequence.constant(0)
    if let to {
      guard
        let found = self.frames(
          to, start: pages.start, spacing: pages.spacing, count: pages.count, level: 1)
      else { return nil }
      frames = found
    }
    guard let software = softwareRule(item.statement, frames, pages.count, windows) else {
      return nil
    }
    let rule = IntendedRule(
      mark: item.mark, start: VirtualAddress(pages.start), spacing: pages.spacing,
      count: pages.count, pageShift: state.pageShift(1), rights: [[]], frames: frames)
    return MappingPlan(
      rule: rule, state: state, level: 1, leafBits: [0], encoder: encoder, upper: [],
      needsFrames: to?.value == .automatic, tableBound: bound, software: software)
  }

  private func planTable(
    _ item: Scenario.SoftwareEntry, level: Int, _ windows: WindowsEntries
  ) -> InvalidTablePlan? {
    let statement = item.statement
    guard let pages = pages(item.va, every: nil, level: level) else { return nil }
    var frames = FrameSequence.constant(0)
    var frame: UInt64?
    if let to = statement.to, to.value != .automatic {
      // A table takes one frame, however much it translates.
      guard case .frame(let address) = to.value, pages.count == 1 else {
        collector.report(
          .contradiction, "a table that is in transition is in one frame", at: to.mark,
          notes: ["say each table for itself, or `to: auto`"])
        return nil
      }
      guard let found = self.frames(to, start: 0, spacing: 1, count: 1, level: 1) else {
        return nil
      }
      (frames, frame) = (found, address)
    }
    guard let software = softwareRule(statement, frames, pages.count, windows) else { return nil }
    let rule = IntendedRule(
      mark: item.mark, start: VirtualAddress(pages.start), spacing: pages.spacing,
      count: pages.count, pageShift: state.pageShift(level), rights: [[]], frames: frames)
    return InvalidTablePlan(rule: rule, level: level, software: software, frame: frame)
  }

  /// What the entries of a statement are, or nil where the kernel cannot say that.
  func softwareRule(
    _ statement: Scenario.EntryStatement, _ frames: FrameSequence, _ count: UInt64,
    _ windows: WindowsEntries
  ) -> SoftwareRule? {
    guard let (form, targets) = form(of: statement, frames, count, windows) else { return nil }
    let extra = statement.fields.map { (name: $0.name.value, value: $0.value.value) }
    do throws(PTEEncodingError) {
      let series = try windows.encoder.series(form, setting: extra)
      return SoftwareRule(
        state: .windows(form.state), protection: form.protection, series: .windows(series),
        targets: targets)
    } catch {
      collector.report(diagnostic(error, statement, windows))
      return nil
    }
  }

  private func diagnostic(
    _ error: PTEEncodingError, _ statement: Scenario.EntryStatement, _ windows: WindowsEntries
  ) -> Diagnostic {
    let kernel = "the kernel is \(windows.kernel.version) with \(windows.kernel.format.words)"
    let mark = statement.fields.first?.name.mark ?? statement.state.mark
    switch error {
    case .noField(let name, let structure, let choices):
      let setting = statement.fields.first { $0.name.value == name }
      guard let setting else {
        return Diagnostic(
          .notForSystem, "\(structure.rawValue) has no \(name)", at: statement.state.mark,
          notes: [kernel])
      }
      var unknown = Diagnostic(
        .unknownField, unknown: "field of \(structure.rawValue)", setting.name, choices: choices)
      unknown.notes.append(kernel)
      return unknown
    case .noStructure, .noSuchAddress:
      return Diagnostic(.notForSystem, "\(error)", at: statement.state.mark, notes: [kernel])
    case .doesNotFit(let field, _, _, _):
      let setting = statement.fields.first { $0.name.value.lowercased() == field.lowercased() }
      let mark = setting?.value.mark ?? (statement.offset ?? statement.address)?.mark ?? mark
      return Diagnostic(.doesNotFit, "\(error)", at: mark, notes: [kernel])
    case .readsAs(let state, let wanted, _):
      let isAboutStore =
        wanted == .virtualStore || (state == .virtualStore && windows.store != nil)
      return Diagnostic(
        .contradiction, "\(error)", at: mark,
        notes: isAboutStore ? [kernel, store(windows)] : [kernel])
    }
  }

  /// What makes an entry one of the store of compressed pages.
  private func store(_ windows: WindowsEntries) -> String {
    guard windows.kernel.id.numbersStore else { return "such kernels have no store" }
    let files = "`windows: { page-files: [{ number: 2, store: true }] }`"
    return windows.store.map { "the store is page file \($0)" }
      ?? "no page file of this scenario is a store; \(files) would be one"
  }
}
