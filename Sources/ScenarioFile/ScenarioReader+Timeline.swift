extension ScenarioReader {
  /// `timeline:`.
  func timeline(_ value: YAMLValue) -> Scenario.Timeline? {
    if let longTimeline { return timeline(longTimeline) }
    let items = items(of: value, "`timeline`")
    if items.isEmpty, case .list = value.kind {
      report(.empty, "`timeline` has no steps", at: value.mark)
    }
    return Scenario.Timeline(mark: value.mark, steps: items.compactMap(step))
  }

  private func timeline(_ long: LongTimeline) -> Scenario.Timeline? {
    var steps: [Scenario.Step] = []
    steps.reserveCapacity(long.count)
    do throws(Diagnostic) {
      let mark = try long.forEachStep { item in step(item).map { steps.append($0) } }
      return mark.map { Scenario.Timeline(mark: $0, steps: steps) }
    } catch {
      syntaxError = error
      return nil
    }
  }

  /// The text as a value; of a timeline that is too long for that, the steps are left for later.
  func value(
    of text: String, _ limits: SyntaxGuard.Limits
  ) throws(Diagnostic) -> YAMLValue {
    var syntax = SyntaxGuard(bytes: Array(text.utf8), limits: limits)
    try syntax.run()
    longTimeline = LongTimeline(syntax)
    guard longTimeline?.otherBytes ?? syntax.bytes.count <= TextCheck.maximumBytes else {
      throw TextCheck.tooLarge
    }
    return try YAMLValue(composing: longTimeline?.rest ?? text)
  }

  /// One item of `timeline`: the verb key says which.
  private func step(_ value: YAMLValue) -> Scenario.Step? {
    guard case .mapping = value.kind else {
      wrongKind(
        value, "an item of `timeline`", "a mapping", note: "write `read: 0x1000` and the like")
      return nil
    }
    guard let table = stepTable(of: value), let fields = fields(of: value, table) else {
      return nil
    }
    let operation = operation(fields)
    let process = process(fields["process"])
    let frames = items(of: fields["frames"], "`frames`").compactMap {
      number($0, "an item of `frames`")
    }
    let faults = fields["faults"].map { list in
      items(of: list, "`faults`").compactMap { text($0, "an item of `faults`") }
    }
    let expectations = items(of: fields["expect"], "`expect`").compactMap(expectation)
    let note = text(fields["note"], "`note`")
    let status = text(fields["status"], "`status`")
    return operation.map {
      Scenario.Step(
        mark: value.mark, operation: $0, process: process, frames: frames, note: note,
        status: status, faults: faults, expectations: expectations)
    }
  }

  /// The table of the one verb that a step has.
  private func stepTable(of value: YAMLValue) -> KeyTable? {
    let keys = keys(of: value)
    let found = keys.compactMap { key in
      Vocabulary.stepsByVerb[key.value].map { (table: $0, mark: key.mark) }
    }
    // `commit` is a key of `reserve` and of `create-section` too.
    let verbs = found.filter { candidate in
      !found.contains { other in
        other.table.name != candidate.table.name && other.table.keys.contains(candidate.table.name)
      }
    }
    if let first = verbs.first, verbs.count == 1 { return first.table }
    let names = Vocabulary.steps.map(\.name)
    if let last = verbs.map(\.mark).max() {
      report(.keysDisagree, "a step does only one thing", at: last)
    } else if let stranger = keys.first(where: { !Vocabulary.stepKeys.contains($0.value) }) {
      report(Diagnostic(.unknownKey, unknown: "step", stranger, choices: names))
    } else {
      report(.missingKey, "an item of `timeline` needs a verb", at: value.mark)
    }
    return nil
  }

  // MARK: - Arguments

  func addresses(_ fields: Fields) -> ClosedRange<UInt64>? {
    let verb = fields.table.name
    return range(fields[verb], "`\(verb)`")?.value
  }

  func address(_ fields: Fields) -> UInt64? {
    number(fields[fields.table.name], "`\(fields.table.name)`")?.value
  }

  func name(_ fields: Fields) -> String? {
    text(fields[fields.table.name], "`\(fields.table.name)`")?.value
  }

  /// What `all` says instead of a number or of a range.
  private func isAll(_ fields: Fields) -> Bool {
    guard case .scalar("all", isPlain: true)? = fields[fields.table.name]?.kind else {
      return false
    }
    return true
  }

  /// A number of pages; nil for `all`.
  func count(
    _ fields: Fields, _ make: (UInt64?) -> Scenario.Operation
  ) -> Scenario.Operation? {
    isAll(fields) ? make(nil) : address(fields).map(make)
  }

  func protection(of fields: Fields) -> Scenario.Protection? {
    protection(fields["protection"])?.value
  }

  func words<Word: RawRepresentable & CaseIterable & Sendable & Hashable>(
    _ value: YAMLValue?, _ title: String
  ) -> Set<Word>? where Word.RawValue == String {
    guard let value else { return nil }
    let items = items(of: value, title)
    let words: [Located<Word>] = items.compactMap { word($0, "an item of \(title)") }
    return words.count == items.count ? Set(words.map(\.value)) : nil
  }

  // MARK: - Verbs

  private func operation(_ fields: Fields) -> Scenario.Operation? {
    switch fields.table.name {
    case "read": return access(.read, fields)
    case "write": return access(.write, fields)
    case "execute": return access(.execute, fields)
    case "exit": return exit(fields)
    case "create-process":
      return process(fields).map { .createProcess(name: $0.name, pid: $0.pid) }
    case "fork": return process(fields).map { .fork(name: $0.name, pid: $0.pid) }
    case "mmap", "munmap", "mprotect", "madvise", "mlock", "munlock", "create-file", "swap-on",
      "swap-out", "drop-caches", "split", "numa-scan", "userfaultfd", "uffd-copy",
      "uffd-zeropage", "uffd-protect", "uffd-unprotect", "clear-refs":
      return linuxOperation(fields)
    default: return windowsOperation(fields)
    }
  }

  private func exit(_ fields: Fields) -> Scenario.Operation? {
    guard let isDone = bool(fields["exit"], "`exit`") else { return nil }
    guard isDone.value else {
      report(
        .unknownWord, "`exit` must be `true`, found `false`", at: isDone.mark,
        notes: ["a process that goes on needs no step"])
      return nil
    }
    return .exit
  }

  /// What a step says that is always done as a whole.
  private enum WholeWord: String, CaseIterable, Sendable { case all }

  /// A step whose verb takes nothing but `all`.
  func whole(_ fields: Fields, _ operation: Scenario.Operation) -> Scenario.Operation? {
    let verb = fields.table.name
    let word: Located<WholeWord>? = word(fields[verb], "`\(verb)`")
    return word.map { _ in operation }
  }

  private func process(_ fields: Fields) -> (name: String, pid: UInt64)? {
    let name = name(fields)
    let pid = number(fields["pid"], "`pid`", in: 1...UInt64(UInt32.max))
    guard let name, let pid else {
      areProcessesKnown = false
      return nil
    }
    createdProcesses.append((name, pid.value))
    return (name, pid.value)
  }

  private func windowsOperation(_ fields: Fields) -> Scenario.Operation? {
    switch fields.table.name {
    case "reserve":
      let protection = protection(of: fields) ?? .words(.readWrite, modifier: nil)
      let commit = bool(fields["commit"], "`commit`")?.value ?? false
      let large = bool(fields["large-pages"], "`large-pages`")?.value ?? false
      return addresses(fields).map {
        .reserve($0, protection, isCommitted: commit || large, isLarge: large)
      }
    case "commit", "protect":
      guard let range = addresses(fields), let protection = protection(of: fields) else {
        return nil
      }
      return fields.table.name == "commit"
        ? .commit(range, protection) : .protect(range, protection)
    case "decommit": return addresses(fields).map { .decommit($0) }
    case "free": return address(fields).map { .free($0) }
    case "stack":
      let committed = number(fields["committed"], "`committed`", in: 1...1 << 20)?.value ?? 1
      return addresses(fields).map { .stack($0, committed: committed) }
    case "create-section": return section(fields).map { .createSection($0) }
    case "map-view":
      let page = number(fields["page"], "`page`")?.value ?? 0
      guard let range = addresses(fields), let protection = protection(of: fields),
        let section = text(fields["section"], "`section`")
      else { return nil }
      return .mapView(range, section: section.value, page: page, protection)
    case "unmap-view": return address(fields).map { .unmapView($0) }
    case "trim": return isAll(fields) ? .trim(nil) : addresses(fields).map { .trim($0) }
    case "write-modified": return count(fields) { .writeModified(count: $0) }
    case "compress": return count(fields) { .compress(count: $0) }
    case "repurpose": return count(fields) { .repurpose(count: $0) }
    case "zero-pages": return count(fields) { .zeroPages(count: $0) }
    case "lock": return addresses(fields).map { .lock($0, isLocked: true) }
    case "unlock": return addresses(fields).map { .lock($0, isLocked: false) }
    default: return whole(fields, .combine)
    }
  }
}
