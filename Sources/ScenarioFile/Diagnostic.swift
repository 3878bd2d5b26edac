/// One thing wrong with a scenario, and where.
public struct Diagnostic: Error, Hashable, Sendable {
  /// The kind of the mistake.
  public var code: DiagnosticCode
  /// The mistake in one sentence without a full stop, with what was found.
  public var message: String
  /// Where the mistake is.
  public var mark: SourceMark
  /// What would be right: a suggestion, the valid choices.
  public var notes: [String]

  /// Makes a diagnostic.
  public init(
    _ code: DiagnosticCode, _ message: String, at mark: SourceMark, notes: [String] = []
  ) {
    self.code = code
    self.message = message
    self.mark = mark
    self.notes = notes
  }

  /// Makes a diagnostic about a name outside a list of choices, with the nearest choice and all of
  /// them as notes: "unknown `kind` `name`".
  public init(
    _ code: DiagnosticCode, unknown kind: String, _ name: Located<String>, choices: [String]
  ) {
    // A long list is no help to anybody.
    let isLong = choices.count > 32
    let quoted = choices.map { "`\($0)`" }.joined(separator: ", ")
    var notes: [String] = []
    if let near = Suggestion.nearest(to: name.value, in: choices) {
      notes.append("did you mean `\(near)`?")
    }
    if isLong, let first = choices.first, let last = choices.last {
      notes.append("there are \(choices.count) choices, from `\(first)` to `\(last)`")
    } else if !choices.isEmpty {
      notes.append(
        choices.count == 1 ? "the only choice is \(quoted)" : "the choices are \(quoted)")
    }
    self.init(code, "unknown \(kind) \(Diagnostic.quote(name.value))", at: name.mark, notes: notes)
  }

  /// Text from the file between backticks, cut to a readable length.
  public static func quote(_ text: String) -> String {
    let limit = 60
    let scalars = text.unicodeScalars
    guard let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex),
      end != scalars.endIndex
    else { return "`\(text)`" }
    return "`\(text[..<end])...`"
  }
}

/// Everything wrong with one scenario file.
public struct DiagnosticList: Error, Hashable, Sendable {
  /// The file, for its path and its lines.
  public let source: ScenarioSource
  /// The diagnostics by position; never empty.
  public let diagnostics: [Diagnostic]

  /// Sorts diagnostics by position.
  public init(source: ScenarioSource, diagnostics: [Diagnostic]) {
    self.source = source
    self.diagnostics = diagnostics.sorted {
      ($0.mark, $0.code.rawValue) < ($1.mark, $1.code.rawValue)
    }
  }
}

extension DiagnosticList: CustomStringConvertible {
  /// The first diagnostic in one line, for a message about another file.
  public var description: String {
    guard let first = diagnostics.first else { return source.path }
    let more = diagnostics.count > 1 ? " (and \(diagnostics.count - 1) more)" : ""
    return "\(source.path):\(first.mark): \(first.message)\(more)"
  }
}
