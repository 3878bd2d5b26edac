/// One thing wrong with a scenario, and where.
public struct Diagnostic: Error, Hashable, Sendable {
  /// The kind of the mistake.
  public var code: DiagnosticCode
  /// The mistake in one sentence without a full stop, with what was found.
  public var message: String
  /// Where the mistake is.
  public var mark: SourceMark
  /// What would be right: valid choices, a suggestion.
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
