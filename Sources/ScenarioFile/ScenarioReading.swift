/// What could be read of a scenario file, and everything wrong with the rest.
public struct ScenarioReading: Sendable {
  /// The file, for its path and its lines.
  public let source: ScenarioSource
  /// The scenario without the items that could not be read; nil where too little is left of it.
  public let scenario: Scenario?
  /// What is wrong with the file so far; empty for a scenario that is whole.
  public let diagnostics: [Diagnostic]
  /// What the scenario lacks because of the diagnostics.
  public let omissions: Omissions
  /// The items that were read, but not all of what they say.
  package let damaged: Set<SourceMark>

  /// Parts of a scenario on which other parts depend.
  public struct Omissions: OptionSet, Sendable {
    /// The parts as bits.
    public let rawValue: UInt8

    /// Makes a set of parts from bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Something of `machine:`.
    public static let machine = Omissions(rawValue: 1)
    /// Something of `machine: { memory }`, whose value then says nothing.
    public static let memory = Omissions(rawValue: 2)
    /// An item, or a part of one, of `map`, `share`, `entries`, `self-map` or `processes`.
    public static let layout = Omissions(rawValue: 4)
  }

  init(
    source: ScenarioSource, scenario: Scenario?, diagnostics: [Diagnostic],
    omissions: Omissions = [], damaged: Set<SourceMark> = []
  ) {
    self.source = source
    self.scenario = scenario
    self.diagnostics = diagnostics
    self.omissions = omissions
    self.damaged = damaged
  }

  /// A scenario that is whole.
  public init(_ scenario: Scenario) {
    self.init(source: scenario.file, scenario: scenario, diagnostics: [])
  }

  /// The diagnostics of the reading and of a later check, by position.
  ///
  /// A place that could not be read is not blamed a second time for what it seems to say.
  public func list(adding later: [Diagnostic] = []) -> DiagnosticList {
    let places = Set(diagnostics.map(\.mark))
    var seen: Set<Diagnostic> = []
    let all = (diagnostics + later.filter { !places.contains($0.mark) })
      .filter { seen.insert($0).inserted }
    return DiagnosticList(source: source, diagnostics: all)
  }

  /// The scenario, if nothing is wrong with it.
  func whole() throws(DiagnosticList) -> Scenario {
    guard diagnostics.isEmpty, let scenario else { throw list() }
    return scenario
  }
}
