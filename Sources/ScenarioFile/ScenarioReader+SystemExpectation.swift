extension ScenarioReader {
  /// `os:` of an expectation of `fault`.
  func systemExpectation(_ value: YAMLValue) -> Scenario.SystemExpectation? {
    guard let fields = fields(of: value, Vocabulary.systemExpectation) else { return nil }
    let handler = fields["handler"].map { list in
      items(of: list, "`handler`").compactMap { text($0, "an item of `handler`") }
    }
    return Scenario.SystemExpectation(
      mark: value.mark, state: word(fields["state"], "`state`"),
      protection: protection(fields["protection"]),
      modifier: word(fields["modifier"], "`modifier`"), handler: handler,
      cost: word(fields["cost"], "`cost`"), status: text(fields["status"], "`status`"),
      bugCheck: fields["bugcheck"].flatMap(bugCheck), signal: text(fields["signal"], "`signal`"),
      signalCode: text(fields["signal-code"], "`signal-code`"),
      kernel: text(fields["kernel"], "`kernel`"))
  }

  private func bugCheck(_ value: YAMLValue) -> Scenario.BugCheck? {
    guard let fields = fields(of: value, Vocabulary.bugCheck) else { return nil }
    let code = number(fields["code"], "`code`")
    let items = items(of: fields["args"], "`args`")
    if items.count > 4, let mark = fields["args"]?.mark {
      report(.outOfBounds, "a bug check has 4 arguments, found \(items.count)", at: mark)
    }
    return code.map { Scenario.BugCheck(code: $0, arguments: items.map(argument)) }
  }

  /// An argument of a bug check; nil for `any`, which is not compared.
  private func argument(_ value: YAMLValue) -> Located<UInt64>? {
    if case .scalar("any", _) = value.kind { return nil }
    return number(value, "an item of `args`")
  }

  /// `pte:` and what the entry means.
  func pte(_ fields: Fields) -> Scenario.PteExpectation? {
    let va = number(fields["pte"], "`pte`")
    let level = text(fields["level"], "`level`")
    let reading = reading(fields)
    let destination = fields["leads-to"].flatMap { value in
      self.fields(of: value, Vocabulary.destination).map(self.reading)
    }
    return va.map {
      Scenario.PteExpectation(va: $0, level: level, entry: reading, destination: destination)
    }
  }

  /// The answers that are said, of an entry or of what it leads to.
  private func reading(_ fields: Fields) -> Scenario.EntryReading {
    func value(_ key: String) -> YAMLValue? {
      fields.table.keys.contains(key) ? fields[key] : nil
    }
    func number(_ key: String) -> Located<UInt64>? { self.number(value(key), "`\(key)`") }
    return Scenario.EntryReading(
      mark: fields.mark, state: word(value("state"), "`state`"),
      protection: protection(value("protection")),
      modifier: word(value("modifier"), "`modifier`"), value: number("value"),
      frameNumber: number("pfn"), pa: number("pa"), pageFile: number("page-file"),
      pageFileOffset: number("page-file-offset"), prototypeAddress: number("prototype-address"),
      subsectionAddress: number("subsection-address"), fileOffset: number("file-offset"),
      missing: number("missing"), swapType: number("type"), swapOffset: number("offset"),
      isSoftDirty: bool(value("soft-dirty"), "`soft-dirty`"),
      isUserfaultWriteProtected: bool(value("uffd-wp"), "`uffd-wp`"),
      isExclusive: bool(value("exclusive"), "`exclusive`"))
  }

  // MARK: - found

  func found(_ fields: Fields) -> Scenario.FoundExpectation {
    func numbers(_ key: String) -> [Located<UInt64>]? {
      fields[key].map { value in
        items(of: value, "`\(key)`").compactMap { number($0, "an item of `\(key)`") }
      }
    }
    return Scenario.FoundExpectation(
      roots: numbers("found") ?? [], doubtful: numbers("doubtful"), processes: numbers("processes"),
      selfMapSlot: number(fields["self-map"], "`self-map`"),
      invalidMask: number(fields["invalid-mask"], "`invalid-mask`"))
  }
}
