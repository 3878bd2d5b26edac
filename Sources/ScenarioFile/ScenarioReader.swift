/// Turns YAML values into the parts of a scenario and gathers everything that is wrong with them.
///
/// A method that returns nil has reported why, or was given nil because the key is not there; a missing
/// key that is required has been reported by `fields(of:_:)`.
final class ScenarioReader {
  private(set) var diagnostics: [Diagnostic] = []
  /// The number of diagnostics, those not kept included.
  private(set) var reported = 0
  /// What the scenario lacks.
  private(set) var omissions: ScenarioReading.Omissions = []
  /// Items that were read in part.
  private(set) var damaged: Set<SourceMark> = []
  /// Whether the names and pids of all processes could be read.
  var areProcessesKnown = true

  /// The processes that steps of the timeline create.
  var createdProcesses: [(name: String, pid: UInt64)] = []
  /// Every `process:` so far, looked up when all processes are known.
  var processReferences: [Located<Scenario.ProcessReference>] = []
  /// Every name in an `on:` so far, looked up when the machine is known.
  var systemReferences: [Located<String>] = []

  /// The steps of a timeline that is too long to be parsed with the rest of its file.
  var longTimeline: LongTimeline?
  /// What is wrong with their text.
  var syntaxError: Diagnostic?

  /// More diagnostics than this are not kept: nobody reads them.
  private static let limit = 1000

  func report(
    _ code: DiagnosticCode, _ message: String, at mark: SourceMark, notes: [String] = []
  ) {
    report(Diagnostic(code, message, at: mark, notes: notes))
  }

  func report(_ diagnostic: Diagnostic) {
    reported += 1
    if diagnostics.count < Self.limit { diagnostics.append(diagnostic) }
  }

  /// Reads a part of the scenario and notes it as omitted where something is wrong in it.
  func part<Part>(_ omission: ScenarioReading.Omissions, _ read: () -> Part) -> Part {
    let before = reported
    let part = read()
    if reported > before { omissions.insert(omission) }
    return part
  }

  /// Notes that a part of the scenario is not as the file means it.
  func omit(_ omission: ScenarioReading.Omissions) { omissions.insert(omission) }

  /// Reads an item and notes its place where something is wrong in it.
  func item<Item>(_ value: YAMLValue, _ read: (YAMLValue) -> Item?) -> Item? {
    let before = reported
    let item = read(value)
    if reported > before { damaged.insert(value.mark) }
    return item
  }

  // MARK: - Mappings and lists

  /// The values of a mapping by key; unknown and missing keys are reported.
  func fields(of value: YAMLValue, _ table: KeyTable) -> Fields? {
    guard let pairs = pairs(of: value, table.title) else { return nil }
    var fields = Fields(mark: value.mark, table: table)
    for pair in pairs {
      if table.keys.contains(pair.key.value) {
        fields.add(pair)
      } else {
        report(
          Diagnostic(.unknownKey, unknown: "key", pair.key, choices: table.keys).in(table.title))
        fields.strangers.append(pair.key.value)
      }
    }
    let missing = table.required.filter { fields[$0] == nil && !fields.isMeant([$0]) }
      .map { "`\($0)`" }
    if !missing.isEmpty {
      let keys = missing.count == 1 ? "the key" : "the keys"
      report(
        .missingKey, "\(table.title) needs \(keys) \(missing.joined(separator: ", "))",
        at: value.mark)
    }
    return fields
  }

  func pairs(of value: YAMLValue, _ title: String) -> [YAMLValue.Pair]? {
    guard case .mapping(let pairs) = value.kind else {
      wrongKind(value, title, "a mapping", note: "write `key: value` lines, or `{ key: value }`")
      return nil
    }
    return pairs
  }

  /// The items of a list; nothing for a key that is not there.
  func items(of value: YAMLValue?, _ title: String) -> [YAMLValue] {
    guard let value else { return [] }
    guard case .list(let items) = value.kind else {
      wrongKind(
        value, title, "a list", note: "start each item with `- `, or write `[ item, item ]`")
      return []
    }
    return items
  }

  func wrongKind(_ value: YAMLValue, _ title: String, _ wanted: String, note: String? = nil) {
    report(
      .wrongKind, "\(title) must be \(wanted), found \(value.description)", at: value.mark,
      notes: note.map { [$0] } ?? [])
  }

  // MARK: - Scalars

  /// The text of a scalar, plain or quoted.
  func scalar(_ value: YAMLValue?, _ title: String, _ wanted: String) -> Located<String>? {
    guard let value else { return nil }
    guard case .scalar(let text, _) = value.kind else {
      wrongKind(value, title, wanted)
      return nil
    }
    guard !value.isNothing else {
      report(.empty, "\(title) has no value", at: value.mark, notes: ["it must be \(wanted)"])
      return nil
    }
    return Located(text, at: value.mark)
  }

