extension ScenarioReader {
  func machine(_ value: YAMLValue?, at mark: SourceMark?) -> Scenario.Machine? {
    guard let value, let fields = fields(of: value, Vocabulary.machine) else { return nil }
    let mode = text(fields["mode"], "`mode`")
    let memory = part(.memory) { self.memory(fields["memory"]) }
    if memory == nil { omit(.memory) }
    let (os, systems) = self.os(fields["os"])
    let vendor = text(fields["vendor"], "`vendor`")
    let root = number(fields["root"], "`root`")
    let registers = fields["registers"].flatMap { pairs(of: $0, "`registers`") } ?? []
    let physicalBits = number(fields["physical-bits"], "`physical-bits`", in: 1...64)
    let encryptionBit = number(fields["c-bit"], "`c-bit`", in: 0...63)
    let sharedBit = number(fields["shared-bit"], "`shared-bit`", in: 0...63)
    let features = fields["features"].flatMap { pairs(of: $0, "`features`") } ?? []
    let accept = items(of: fields["accept"], "`accept`")
    let tables = fields["tables"].flatMap { self.tables($0) }
    let absent = items(of: fields["absent"], "`absent`")
    let machine = Scenario.Machine(
      mark: mark ?? value.mark, mode: mode,
      memory: memory ?? Located(.size(0), at: value.mark), os: os, systems: systems,
      vendor: vendor, root: root,
      registers: registers.compactMap(register),
      alignmentCheck: bool(fields["ac"], "`ac`"),
      physicalBits: physicalBits?.map { Int($0) },
      encryptionBit: encryptionBit?.map { Int($0) },
      sharedBit: sharedBit?.map { Int($0) },
      features: features.compactMap(feature),
      accept: accept.compactMap { text($0, "an item of `accept`") },
      tables: tables,
      absent: absent.compactMap { range($0, "an item of `absent`") })
    return machine
  }

  // MARK: - Memory

  private func memory(_ value: YAMLValue?) -> Located<Scenario.Memory>? {
    guard let value else { return nil }
    let memory: Scenario.Memory?
    switch value.kind {
    case .scalar:
      memory = size(value, "`memory`").map { .size($0.value) }
    case .list(let items):
      if items.isEmpty { report(.empty, "`memory` has no ranges", at: value.mark) }
      memory = .ranges(items.compactMap { range($0, "an item of `memory`") })
    case .mapping: memory = fields(of: value, Vocabulary.memory).flatMap(self.memory)
    }
    return memory.map { Located($0, at: value.mark) }
  }

  /// A dump or a list of facts, by the keys that are there.
  private func memory(_ fields: Fields) -> Scenario.Memory? {
    let ofDump = Vocabulary.dump.keys.compactMap(fields.keyMark).min()
    let ofFacts = Vocabulary.facts.keys.compactMap(fields.keyMark).min()
    switch (ofDump, ofFacts) {
    case (let dump?, let facts?):
      report(
        .keysDisagree, "`memory` is a dump or a list of facts, not both", at: max(dump, facts),
        notes: ["`base` goes with `dump`, and `width` with `facts`"])
      return nil
    case (_?, nil): return dump(fields).map { .dump($0) }
    case (nil, _?): return facts(fields).map { .facts($0) }
    case (nil, nil):
      if fields.strangers.isEmpty { _ = one(of: ["dump", "facts"], in: fields) }
      return nil
    }
  }

  private func dump(_ fields: Fields) -> Scenario.Dump? {
    needKey("dump", of: fields)
    let base = number(fields["base"], "`base`")
    return text(fields["dump"], "`dump`").map { Scenario.Dump(file: $0, base: base) }
  }

  /// Reports a key that the form of `memory` needs.
  private func needKey(_ key: String, of fields: Fields) {
    guard fields[key] == nil, !fields.isMeant([key]) else { return }
    report(.missingKey, "\(fields.table.title) needs the key `\(key)`", at: fields.mark)
  }

  private func facts(_ fields: Fields) -> Scenario.Facts? {
    needKey("facts", of: fields)
    let width = self.width(fields["width"])
    guard let facts = fields["facts"], let pairs = pairs(of: facts, "`facts`") else { return nil }
    if pairs.isEmpty { report(.empty, "`facts` holds no words", at: facts.mark) }
    var words: [Scenario.Fact] = []
    var seen: Set<UInt64> = []
    let limit = width == 4 ? UInt64(UInt32.max) : .max
    for pair in pairs {
      let key = YAMLValue(key: pair.key)
      guard let address = number(key, "an address of `facts`"),
        let value = number(pair.value, "a word of `facts`")
      else { continue }
      if !seen.insert(address.value).inserted {
        report(.duplicateItem, "the address is already in `facts`", at: address.mark)
      }
      if value.value > limit {
        report(.outOfBounds, "the value does not fit 4 bytes", at: value.mark)
      }
      words.append(Scenario.Fact(address: address, value: value))
    }
    return width.map { Scenario.Facts(words: words, width: $0) }
  }

  /// The bytes of a word, 4 or 8; 8 unless said.
  func width(_ value: YAMLValue?) -> Int? {
    guard let value else { return 8 }
    guard let width = number(value, "`width`") else { return nil }
    if width.value != 4, width.value != 8 {
      report(.outOfBounds, "`width` must be 4 or 8, found \(width.value)", at: width.mark)
      return nil
    }
    return Int(width.value)
  }

  private func tables(_ value: YAMLValue) -> Scenario.Tables? {
    guard let fields = fields(of: value, Vocabulary.tables) else { return nil }
    let from = number(fields["from"], "`from`")
    let order: Located<Scenario.Tables.Order>? = word(fields["order"], "`order`")
    let seed = number(fields["seed"], "`seed`")
    if let order, order.value == .shuffled, fields["seed"] == nil {
      report(.missingKey, "the order `shuffled` needs the key `seed`", at: order.mark)
    }
    return Scenario.Tables(
      mark: value.mark, from: from, order: order?.value ?? .sequential, seed: seed?.value ?? 0)
  }

  // MARK: - The processor

  private func register(_ pair: YAMLValue.Pair) -> Scenario.Register? {
    if case .mapping = pair.value.kind {
      return Scenario.Register(
        name: pair.key, setting: .fields(settings(pair.value, pair.key.value)))
    }
    return number(pair.value, Diagnostic.quote(pair.key.value)).map {
      Scenario.Register(name: pair.key, setting: .value($0))
    }
  }

  private func feature(_ pair: YAMLValue.Pair) -> Scenario.Feature? {
    bool(pair.value, Diagnostic.quote(pair.key.value)).map {
      Scenario.Feature(name: pair.key, isEnabled: $0)
    }
  }

  /// Fields by name; `name` is what they belong to.
  func settings(_ value: YAMLValue?, _ name: String) -> [Scenario.FieldSetting] {
    guard let value, let pairs = pairs(of: value, Diagnostic.quote(name)) else { return [] }
    return pairs.compactMap { pair in
      number(pair.value, Diagnostic.quote(pair.key.value)).map {
        Scenario.FieldSetting(name: pair.key, value: $0)
      }
    }
  }
}

extension YAMLValue {
  /// A key as a value, for keys that are numbers.
  init(key: Located<String>) {
    self.init(mark: key.mark, kind: .scalar(key.value, isPlain: true))
  }
}
