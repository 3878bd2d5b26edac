extension ScenarioReader {
  /// The layout keys of the file or of a process.
  func layout(_ fields: Fields) -> Scenario.Layout {
    let map = items(of: fields["map"], "`map`").compactMap { item($0, mapping) }
    let share = items(of: fields["share"], "`share`")
      .compactMap { item($0, self.share) }
    let entries = items(of: fields["entries"], "`entries`").compactMap { item($0, entry) }
    let selfMap = fields["self-map"].flatMap { self.fields(of: $0, Vocabulary.selfMap) }
    let slot = selfMap.flatMap { number($0["slot"], "`slot`") }
    let ptes = items(of: fields["ptes"], "`ptes`").compactMap { item($0, softwareEntry) }
    let vads = items(of: fields["vads"], "`vads`").compactMap { item($0, vad) }
    let vmas = items(of: fields["vmas"], "`vmas`").compactMap { item($0, vma) }
    return Scenario.Layout(
      map: map, share: share, entries: entries, ptes: ptes, vads: vads, vmas: vmas,
      selfMapSlot: slot)
  }

  // MARK: - map

  private func mapping(_ value: YAMLValue) -> Scenario.Mapping? {
    guard let fields = fields(of: value, Vocabulary.mapping) else { return nil }
    let va = extent(fields["va"])
    let to = fields["to"].flatMap(destination)
    let page = size(fields["page"], "`page`") ?? Located(4096, at: value.mark)
    let every = size(fields["every"], "`every`")
    let rights = fields["rights"].map { self.rights($0, over: Scenario.Rights()) } ?? .init()
    let alternate = items(of: fields["alternate"], "`alternate`")
    if let list = fields["alternate"], alternate.isEmpty, case .list = list.kind {
      report(.empty, "`alternate` has no rights to take in turn", at: list.mark)
    }
    let turns = alternate.map { self.rights($0, over: rights) }
    let settings = settings(fields["fields"], "fields")
    let upper = fields["upper"].flatMap { pairs(of: $0, "`upper`") } ?? []
    let levels = upper.map { pair in
      Scenario.UpperFields(level: pair.key, fields: self.settings(pair.value, pair.key.value))
    }
    let on = systems(fields["on"])
    guard let va, let to else { return nil }
    return Scenario.Mapping(
      mark: value.mark, va: va, to: to, page: page, every: every, rights: rights, alternate: turns,
      fields: settings, upper: levels, on: on)
  }

  func extent(_ value: YAMLValue?) -> Located<Scenario.Extent>? {
    guard let value else { return nil }
    if case .scalar(let text, _) = value.kind, NumberText.looksLikeRange(text) {
      return range(value, "`va`")?.map { .range($0) }
    }
    return number(value, "`va`")?.map { .page($0) }
  }

  private func rights(_ value: YAMLValue, over base: Scenario.Rights) -> Scenario.Rights {
    guard let fields = fields(of: value, Vocabulary.rights) else { return base }
    return Scenario.Rights(
      write: bool(fields["write"], "`write`")?.value ?? base.write,
      user: bool(fields["user"], "`user`")?.value ?? base.user,
      execute: bool(fields["execute"], "`execute`")?.value ?? base.execute)
  }

  // MARK: - to

  func destination(_ value: YAMLValue) -> Located<Scenario.Destination>? {
    let destination: Scenario.Destination?
    switch value.kind {
    case .scalar(let text, _):
      switch text {
      case "identity": destination = .identity
      case "auto": destination = .automatic
      case let word where word.utf8.first.map(isLetter) == true && !word.utf8.contains(0x60):
        let name = Located(text, at: value.mark)
        report(
          Diagnostic(.unknownWord, unknown: "destination", name, choices: ["identity", "auto"]))
        return nil
      default: destination = number(value, "`to`").map { .frame($0.value) }
      }
    case .mapping(let pairs) where pairs.contains { $0.key.value == "random" }:
      destination = randomFrames(value)
    case .mapping: destination = consecutiveFrames(value)
    case .list:
      wrongKind(value, "`to`", "an address, `identity`, `auto` or a mapping")
      return nil
    }
    return destination.map { Located($0, at: value.mark) }
  }

  private func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private func randomFrames(_ value: YAMLValue) -> Scenario.Destination? {
    guard let fields = fields(of: value, Vocabulary.random) else { return nil }
    let frames = range(fields["random"], "`random`")
    let seed = number(fields["seed"], "`seed`")
    guard let frames, let seed else { return nil }
    return .random(in: frames.value, seed: seed.value)
  }

  private func consecutiveFrames(_ value: YAMLValue) -> Scenario.Destination? {
    guard let fields = fields(of: value, Vocabulary.consecutive) else { return nil }
    let from = number(fields["from"], "`from`")
    let stride = size(fields["stride"], "`stride`")
    let seed = number(fields["seed"], "`seed`")
    let order: Located<Scenario.Tables.Order>? = word(fields["order"], "`order`")
    guard let order, order.value == .shuffled else {
      if let mark = fields.keyMark("seed"), fields["order"] == nil || order != nil {
        report(.keysDisagree, "`seed` is only for the order `shuffled`", at: mark)
      }
      return from.map { .consecutive(from: $0.value, stride: stride?.value) }
    }
    if let mark = fields.keyMark("stride") {
      report(.keysDisagree, "`stride` does not go with the order `shuffled`", at: mark)
    }
    if fields["seed"] == nil {
      report(.missingKey, "the order `shuffled` needs the key `seed`", at: order.mark)
    }
    guard let from, let seed else { return nil }
    return .shuffled(from: from.value, seed: seed.value)
  }

  // MARK: - share

  private func share(_ value: YAMLValue) -> Scenario.Share? {
    guard let fields = fields(of: value, Vocabulary.share) else { return nil }
    let va = number(fields["va"], "`va`")
    let level = text(fields["level"], "`level`")
    let with = number(fields["with"], "`with`")
    let process = process(fields["process"])
    guard let va, let level, let with else { return nil }
    return Scenario.Share(mark: value.mark, va: va, level: level, with: with, process: process)
  }
}
