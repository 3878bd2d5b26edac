import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Entries above the leaves that are not valid.
extension PageTables {
  /// Makes the table of a transition where the item says it is, so that entries can be put into it.
  func placeTables(_ plan: InvalidTablePlan, space: Int) throws(Diagnostic) {
    guard let frame = plan.frame else { return }
    let va = Located(plan.rule.start.rawValue, at: plan.rule.mark)
    let place = try place(of: va, level: plan.level, space: space, makingFor: plan.rule.mark)
    guard let parent = place.table, place.entry == 0 else { throw taken(va, plan.level, place) }
    guard tables[frame] == nil else {
      throw Diagnostic(
        .overlap, "the frame at \(frame.hex) holds another table", at: plan.rule.mark)
    }
    guard memory.present.contains(frame...(frame + (frameSize - 1))) else {
      // The table lies where there is no memory: the entry says so, and nothing can be below it.
      return
    }
    _ = try makeTable(
      below: parent, at: index(of: place.address, in: parent), in: frame, for: plan.rule.mark)
  }

  /// Writes the entries of an item over what leads to the tables, and gives what they cover.
  func invalidate(_ plan: InvalidTablePlan, space: Int) throws(Diagnostic) -> [EditedEntry] {
    var edited: [EditedEntry] = []
    for index in 0..<plan.rule.count {
      let va = Located(plan.rule.address(index).rawValue, at: plan.rule.mark)
      var place = try place(of: va, level: plan.level, space: space, makingFor: plan.rule.mark)
      guard let parent = place.table else { throw taken(va, plan.level, place) }
      let position = self.index(of: place.address, in: parent)
      var target = plan.software.target(index, plan.rule)
      if plan.software.state == .windows(.transition) {
        if place.entry == 0, plan.frame == nil {
          let made = try makeTable(below: parent, at: position, for: plan.rule.mark)
          place.entry = entry(at: place.address)
          target = made.base >> 12
        } else if case .table(let next) = state(of: parent).meaning(
          of: place.entry, level: plan.level)
        {
          target = next.rawValue >> 12
        } else if place.entry != 0 {
          throw taken(va, plan.level, place)
        }
      } else if place.entry != 0 {
        throw taken(va, plan.level, place)
      }
      guard let entry = plan.software.series.entry(target) else {
        throw Diagnostic(
          .doesNotFit, "\(target.hex) does not fit the entry", at: plan.rule.mark)
      }
      store(entry, in: parent, at: place.address, for: plan.rule.mark)
      edited.append(
        EditedEntry(
          mark: plan.rule.mark, level: plan.level, space: parent.space,
          range: coverage(parent, position)))
    }
    return edited
  }

  private func taken(_ va: Located<UInt64>, _ level: Int, _ place: Place) -> Diagnostic {
    let name = state.mode.entryName(level)
    let owner = place.table.flatMap { owners[$0.base] }
    return Diagnostic(
      .overlap, "the \(name) for \(va.value.hex) leads somewhere already", at: va.mark,
      notes: owner.map { ["line \($0.line) wrote entries of its table first"] } ?? [])
  }
}
