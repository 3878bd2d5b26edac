extension ScenarioReader {
  /// `os:`, one id, or a list that makes the scenario one for each of its systems.
  func os(_ value: YAMLValue?) -> (Located<String>?, [Scenario.System]) {
    guard let value else { return (nil, []) }
    guard case .list(let items) = value.kind else { return (text(value, "`os`"), []) }
    if items.isEmpty { report(.empty, "`os` names no system", at: value.mark) }
    var systems: [Scenario.System] = []
    for item in items {
      guard let system = system(item) else { continue }
      if systems.contains(where: { $0.name == system.name }) {
        report(
          .duplicateItem, "\(Diagnostic.quote(system.name)) is already in `os`", at: item.mark,
          notes: ["with `{ id: ..., mode: ... }` one system can be there in several modes"])
      } else {
        systems.append(system)
      }
    }
    return (systems.first?.id, systems)
  }

  private func system(_ value: YAMLValue) -> Scenario.System? {
    guard case .mapping = value.kind else {
      return text(value, "an item of `os`").map { Scenario.System(id: $0, mode: nil) }
    }
    guard let fields = fields(of: value, Vocabulary.system) else { return nil }
    let mode = text(fields["mode"], "`mode`")
    return text(fields["id"], "`id`").map { Scenario.System(id: $0, mode: mode) }
  }

  /// `on:`, the systems that a statement is for.
  func systems(_ value: YAMLValue?) -> [Located<String>] {
    guard let value else { return [] }
    let names = items(of: value, "`on`").compactMap { text($0, "an item of `on`") }
    if names.isEmpty, case .list(let items) = value.kind, items.isEmpty {
      report(.empty, "`on` names no system", at: value.mark)
    }
    systemReferences += names
    return names
  }

  /// Each name in an `on:` must be a system of the list `os:`, or the mode of one.
  func checkSystemReferences(_ machine: Scenario.Machine) {
    guard !omissions.contains(.machine) else { return }
    var choices: [String] = []
    for system in machine.systems {
      for name in [system.name, system.id.value, system.mode?.value].compactMap({ $0 })
      where !choices.contains(name) {
        choices.append(name)
      }
    }
    for reference in systemReferences where !choices.contains(reference.value) {
      var unknown = Diagnostic(
        .unknownWord, unknown: "system", reference, choices: choices)
      if choices.isEmpty { unknown.notes = ["`on` chooses from a list of systems in `os`"] }
      report(unknown)
    }
  }
}
