extension ScenarioReader {
  /// One item of `ptes`.
  func softwareEntry(_ value: YAMLValue) -> Scenario.SoftwareEntry? {
    guard let fields = fields(of: value, Vocabulary.softwareEntry) else { return nil }
    let va = extent(fields["va"])
    let level = text(fields["level"], "`level`")
    let on = systems(fields["on"])
    let statement = statement(fields)
    guard let va, let statement else { return nil }
    return Scenario.SoftwareEntry(
      mark: value.mark, va: va, level: level, statement: statement, on: on)
  }

  /// What an entry says, of a process's table or of a prototype array.
  func statement(_ fields: Fields) -> Scenario.EntryStatement? {
    let isPrototype = fields.table.name == Vocabulary.prototypeEntry.name
    func inProcess(_ key: String) -> YAMLValue? { isPrototype ? nil : fields[key] }
    let state: Located<Scenario.EntryState>? = word(fields["state"], "`state`")
    let protection = protection(fields["protection"])
    let to = fields["to"].flatMap(destination)
    let file = number(fields["file"], "`file`", in: 0...15)
    let offset = number(fields["offset"], "`offset`")
    let address = number(fields["address"], "`address`")
    let section = text(inProcess("section"), "`section`")
    let page = number(inProcess("page"), "`page`")
    let isAccessed = bool(fields["accessed"], "`accessed`")
    let isDirty = bool(fields["dirty"], "`dirty`")
    let settings = settings(fields["fields"], "fields")
    let linux = linuxStatement(fields)
    guard let state else { return nil }
    guard checkState(state, fields, isPrototype: isPrototype) else { return nil }
    return Scenario.EntryStatement(
      state: state, protection: protection, to: to, pageFile: file, offset: offset,
      section: section, page: page, address: address, isAccessed: isAccessed, isDirty: isDirty,
      fields: settings, linux: linux)
  }

  /// The keys that a state needs, and those that it may have beside `fields`.
  private func keys(
    of state: Scenario.EntryState, isPrototype: Bool
  ) -> (needed: [String], possible: [String]) {
    switch state {
    case .valid, .large: (["to"], ["protection", "accessed", "dirty"])
    case .zero, .ambiguous: ([], [])
    case .demandZero: (["protection"], [])
    case .noAccess, .prototypeVad: ([], ["protection"])
    case .decommitted: ([], [])
    case .pageFile: (["file", "offset", "protection"], [])
    case .virtualStore: (["offset", "protection"], ["file"])
    case .transition: (["to", "protection"], [])
    case .prototype: ([], ["section", "page", "address", "protection"])
    case .subsection: ([], ["protection", "address"])
    case .freed: (["offset"], ["file"])
    case .none: ([], [])
    case .swap: (["type", "offset"], ["soft-dirty", "uffd-wp", "exclusive"])
    case .migration: (["to", "kind"], ["soft-dirty", "uffd-wp"])
    case .hwpoison: (["to"], [])
    case .device: (["to", "kind"], ["soft-dirty", "uffd-wp"])
    case .marker: (["markers"], [])
    case .protnone: (["to"], ["accessed", "dirty", "soft-dirty", "uffd-wp"])
    case .numaHint, .zeroPage, .file, .anonymous, .present, .invalidated, .table: ([], [])
    }
  }

  /// Reports keys that the state lacks or does not have.
  private func checkState(
    _ state: Located<Scenario.EntryState>, _ fields: Fields, isPrototype: Bool
  ) -> Bool {
    let before = reported
    let name = state.value.rawValue
    let (needed, possible) = keys(of: state.value, isPrototype: isPrototype)
    if let refusal = refusal(of: state.value, isPrototype: isPrototype) {
      report(.keysDisagree, "`\(name)` \(refusal.message)", at: state.mark, notes: [refusal.note])
      return false
    }
    let missing = needed.filter { fields[$0] == nil && !fields.isMeant([$0]) }.map { "`\($0)`" }
    if !missing.isEmpty {
      let keys = missing.count == 1 ? "the key" : "the keys"
      report(
        .missingKey, "the state `\(name)` needs \(keys) \(missing.joined(separator: ", "))",
        at: state.mark)
    }
    let hasFields = state.value != .zero && !state.value.isOfLinux
    let allowed = needed + possible + (hasFields ? ["fields"] : [])
    let all = ["protection", "to", "file", "offset", "address", "accessed", "dirty", "fields"]
    let ofProcess = isPrototype ? [] : ["section", "page"] + Vocabulary.linuxKeys
    for key in all + ofProcess where !allowed.contains(key) {
      guard let mark = fields.keyMark(key) else { continue }
      let with = allowed.map { "`\($0)`" }.joined(separator: ", ")
      report(
        .keysDisagree, "`\(key)` does not go with the state `\(name)`", at: mark,
        notes: [allowed.isEmpty ? "with it go no other keys" : "with it go \(with)"])
    }
    if state.value == .prototype { checkPrototype(state.mark, fields) }
    return reported == before
  }