  /// Text that names or describes something: not empty, no control characters but line ends.
  func text(_ value: YAMLValue?, _ title: String) -> Located<String>? {
    guard let text = scalar(value, title, "text") else { return nil }
    guard text.value.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
      report(.empty, "\(title) is empty", at: text.mark)
      return nil
    }
    let isClean = text.value.unicodeScalars.allSatisfy {
      $0.value >= 0x20 || "\n\t".unicodeScalars.contains($0)
    }
    guard isClean else {
      report(.characterNotAllowed, "\(title) holds a control character", at: text.mark)
      return nil
    }
    return text
  }

  func number(_ value: YAMLValue?, _ title: String) -> Located<UInt64>? {
    read(value, title, "a number") { (text) throws(NumberText.Failure) in
      try NumberText.number(text)
    }
  }

  func size(
    _ value: YAMLValue?, _ title: String, mayBeZero: Bool = false
  ) -> Located<UInt64>? {
    guard
      let size = read(
        value, title, "a size",
        { (text) throws(NumberText.Failure) in try NumberText.size(text) })
    else { return nil }
    guard size.value > 0 || mayBeZero else {
      report(.outOfBounds, "\(title) must not be 0", at: size.mark)
      return nil
    }
    return size
  }

  func range(_ value: YAMLValue?, _ title: String) -> Located<ClosedRange<UInt64>>? {
    read(value, title, "a range") { (text) throws(NumberText.Failure) in try NumberText.range(text)
    }
  }

  func read<Value: Sendable>(
    _ value: YAMLValue?, _ title: String, _ wanted: String,
    _ parse: (String) throws(NumberText.Failure) -> Value
  ) -> Located<Value>? {
    guard let text = scalar(value, title, wanted) else { return nil }
    do throws(NumberText.Failure) {
      return Located(try parse(text.value), at: text.mark)
    } catch {
      report(
        error.code, "\(Diagnostic.quote(text.value)) \(error.explanation)", at: text.mark,
        notes: [error.suggestion])
      return nil
    }
  }

  func number(_ value: YAMLValue?, _ title: String, in bounds: ClosedRange<UInt64>) -> Located<
    UInt64
  >? {
    guard let number = number(value, title) else { return nil }
    guard bounds.contains(number.value) else {
      report(
        .outOfBounds,
        "\(title) must be \(bounds.lowerBound) to \(bounds.upperBound), found \(number.value)",
        at: number.mark)
      return nil
    }
    return number
  }

  func bool(_ value: YAMLValue?, _ title: String) -> Located<Bool>? {
    guard let text = scalar(value, title, "`true` or `false`"), let value else { return nil }
    if case .scalar(_, isPlain: true) = value.kind, text.value == "true" || text.value == "false" {
      return text.map { $0 == "true" }
    }
    var notes = ["write `true` or `false`, without quotes"]
    let isYes = ["true", "yes", "on", "1"].contains(text.value.lowercased())
    let isNo = ["false", "no", "off", "0"].contains(text.value.lowercased())
    if isYes || isNo { notes.insert("did you mean `\(isYes)`?", at: 0) }
    report(
      .notABoolean, "\(Diagnostic.quote(text.value)) is neither `true` nor `false`", at: text.mark,
      notes: notes)
    return nil
  }

  /// One word of a closed set.
  func word<Word: RawRepresentable & CaseIterable & Sendable>(
    _ value: YAMLValue?, _ title: String
  ) -> Located<Word>? where Word.RawValue == String {
    guard value != nil else { return nil }
    let choices = Word.allCases.map(\.rawValue)
    guard let text = scalar(value, title, "one of \(choices.joined(separator: ", "))") else {
      return nil
    }
    guard let word = Word(rawValue: text.value) else {
      report(Diagnostic(.unknownWord, unknown: "word", text, choices: choices).in(title))
      return nil
    }
    return Located(word, at: text.mark)
  }
}

extension Diagnostic {
  /// The same diagnostic with the mapping it is about.
  fileprivate func `in`(_ title: String) -> Diagnostic {
    Diagnostic(code, "\(message) in \(title)", at: mark, notes: notes)
  }
}

extension NumberText.Failure {
  /// The code under which the failure is reported.
  var code: DiagnosticCode {
    switch self {
    case .notANumber: .notANumber
    case .tooLarge: .numberTooLarge
    case .notASize: .notASize
    case .notARange, .reversed: .notARange
    }
  }
}
