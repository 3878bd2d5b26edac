extension ScenarioReader {
  /// The largest block of contents that one item may describe, in bytes: all physical memory there is.
  private static let largestContent: UInt64 = 1 << 52

  /// One item of `contents`.
  func content(_ value: YAMLValue) -> Scenario.Content? {
    guard let fields = fields(of: value, Vocabulary.content) else { return nil }
    let place = contentPlace(fields)
    let data = contentData(fields)
    guard let place, let data else { return nil }
    return Scenario.Content(mark: value.mark, place: place, data: data)
  }

  private func contentPlace(_ fields: Fields) -> Scenario.Content.Place? {
    let process = process(fields["process"])
    switch one(of: ["pa", "va"], in: fields) {
    case "pa":
      if let mark = fields.keyMark("process") {
        report(.keysDisagree, "`process` goes with `va`, not with `pa`", at: mark)
      }
      return number(fields["pa"], "`pa`").map { .physical($0) }
    case "va":
      return number(fields["va"], "`va`").map { .virtual($0, process: process) }
    default: return nil
    }
  }

  private func contentData(_ fields: Fields) -> Located<Scenario.Content.Data>? {
    let key = one(of: ["text", "bytes", "fill", "random", "words"], in: fields)
    let size = size(fields["size"], "`size`")
    let isSized = key == "fill" || key == "random"
    if let size, size.value > Self.largestContent {
      report(.outOfBounds, "`size` is more than all physical memory", at: size.mark)
    }
    guard let key, let value = fields[key] else { return nil }
    if let mark = fields.keyMark("size"), !isSized {
      report(.keysDisagree, "`size` goes with `fill` and `random`, not with `\(key)`", at: mark)
    }
    if isSized, fields["size"] == nil {
      report(.missingKey, "`\(key)` needs the key `size`", at: value.mark)
    }
    switch key {
    case "text": return scalar(value, "`text`", "text")?.map { .text($0) }
    case "bytes": return bytes(value, NumberText.bytes)?.map { .bytes($0) }
    case "words": return words(value)
    case "fill":
      guard let fill = number(value, "`fill`", in: 0...255), let size else { return nil }
      return fill.map { .fill(UInt8($0), size: size.value) }
    default:
      guard let seed = number(value, "`random`"), let size else { return nil }
      return seed.map { .random(seed: $0, size: size.value) }
    }
  }

  /// `bytes:` by a way to read them, which is nil for what it does not know.
  func bytes<Byte>(
    _ value: YAMLValue?, _ read: (String) -> [Byte]?,
    note: String = "two digits for each byte: `de ad be ef`"
  ) -> Located<[Byte]>? {
    guard let text = scalar(value, "`bytes`", "hexadecimal bytes") else { return nil }
    guard let bytes = read(text.value), !bytes.isEmpty else {
      report(
        .notBytes, "\(Diagnostic.quote(text.value)) is not hexadecimal bytes", at: text.mark,
        notes: [note])
      return nil
    }
    return Located(bytes, at: text.mark)
  }

  private func words(_ value: YAMLValue) -> Located<Scenario.Content.Data>? {
    let items = items(of: value, "`words`")
    if items.isEmpty, case .list = value.kind { report(.empty, "`words` is empty", at: value.mark) }
    let words = items.compactMap { number($0, "a word")?.value }
    return words.count == items.count ? Located(.words(words), at: value.mark) : nil
  }

  /// The key of a group that the mapping has, if it has exactly one of them.
  func one(of group: [String], in fields: Fields) -> String? {
    let present = group.filter { fields.keyMark($0) != nil }
    let names = group.map { "`\($0)`" }.joined(separator: ", ")
    guard let first = present.first else {
      guard !fields.isMeant(group) else { return nil }
      report(.missingKey, "\(fields.table.title) needs one of \(names)", at: fields.mark)
      return nil
    }
    let second = present.compactMap(fields.keyMark).max()
    if present.count > 1, let second {
      report(.keysDisagree, "\(fields.table.title) has only one of \(names)", at: second)
      return nil
    }
    return first
  }

  /// A process by number or name; a number in quotes is a name.
  func process(_ value: YAMLValue?) -> Located<Scenario.ProcessReference>? {
    guard let value, let text = text(value, "`process`") else { return nil }
    var reference = Scenario.ProcessReference.name(text.value)
    if case .scalar(_, isPlain: true) = value.kind, let pid = try? NumberText.number(text.value) {
      reference = .pid(pid)
    }
    let located = Located(reference, at: text.mark)
    processReferences.append(located)
    return located
  }

  /// One item of `deviates`.
  func deviation(_ value: YAMLValue) -> Scenario.Deviation? {
    guard let fields = fields(of: value, Vocabulary.deviation) else { return nil }
    let oracle = text(fields["oracle"], "`oracle`")
    let id = text(fields["id"], "`id`")
    let va = number(fields["va"], "`va`")
    let process = process(fields["process"])
    let answers = text(fields["answers"], "`answers`")
    let note = text(fields["note"], "`note`")
    guard let oracle, let answers else { return nil }
    return Scenario.Deviation(
      mark: value.mark, oracle: oracle, id: id, va: va, process: process, answers: answers,
      note: note)
  }
}
