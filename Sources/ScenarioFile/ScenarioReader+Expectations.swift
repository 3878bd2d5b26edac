extension ScenarioReader {
  /// One item of `expect`: the verb key says which.
  func expectation(_ value: YAMLValue) -> Scenario.Expectation? {
    guard case .mapping = value.kind else {
      wrongKind(
        value, "an item of `expect`", "a mapping", note: "write `walk: 0x1000` and the like")
      return nil
    }
    guard let table = verb(of: value), let fields = fields(of: value, table) else { return nil }
    let hasProcess = table.keys.contains("process")
    let process = hasProcess ? process(fields["process"]) : nil
    let root: Located<Scenario.RootKind>? =
      table.keys.contains("root") ? word(fields["root"], "`root`") : nil
    let on = table.keys.contains("on") ? systems(fields["on"]) : []
    return verb(fields).map {
      Scenario.Expectation(mark: value.mark, process: process, root: root, on: on, verb: $0)
    }
  }

  /// The table of the one verb that an item has.
  private func verb(of value: YAMLValue) -> KeyTable? {
    let keys = keys(of: value)
    // `missing` and `truth` are words of their own; only the name of a table is a verb.
    let named = Vocabulary.verbs.compactMap { table in
      keys.first { $0.value == table.name }.map { (table: table, mark: $0.mark) }
    }
    // A verb that is a key of another one is that key: `{ pte: 0x1000, pfn: 9 }`.
    let found = named.filter { one in
      !named.contains { $0.mark != one.mark && $0.table.keys.contains(one.table.name) }
    }
    if let first = found.first, found.count == 1 { return first.table }
    let names = Vocabulary.verbs.map(\.name)
    if let last = found.map(\.mark).max() {
      report(
        .keysDisagree, "an item of `expect` has only one verb", at: last,
        notes: ["the verbs are \(names.map { "`\($0)`" }.joined(separator: ", "))"])
      return nil
    }
    let known = Set(Vocabulary.verbs.flatMap(\.keys))
    if let stranger = keys.first(where: { !known.contains($0.value) }) {
      report(Diagnostic(.unknownKey, unknown: "expectation", stranger, choices: names))
    } else {
      report(
        .missingKey, "an item of `expect` needs a verb", at: value.mark,
        notes: ["the verbs are \(names.map { "`\($0)`" }.joined(separator: ", "))"])
    }
    return nil
  }

  private func verb(_ fields: Fields) -> Scenario.Expectation.Verb? {
    switch fields.table.name {
    case "walk": return walk(fields).map { .walk($0) }
    case "fault": return fault(fields).map { .fault($0) }
    case "bytes-at": return bytesAt(fields).map { .bytes($0) }
    case "pte": return pte(fields).map { .pte($0) }
    case "pfn": return pfn(fields).map { .pfn($0) }
    case "pagemap-at": return pagemapAt(fields).map { .pagemapAt($0) }
    case "lists": return lists(fields).map { .lists($0) }
    case "pagemap": return pagemap(fields).map { .pagemap($0) }
    case "faults": return text(fields["faults"], "`faults`").map { .faults($0) }
    case "check":
      let findings = items(of: fields["check"], "`check`")
      return .check(findings.compactMap { text($0, "an item of `check`") })
    case "mappings":
      let bytes = size(fields["bytes"], "`bytes`", mayBeZero: true)
      return number(fields["mappings"], "`mappings`").map { .mappings(count: $0, bytes: bytes) }
    case "found": return .found(found(fields))
    case "ledger":
      let all: Located<LedgerWord>? = word(fields["ledger"], "`ledger`")
      return all == nil ? nil : .ledger
    case "same-digest-as":
      return text(fields["same-digest-as"], "`same-digest-as`").map { .sameDigest(as: $0) }
    case "same-translation-as":
      return text(fields["same-translation-as"], "`same-translation-as`").map {
        .sameTranslation(as: $0)
      }
    case "truth": return text(fields["truth"], "`truth`").map { .truth($0) }
    default: return fields["rejects"].flatMap(rejection).map { .rejects($0) }
    }
  }

  /// What `ledger:` may say.
  private enum LedgerWord: String, CaseIterable, Sendable { case all }

  // MARK: - walk

  private func walk(_ fields: Fields) -> Scenario.WalkExpectation? {
    let va = number(fields["walk"], "`walk`")
    let outcome: Located<Scenario.Outcome>? = word(fields["outcome"], "`outcome`")
    let expectation = Scenario.WalkExpectation(
      va: va ?? Located(0, at: fields.mark), outcome: outcome?.value ?? .mapped,
      pa: number(fields["pa"], "`pa`"),
      pageSize: size(fields["page-size"], "`page-size`"),
      write: bool(fields["write"], "`write`"),
      user: bool(fields["user"], "`user`"),
      execute: bool(fields["execute"], "`execute`"),
      inImage: bool(fields["in-image"], "`in-image`"),
      stoppedAt: text(fields["stopped-at"], "`stopped-at`"),
      reserved: number(fields["reserved"], "`reserved`"),
      missing: number(fields["missing"], "`missing`"))
    // A misspelt outcome has been reported; what goes with it is not known.
    if fields["outcome"] == nil || outcome != nil { checkOutcome(expectation.outcome, fields) }
    return va == nil ? nil : expectation
  }

  /// Refuses what a walk with this outcome does not answer.
  private func checkOutcome(_ outcome: Scenario.Outcome, _ fields: Fields) {
    let ofMapped = ["pa", "page-size", "write", "user", "execute", "in-image"]
    let allowed: [String] =
      switch outcome {
      case .mapped: ofMapped
      case .notPresent: ["stopped-at"]
      case .reservedBits: ["stopped-at", "reserved"]
      case .missing: ["stopped-at", "missing"]
      case .nonCanonical: []
      }
    for key in ofMapped + ["stopped-at", "reserved", "missing"] where !allowed.contains(key) {
      guard let mark = fields.keyMark(key) else { continue }
      let note =
        fields["outcome"] == nil
        ? "without `outcome` the walk is expected to be `mapped`"
        : "with it go \(allowed.isEmpty ? "no other keys" : allowed.map { "`\($0)`" }.joined(separator: ", "))"
      report(
        .keysDisagree, "`\(key)` does not go with the outcome `\(outcome.rawValue)`", at: mark,
        notes: [note])
    }
  }

  // MARK: - bytes-at

  private func bytesAt(_ fields: Fields) -> Scenario.BytesExpectation? {
    let va = number(fields["bytes-at"], "`bytes-at`")
    let bytes = bytes(
      fields["bytes"], NumberText.bytesOrGaps,
      note: "two digits for each byte, `??` for one that is not there: `\"de ad ?? ??\"`")
    guard let va, let bytes else { return nil }
    return Scenario.BytesExpectation(va: va, bytes: bytes)
  }

  // MARK: - rejects

  private func rejection(_ value: YAMLValue) -> Scenario.Rejection? {
    guard let fields = fields(of: value, Vocabulary.rejection) else { return nil }
    let text = scalar(fields["text"], "`text`", "a whole scenario")
    let code: Located<DiagnosticCode>? = word(fields["code"], "`code`")
    let at = place(fields["at"])
    guard let text, let code else { return nil }
    return Scenario.Rejection(text: text, code: code, at: at)
  }

  private func place(_ value: YAMLValue?) -> Located<SourceMark>? {
    guard let text = scalar(value, "`at`", "`line:column`") else { return nil }
    let parts = text.value.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let line = parts[0], let column = parts[1], line > 0, column > 0 else {
      report(
        .notANumber, "\(Diagnostic.quote(text.value)) is not a place", at: text.mark,
        notes: ["a place is `line:column`, both from 1"])
      return nil
    }
    return Located(SourceMark(line: line, column: column), at: text.mark)
  }
}
