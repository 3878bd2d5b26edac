extension Scenario {
  /// An operating system that a scenario is for: an item of `os:`, or its only value.
  public struct System: Sendable {
    /// Its id.
    public var id: Located<String>
    /// `mode:`, where it is not the machine's.
    public var mode: Located<String>?

    /// The name of the variant: the id, and the mode where the item says one.
    public var name: String { mode.map { "\(id.value)/\($0.value)" } ?? id.value }

    /// Whether `on:` names it, by its name, its id or its mode.
    func answers(to name: String) -> Bool {
      name == self.name || name == id.value || name == mode?.value
    }
  }

  /// The scenario once for each item of the list `os:`; itself alone where `os:` is no list.
  ///
  /// Each has one operating system, its mode, and only those statements whose `on:` names it.
  public var variants: [Scenario] {
    machine.systems.isEmpty ? [self] : machine.systems.map(variant)
  }

  private func variant(_ system: System) -> Scenario {
    var scenario = self
    scenario.variant = system.name
    scenario.machine.systems = []
    scenario.machine.os = system.id
    scenario.machine.mode = system.mode ?? machine.mode
    func isMeant(_ names: [Located<String>]) -> Bool {
      names.isEmpty || names.contains { system.answers(to: $0.value) }
    }
    func filter(_ layout: inout Layout) {
      layout.map.removeAll { !isMeant($0.on) }
      layout.entries.removeAll { !isMeant($0.on) }
      layout.ptes.removeAll { !isMeant($0.on) }
    }
    switch spaces {
    case .single(var layout):
      filter(&layout)
      scenario.spaces = .single(layout)
    case .processes(var processes):
      for index in processes.indices { filter(&processes[index].layout) }
      scenario.spaces = .processes(processes)
    case .truth: break
    }
    scenario.expectations.removeAll { !isMeant($0.on) }
    for index in scenario.timeline?.steps.indices ?? 0..<0 {
      scenario.timeline?.steps[index].expectations.removeAll { !isMeant($0.on) }
    }
    return scenario
  }
}

extension ScenarioReading {
  /// The reading for the system with this name, id or mode; for the first system where none is named
  /// or none has the name.
  public func variant(for system: String?) -> ScenarioReading {
    guard let scenario, let first = scenario.machine.systems.first else { return self }
    let name = system.flatMap { systemNames(for: $0).first } ?? first.name
    return variants.first { $0.scenario?.variant == name } ?? self
  }

  /// The names of the systems that the scenario is for; of a system alone, its id.
  public var systemNames: [String] {
    guard let machine = scenario?.machine else { return [] }
    return machine.systems.isEmpty
      ? [machine.os?.value].compactMap(\.self) : machine.systems.map(\.name)
  }

  /// The names of those systems, of several, that a name, an id or a mode can mean: of a name itself,
  /// the one system.
  public func systemNames(for name: String) -> [String] {
    let systems = scenario?.machine.systems ?? []
    if systems.contains(where: { $0.name == name }) { return [name] }
    return systems.filter { $0.answers(to: name) }.map(\.name)
  }

  /// The reading for the system with this name, id or mode; nil where the scenario is for no such system.
  ///
  /// A scenario that says no system is for `none`.
  public func variant(named name: String) -> ScenarioReading? {
    guard let machine = scenario?.machine else { return self }
    guard machine.systems.isEmpty else {
      return machine.systems.contains { $0.answers(to: name) } ? variant(for: name) : nil
    }
    return (machine.os?.value ?? "none") == name ? self : nil
  }

  /// Whether this is the reading for the system with a name, id or mode, of several.
  public func isVariant(_ name: String) -> Bool {
    guard let scenario, let variant = scenario.variant, let id = scenario.machine.os?.value else {
      return false
    }
    return name == variant || name == id || variant == "\(id)/\(name)"
  }

  /// The reading once for each item of the list `os:`; itself alone where `os:` is no list.
  public var variants: [ScenarioReading] {
    guard let scenario, !scenario.machine.systems.isEmpty else { return [self] }
    return scenario.variants.map { variant in
      ScenarioReading(
        source: source, scenario: variant, diagnostics: diagnostics, omissions: omissions,
        damaged: damaged)
    }
  }
}
