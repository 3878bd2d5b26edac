import ScenarioFile

extension [SpaceStatement] {
  /// The space with a whole kernel half: the only one, that of the process 4, or a new one.
  mutating func addSystem(for scenario: Scenario) -> Int {
    guard case .processes = scenario.spaces else {
      // The record needs a name; programs start with numbers like this.
      let mark = self[0].layout.vads.first?.mark ?? scenario.machine.mark
      self[0].name = Located(String(scenario.id.value.prefix(14)), at: mark)
      self[0].pid = Located(0x1000, at: mark)
      guard scenario.windows?.skeleton != nil else { return 0 }
      return appendSystem(at: mark)
    }
    if let index = firstIndex(where: { $0.pid?.value == 4 }) { return index }
    return appendSystem(at: scenario.machine.mark)
  }

  private mutating func appendSystem(at mark: SourceMark) -> Int {
    append(
      SpaceStatement(
        name: Located("System", at: mark), pid: Located(4, at: mark), root: nil,
        layout: Scenario.Layout()))
    return count - 1
  }

  /// Adds a second root for every process that has one: the kernel shadows its addresses.
  mutating func addUserRoots(_ isUsual: Bool) {
    for index in indices {
      // System and its like run in kernel mode only.
      let isSystem = self[index].pid?.value == 4
      guard self[index].kvaShadow?.value ?? (isUsual && !isSystem) else { continue }
      var space = SpaceStatement(
        name: self[index].name, pid: self[index].pid, root: nil,
        layout: Scenario.Layout())
      space.shadowOf = index
      append(space)
    }
  }
}
