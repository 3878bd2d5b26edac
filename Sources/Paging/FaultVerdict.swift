/// What an access costs once the kernel has dealt with its fault, by the words of the command line.
public enum FaultCost: String, Hashable, Sendable, CaseIterable {
  /// No fault is raised.
  case none
  /// The fault is resolved without reading anything from outside memory; to Linux a minor fault.
  case soft
  /// Something has to be read; to Linux a major fault.
  case hard
  /// The program gets an exception or a signal, or the system ends.
  case fatal
}

/// A rule that led a kernel, or who asks what it would do, to an answer: in words, with its source.
public struct VerdictRule: Hashable, Sendable {
  /// What the rule says of this case.
  public let text: String
  /// Where it comes from.
  public let source: String
  /// Whether the rule is not established, or holds only as far as is known here.
  public let isUncertain: Bool

  /// States a rule.
  public init(_ text: String, _ source: String, isUncertain: Bool = false) {
    self.text = text
    self.source = source
    self.isUncertain = isUncertain
  }
}
