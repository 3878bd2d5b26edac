/// What came of one scenario.
public struct ScenarioResult: Hashable, Sendable {
  /// The verdict.
  public enum Verdict: String, Sendable {
    /// Every expectation holds and the golden is as recorded.
    case passed
    /// Something differs.
    case failed
    /// The file is no valid scenario.
    case malformed
  }

  /// One thing that differs.
  public struct Failure: Hashable, Sendable {
    /// What was expected, as a name: `walk 0x400123`, `golden`.
    public var expectation: String
    /// The line and column in the scenario, where the failure belongs to one.
    public var place: String?
    /// The operating system, where the scenario is for several.
    public var system: String?
    /// What was expected.
    public var expected: String
    /// What the machine answers.
    public var got: String

    /// Describes a difference.
    public init(
      _ expectation: String, at place: String? = nil, on system: String? = nil, expected: String,
      got: String
    ) {
      self.expectation = expectation
      self.place = place
      self.system = system
      self.expected = expected
      self.got = got
    }
  }

  /// The path of the file.
  public var path: String
  /// What differs; empty unless the verdict is `failed`.
  public var failures: [Failure]
  /// The diagnostics as text, where the file is malformed.
  public var diagnostics: String?
  /// Whether a golden was written.
  public var recorded = false
  /// How long it took.
  public var seconds = 0.0

  /// Describes a scenario of which nothing has failed yet.
  public init(path: String) {
    self.path = path
    failures = []
  }

  /// The verdict: a recorded golden is not passed, for nobody has looked at it yet.
  public var verdict: Verdict {
    if diagnostics != nil { return .malformed }
    return failures.isEmpty && !recorded ? .passed : .failed
  }
}
