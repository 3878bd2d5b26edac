import Yams

/// A YAML value with its place, free of anchors, aliases and tags, its keys text and each there once.
struct YAMLValue: Sendable {
  var mark: SourceMark
  var kind: Kind

  enum Kind: Sendable {
    case scalar(String, isPlain: Bool)
    case list([YAMLValue])
    case mapping([Pair])
  }

  /// A key of a mapping and its value.
  struct Pair: Sendable {
    var key: Located<String>
    var value: YAMLValue
  }

  init(mark: SourceMark, kind: Kind) {
    self.mark = mark
    self.kind = kind
  }

  /// Parses a text that a `SyntaxGuard` has read, or lines of it; the first thing wrong with it stops.
  ///
  /// `firstLine` is the line of the whole text with which it begins.
  init(composing text: String, firstLine: Int = 1) throws(Diagnostic) {
    let root: Node?
    do {
      // The basic resolver gives every plain scalar the same tag: our own rules decide what it is.
      root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
    } catch let error as YamlError {
      throw Diagnostic(error, firstLine: firstLine)
    } catch {
      throw Diagnostic(.syntax, "\(error)", at: SourceMark(line: 1, column: 1))
    }
    guard let root else { throw YAMLValue.emptyFile }
    try self.init(root, firstLine)
    if case .scalar("", isPlain: true) = kind { throw YAMLValue.emptyFile }
  }

  private static var emptyFile: Diagnostic {
    Diagnostic(
      .emptyFile, "the file holds no scenario", at: SourceMark(line: 1, column: 1),
      notes: ["a scenario starts with `mmubench: 1`"])
  }

  private init(_ node: Node, _ firstLine: Int) throws(Diagnostic) {
    mark = SourceMark(node.mark, firstLine)
    // The guard has refused these; nothing may reach the reader if it ever misses one.
    guard node.anchor == nil else {
      throw Diagnostic(.anchorOrAlias, "anchors are not used in scenarios", at: mark)
    }
    switch node {
    case .scalar(let scalar):
      kind = .scalar(scalar.string, isPlain: scalar.style == .plain)
    case .sequence(let sequence):
      var items: [YAMLValue] = []
      for item in sequence { items.append(try YAMLValue(item, firstLine)) }
      kind = .list(items)
    case .mapping(let mapping):
      kind = .mapping(try Self.pairs(mapping, firstLine))
    case .alias:
      throw Diagnostic(.anchorOrAlias, "aliases are not used in scenarios", at: mark)
    }
  }

  private static func pairs(
    _ mapping: Node.Mapping, _ firstLine: Int
  ) throws(Diagnostic) -> [Pair] {
    var pairs: [Pair] = []
    // Of a few keys each is compared with the others.
    var seen: Set<String>? = mapping.count > 8 ? [] : nil
    for (key, value) in mapping {
      let mark = SourceMark(key.mark, firstLine)
      guard case .scalar(let scalar) = key else {
        throw Diagnostic(.wrongKind, "a key must be text, not a list or a mapping", at: mark)
      }
      let isNew =
        seen?.insert(scalar.string).inserted
        ?? !pairs.contains { $0.key.value == scalar.string }
      guard isNew else {
        let name = Diagnostic.quote(scalar.string)
        throw Diagnostic(.duplicateKey, "the key \(name) is already in this mapping", at: mark)
      }
      pairs.append(
        Pair(key: Located(scalar.string, at: mark), value: try YAMLValue(value, firstLine)))
    }
    return pairs
  }

  /// What the value is, for messages.
  var description: String {
    switch kind {
    case .scalar("", isPlain: true): "nothing"
    case .scalar(let text, _): Diagnostic.quote(text)
    case .list: "a list"
    case .mapping: "a mapping"
    }
  }

  /// Whether there is no value after the key; YAML spells it out as `~` or `null`.
  var isNothing: Bool {
    guard case .scalar(let text, isPlain: true) = kind else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(text)
  }
}

extension SourceMark {
  fileprivate init(_ mark: Mark?, _ firstLine: Int) {
    self.init(
      line: max(1, mark?.line ?? 1) + firstLine - 1, column: max(1, mark?.column ?? 1))
  }
}

extension Diagnostic {
  /// What the YAML parser found, in its own words.
  fileprivate init(_ error: YamlError, firstLine: Int) {
    let start = SourceMark(line: firstLine, column: 1)
    switch error {
    case .scanner(let context, let problem, let mark, _),
      .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let place = SourceMark(mark, firstLine)
      guard let context, context.mark.line > 0 else {
        self.init(.syntax, problem, at: place)
        return
      }
      let origin = SourceMark(context.mark, firstLine)
      let words = context.text.split(separator: " ").joined(separator: " ")
      if problem.hasSuffix("end of stream") {
        // The end of the file is no place to look at: what never ended is.
        self.init(.syntax, "\(problem) \(words) that starts here", at: origin)
      } else {
        self.init(.syntax, problem, at: place, notes: ["\(words) that starts at \(origin)"])
      }
    case .reader(let problem, _, _, _):
      self.init(.characterNotAllowed, problem, at: start)
    case .duplicatedKeysInMapping(let keys, let context):
      let names = keys.sorted().map(Diagnostic.quote).joined(separator: ", ")
      self.init(
        .duplicateKey, "the key \(names) is in this mapping more than once",
        at: SourceMark(context.mark, firstLine))
    case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
      self.init(.syntax, "the YAML parser gave up: \(error)", at: start)
    }
  }
}
