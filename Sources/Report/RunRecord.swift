/// What came of one scenario, as reports write it.
public struct RunRecord: Hashable, Sendable {
  /// One thing that differs.
  public struct Failure: Hashable, Sendable {
    /// The expectation, by name.
    public var expectation: String
    /// Where it stands.
    public var place: String?
    /// What was expected.
    public var expected: String
    /// What came instead.
    public var got: String

    /// Describes a difference.
    public init(_ expectation: String, at place: String?, expected: String, got: String) {
      self.expectation = expectation
      self.place = place
      self.expected = expected
      self.got = got
    }
  }

  /// How it ended.
  public enum Verdict: String, Sendable {
    /// All is as expected.
    case passed
    /// Something differs.
    case failed
    /// The file is no scenario.
    case malformed
  }

  /// The file.
  public var path: String
  /// How it ended.
  public var verdict: Verdict
  /// What differs.
  public var failures: [Failure]
  /// What is wrong with the file.
  public var diagnostics: String?
  /// What else there is to say: that a golden was written.
  public var note: String?
  /// How long it took.
  public var seconds: Double

  /// Describes the outcome of a scenario.
  public init(
    path: String, verdict: Verdict, failures: [Failure], diagnostics: String? = nil,
    note: String? = nil, seconds: Double
  ) {
    self.path = path
    self.verdict = verdict
    self.failures = failures
    self.diagnostics = diagnostics
    self.note = note
    self.seconds = seconds
  }

  /// The name of the scenario, which is that of its file.
  public var name: String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    return file.hasSuffix(".yaml") ? String(file.dropLast(5)) : file
  }
}

extension RunRecord {
  /// Writes the outcome as JSON.
  public func writeJSON(to out: inout TextBuffer) {
    out.openObject()
    out.member("scenario", name)
    out.member("result", verdict.rawValue)
    out.openArray("failures")
    for failure in failures {
      out.openElement()
      out.member("expectation", failure.expectation)
      out.member("expected", failure.expected)
      out.member("got", failure.got)
      if let place = failure.place { out.member("place", place) }
      out.closeObject()
    }
    out.closeArray()
    out.member("path", path)
    if let diagnostics { out.member("diagnostics", diagnostics) }
    if let note { out.member("note", note) }
    out.closeLine()
  }

  /// Writes the outcome for people.
  public func writeText(to out: inout TextBuffer) {
    out.write(verdict.rawValue, verdict == .passed ? .green : .red, width: 11)
    out.write(Wording.visible(path))
    out.endLine()
    for failure in failures {
      out.write("  ")
      if let place = failure.place { out.write("\(Wording.visible(place)): ") }
      out.write(Wording.visible(failure.expectation), .bold)
      out.write("\n    expected  ")
      out.write(Wording.visible(failure.expected), .green)
      out.write("\n    got       ")
      out.write(Wording.visible(failure.got), .red)
      out.endLine()
    }
    for line in (diagnostics ?? "").split(separator: "\n") { out.write("  \(line)\n") }
    if let note { out.write("  \(Wording.visible(note))\n", .yellow) }
  }
}
