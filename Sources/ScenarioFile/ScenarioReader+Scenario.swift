extension ScenarioReader {
  /// The whole file; `expectedName` is the name of the file without `.yaml`, if there is a file.
  func scenario(
    _ value: YAMLValue, from source: ScenarioSource, expectedName: String?
  ) -> Scenario? {
    guard isOurEdition(value), let fields = fields(of: value, Vocabulary.scenario) else {
      return nil
    }
    let id = self.id(fields["scenario"], expectedName: expectedName)
    let title = text(fields["title"], "`title`")
    let sources = self.sources(fields["source"])
    let about = text(fields["about"], "`about`")
    let machine = part(.machine) {
      self.machine(fields["machine"], at: fields.keyMark("machine"))
    }
    noteStrangers(fields)
    let windows = part(.layout) { fields["windows"].flatMap(self.windows) }
    let linux = fields["linux"].flatMap(self.linux)
    let spaces = part(.layout) { self.spaces(fields) }
    let timeline = part(.layout) { fields["timeline"].flatMap(self.timeline) }
    let contents = items(of: fields["contents"], "`contents`").compactMap { item($0, content) }
    let expectations = items(of: fields["expect"], "`expect`").compactMap(expectation)
    let golden = bool(fields["golden"], "`golden`")?.value ?? true
    let deviations = items(of: fields["deviates"], "`deviates`").compactMap(deviation)
    part(.layout) { checkProcessReferences(spaces) }
    guard let machine else { return nil }
    checkSystemReferences(machine)
    // Where the name or the title is missing, the scenario goes no further than diagnostics.
    let nothing = Located("", at: value.mark)
    return Scenario(
      file: source, id: id ?? nothing, title: title ?? nothing, sources: sources, about: about,
      machine: machine, windows: windows, linux: linux, spaces: spaces,
      timeline: timeline, contents: contents, expectations: expectations, golden: golden,
      deviations: deviations)
  }

  /// An unknown key may be what the address spaces lack.
  private func noteStrangers(_ fields: Fields) {
    if fields.mayBeMeant(["processes"] + Vocabulary.layoutKeys) { omit(.layout) }
    if fields["processes"] == nil, fields.mayBeMeant(["processes"]) { areProcessesKnown = false }
  }

  /// Whether the file is of this edition; the words of another one would all be reported in vain.
  private func isOurEdition(_ value: YAMLValue) -> Bool {
    guard case .mapping(let pairs) = value.kind else { return true }
    guard let pair = pairs.first(where: { $0.key.value == "mmubench" }) else { return true }
    if case .scalar(let text, _) = pair.value.kind, text == String(Vocabulary.edition) {
      return true
    }
    report(
      .unknownVersion, "`mmubench` must be \(Vocabulary.edition), found \(pair.value.description)",
      at: pair.value.mark, notes: ["the number is the edition of the scenario language"])
    return false
  }

  private func id(_ value: YAMLValue?, expectedName: String?) -> Located<String>? {
    guard let id = scalar(value, "`scenario`", "the name of the scenario") else { return nil }
    let isWellFormed = id.value.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"):
        true
      default: false
      }
    }
    guard isWellFormed, !id.value.isEmpty else {
      report(
        .wrongName, "\(Diagnostic.quote(id.value)) is not a scenario name", at: id.mark,
        notes: ["a name consists of `a-z`, `0-9` and `-`"])
      return nil
    }
    if let expectedName, id.value != expectedName {
      report(
        .wrongName, "the scenario \(Diagnostic.quote(id.value)) is in the file of another name",
        at: id.mark,
        notes: ["name it \(Diagnostic.quote(expectedName)), or the file `\(id.value).yaml`"])
    }
    return id
  }

  private func sources(_ value: YAMLValue?) -> [Located<String>] {
    guard let value else { return [] }
    guard case .list(let items) = value.kind else {
      return text(value, "`source`").map { [$0] } ?? []
    }
    if items.isEmpty { report(.empty, "`source` names no source", at: value.mark) }
    return items.compactMap { text($0, "an item of `source`") }
  }

  // MARK: - Address spaces

  private func spaces(_ fields: Fields) -> Scenario.Spaces {
    let layout = layout(fields)
    guard let value = fields["processes"] else { return .single(layout) }
    for key in Vocabulary.layoutKeys {
      guard let mark = fields.keyMark(key) else { continue }
      report(
        .keysDisagree, "`\(key)` cannot stand beside `processes`", at: mark,
        notes: ["put it into an item of `processes`"])
    }
    if case .mapping = value.kind {
      let truth = self.fields(of: value, Vocabulary.truthProcesses)
      let file = truth.flatMap { text($0["truth"], "`truth`") }
      if file == nil { areProcessesKnown = false }
      return file.map { .truth($0) } ?? .single(layout)
    }
    guard case .list = value.kind else {
      areProcessesKnown = false
      return .processes(processes(items(of: value, "`processes`")))
    }
    let items = items(of: value, "`processes`")
    if items.isEmpty, case .list = value.kind {
      report(.empty, "`processes` has no items", at: value.mark)
    }
    return .processes(processes(items))
  }

  private func processes(_ items: [YAMLValue]) -> [Scenario.Process] {
    var pids: Set<UInt64> = []
    return items.compactMap { item in
      let before = reported
      guard let fields = fields(of: item, Vocabulary.process) else {
        areProcessesKnown = false
        return nil
      }
      let name = text(fields["name"], "`name`")
      let pid = number(fields["pid"], "`pid`", in: 0...UInt64(UInt32.max))
      let root = number(fields["root"], "`root`")
      let kvaShadow = bool(fields["kva-shadow"], "`kva-shadow`")
      let isListed = bool(fields["listed"], "`listed`")
      let recordedRoot = number(fields["recorded-root"], "`recorded-root`")
      let firstIndex = number(fields["wsle"], "`wsle`", in: 1...1 << 20)
      let hasIdentity = fields["name"] != nil || fields["pid"] != nil
      if reported > before || !hasIdentity { areProcessesKnown = false }
      let layout = layout(fields)
      if !hasIdentity, !fields.isMeant(["name", "pid"]) {
        report(.missingKey, "an item of `processes` needs `name` or `pid`", at: item.mark)
      }
      if let pid, !pids.insert(pid.value).inserted {
        areProcessesKnown = false
        report(.duplicateItem, "pid \(pid.value) is already taken", at: pid.mark)
      }
      return Scenario.Process(
        mark: item.mark, name: name, pid: pid, root: root, kvaShadow: kvaShadow,
        isListed: isListed?.value ?? true, recordedRoot: recordedRoot,
        firstWorkingSetIndex: firstIndex, layout: layout)
    }
  }

  /// Each `process:` must name one item of `processes`; a truth file's are not known yet.
  private func checkProcessReferences(_ spaces: Scenario.Spaces) {
    let processes: [Scenario.Process]
    switch spaces {
    case .truth: return
    case .single: processes = []
    case .processes(let list): processes = list
    }
    var choices = createdProcesses.flatMap { [$0.name, String($0.pid)] }
    for process in processes {
      if let pid = process.pid { choices.append(String(pid.value)) }
      if let name = process.name?.value, !choices.contains(name) { choices.append(name) }
    }
    guard areProcessesKnown else { return }
    for reference in processReferences {
      let name: String
      let matches: Int
      switch reference.value {
      case .pid(let pid):
        name = String(pid)
        matches =
          processes.count { $0.pid?.value == pid } + createdProcesses.count { $0.pid == pid }
      case .name(let text):
        name = text
        matches =
          processes.count { $0.name?.value == text } + createdProcesses.count { $0.name == text }
      }
      // A pid is used again once its process has ended: it names who lives at that step.
      if matches > 1, case .name = reference.value {
        report(
          .unknownProcess, "the name \(Diagnostic.quote(name)) belongs to \(matches) processes",
          at: reference.mark, notes: ["name the process by its pid"])
      } else if matches == 0 {
        var unknown = Diagnostic(
          .unknownProcess, unknown: "process", Located(name, at: reference.mark), choices: choices)
        if choices.isEmpty { unknown.notes = ["the scenario has no `processes`"] }
        if case .name = reference.value, choices.contains(name) {
          unknown.notes = ["in quotes it is a name, without them a pid"]
        }
        report(unknown)
      }
    }
  }
}
