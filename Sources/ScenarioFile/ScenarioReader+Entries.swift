extension ScenarioReader {
  /// One item of `entries`: an entry by address and level, or a raw word.
  func entry(_ value: YAMLValue) -> Scenario.EntryEdit? {
    let isWord = keys(of: value).contains { $0.value == "at" }
    if isWord, let va = keys(of: value).first(where: { $0.value == "va" }) {
      report(.keysDisagree, "`va` and `at` are two ways to say which word", at: va.mark)
      return nil
    }
    let table = isWord ? Vocabulary.word : Vocabulary.entry
    guard let fields = fields(of: value, table) else { return nil }
    let place = isWord ? word(fields) : entryPlace(fields)
    let change = change(fields, isWord: isWord)
    let on = systems(fields["on"])
    guard let place, let change else { return nil }
    if case .word(_, width: 4) = place { checkFourBytes(change) }
    return Scenario.EntryEdit(mark: value.mark, place: place, change: change, on: on)
  }

  private func entryPlace(_ fields: Fields) -> Scenario.EntryEdit.Place? {
    let va = number(fields["va"], "`va`")
    let level = text(fields["level"], "`level`")
    guard let va, let level else { return nil }
    return .entry(va: va, level: level)
  }

  private func word(_ fields: Fields) -> Scenario.EntryEdit.Place? {
    let width = width(fields["width"])
    guard let at = number(fields["at"], "`at`"), let width else { return nil }
    return .word(at: at, width: width)
  }

  private func change(_ fields: Fields, isWord: Bool) -> Scenario.EntryEdit.Change? {
    let set = isWord ? nil : fields["set"]
    let bits = fields["bits"]
    let value = number(fields["value"], "`value`")
    let settings = settings(set, "set")
    let numbers = bits.flatMap { self.fields(of: $0, Vocabulary.bits) }
    let ones = bitNumbers(numbers?["set"], "`set`")
    let zeros = bitNumbers(numbers?["clear"], "`clear`")
    for bit in zeros where ones.contains(where: { $0.value == bit.value }) {
      report(.keysDisagree, "bit \(bit.value) is both set and cleared", at: bit.mark)
    }
    if let mark = fields.keyMark("value") {
      if set != nil || bits != nil {
        report(
          .keysDisagree, "`value` says the whole word; `set` and `bits` change a word", at: mark)
      }
      return value.map { .value($0) }
    }
    guard set != nil || bits != nil else {
      guard !fields.isMeant(["value", "set", "bits"]) else { return nil }
      let keys = isWord ? "`value` or `bits`" : "`value`, `set` or `bits`"
      report(.missingKey, "\(fields.table.title) needs \(keys)", at: fields.mark)
      return nil
    }
    return .bits(fields: settings, set: ones, clear: zeros)
  }

  private func bitNumbers(_ value: YAMLValue?, _ title: String) -> [Located<Int>] {
    var seen: Set<Int> = []
    return items(of: value, title).compactMap { item in
      guard let bit = number(item, "a bit", in: 0...63)?.map({ Int($0) }) else { return nil }
      guard seen.insert(bit.value).inserted else {
        report(.duplicateItem, "bit \(bit.value) is already in \(title)", at: bit.mark)
        return nil
      }
      return bit
    }
  }

  private func checkFourBytes(_ change: Scenario.EntryEdit.Change) {
    switch change {
    case .value(let value):
      if value.value > UInt64(UInt32.max) {
        report(.outOfBounds, "the value does not fit 4 bytes", at: value.mark)
      }
    case .bits(_, let ones, let zeros):
      for bit in ones + zeros where bit.value > 31 {
        report(.outOfBounds, "a word of 4 bytes has no bit \(bit.value)", at: bit.mark)
      }
    }
  }

  /// The keys of a mapping, none for anything else.
  func keys(of value: YAMLValue) -> [Located<String>] {
    guard case .mapping(let pairs) = value.kind else { return [] }
    return pairs.map(\.key)
  }
}