  /// Why a state cannot be stated there.
  private func refusal(
    of state: Scenario.EntryState, isPrototype: Bool
  ) -> (message: String, note: String)? {
    switch state {
    case .ambiguous:
      ("is an answer, not a statement", "`entries` writes any value that you like")
    case .numaHint, .zeroPage, .file, .anonymous, .present, .invalidated, .table:
      (
        "is an answer, not a statement",
        "`map` makes pages that are present, and the area says whose they are"
      )
    case .none, .swap, .migration, .hwpoison, .device, .marker, .protnone:
      isPrototype
        ? ("is of Linux, which has no prototype arrays", "`ptes` of a process has it") : nil
    case .prototype, .prototypeVad, .large:
      isPrototype
        ? (
          "cannot be in a prototype array",
          "the entry for a page in a file is of the state `subsection`"
        ) : nil
    case .subsection:
      isPrototype
        ? nil
        : ("is only in prototype arrays", "`prototype` leads to one; `entries` writes any value")
    default: nil
    }
  }

  private func checkPrototype(_ mark: SourceMark, _ fields: Fields) {
    switch (fields.keyMark("address"), fields.keyMark("section")) {
    case (let address?, let section?):
      report(
        .keysDisagree, "`address` and `section` are two ways to say which prototype PTE",
        at: max(address, section))
    case (nil, nil):
      guard !fields.isMeant(["address", "section"]) else { return }
      report(.missingKey, "the state `prototype` needs `section` or `address`", at: mark)
    case (_?, nil):
      guard let page = fields.keyMark("page") else { return }
      report(.keysDisagree, "`page` goes with `section`, not with `address`", at: page)
    case (nil, _?): break
    }
  }

  // MARK: - Protection

  /// A protection: the five bits, a word, or a list of a word and a modifier.
  func protection(_ value: YAMLValue?) -> Located<Scenario.Protection>? {
    guard let value else { return nil }
    guard case .list(let items) = value.kind else {
      guard let text = scalar(value, "`protection`", "a protection") else { return nil }
      if let first = text.value.utf8.first, (0x30...0x39).contains(first) {
        return number(value, "`protection`", in: 0...31)?.map { .number($0) }
      }
      return protectionWord(text).flatMap { self.words([$0], at: value.mark) }
    }
    let words = items.compactMap { item in
      scalar(item, "an item of `protection`", "a word").flatMap(protectionWord)
    }
    guard words.count == items.count else { return nil }
    return self.words(words, at: value.mark)
  }

  private func protectionWord(
    _ text: Located<String>
  ) -> Located<Scenario.ProtectionWord>? {
    let name = text.value.hasPrefix("PAGE_") ? String(text.value.dropFirst(5)) : text.value
    if let word = Scenario.ProtectionWord(rawValue: name) { return Located(word, at: text.mark) }
    report(
      Diagnostic(
        .unknownWord, unknown: "protection", Located(name, at: text.mark),
        choices: Scenario.ProtectionWord.allCases.map(\.rawValue)))
    return nil
  }

  private func words(
    _ words: [Located<Scenario.ProtectionWord>], at mark: SourceMark
  ) -> Located<Scenario.Protection>? {
    let accesses = words.filter { !$0.value.isModifier }
    let modifiers = words.filter { $0.value.isModifier }
    guard let access = accesses.first else {
      let names = Scenario.ProtectionWord.allCases.filter { !$0.isModifier }.map(\.rawValue)
      report(
        .missingKey, "a protection needs a word for the access", at: mark,
        notes: ["one of \(names.joined(separator: ", "))"])
      return nil
    }
    if let second = accesses.dropFirst().first ?? modifiers.dropFirst().first {
      let kind = second.value.isModifier ? "modifier" : "access"
      report(.keysDisagree, "a protection has one word for the \(kind)", at: second.mark)
      return nil
    }
    if access.value == .noAccess, let modifier = modifiers.first {
      report(
        .keysDisagree, "`NOACCESS` has no modifier", at: modifier.mark,
        notes: ["a number says any of the 32 protections"])
      return nil
    }
    return Located(.words(access.value, modifier: modifiers.first?.value), at: mark)
  }
}
