public import Golden
public import Machine
public import Simulator

/// What `simulate` writes of a timeline, step by step, and how it ends.
public struct TimelineAccount: Sendable {
  /// How steps are written.
  public enum Style: Sendable {
    /// For people.
    case plain
    /// As a session of the debugger.
    case windbg
    /// One JSON object a line.
    case json
  }

  /// Why a timeline that ran is no success.
  public enum Failure: Error, CustomStringConvertible {
    /// So many times an invariant did not hold: the model has a mistake.
    case brokenInvariants(Int)
    /// So many things that steps expect were not found.
    case unmetExpectations(Int)
    /// The timeline ended, and the condition was never true.
    case neverHeld(String)

    /// What happened, in a sentence.
    public var description: String {
      switch self {
      case .brokenInvariants(let count):
        "invariants of the memory manager do not hold: \(count)"
      case .unmetExpectations(let count): "expectations do not hold: \(count)"
      case .neverHeld(let condition): "`\(condition)` never holds"
      }
    }

    /// The status that the program ends with.
    public var exitStatus: Int32 { 1 }
  }

  private let style: Style
  /// The only step that is shown; nil where all are.
  private let step: UInt64?
  /// What the steps are waited for.
  private let condition: String?
  private var isReached = false
  private var hasWritten = false
  private var brokenCount = 0
  private var unmetCount = 0

  /// Prepares to write the steps of a timeline: one or all, up to a condition or to the end.
  public init(_ style: Style, only step: UInt64? = nil, until condition: String? = nil) {
    (self.style, self.step, self.condition) = (style, step, condition)
  }

  /// How much has to be known of a step, by its number.
  public func detail(ofStep number: Int) -> StepDetail { isShown(number) ? .changes : .counts }

  private func isShown(_ number: Int) -> Bool { step.map { $0 == UInt64(number) } ?? true }

  /// Writes a step, if it is to be shown.
  ///
  /// - Parameters:
  ///   - report: what the step did.
  ///   - failures: what it should have been and was not.
  ///   - broken: the invariants that do not hold after it.
  ///   - machine: the machine after it, which a session of the debugger looks at.
  ///   - out: where the step is written.
  /// - Returns: what does not hold after it, for standard error.
  public mutating func write(
    _ report: StepReport, failures: [ScenarioResult.Failure] = [], broken: [String],
    _ machine: @autoclosure () -> Machine, to out: inout TextBuffer
  ) -> [String] {
    let isShown = isShown(report.number)
    if isShown { show(report, failures, broken, machine, to: &out) }
    brokenCount += broken.count
    unmetCount += failures.count
    let unmet = isShown ? [] : failures.map { "expected \($0.expected), got \($0.got)" }
    return (unmet + broken).map { "step \(report.number): \($0)" }
  }

  private mutating func show(
    _ report: StepReport, _ failures: [ScenarioResult.Failure], _ broken: [String],
    _ machine: () -> Machine, to out: inout TextBuffer
  ) {
    if hasWritten, style != .json { out.endLine() }
    hasWritten = true
    switch style {
    case .plain: TimelineText().write(report, to: &out)
    case .windbg: WindbgTimeline().write(report, machine(), to: &out)
    case .json:
      return TimelineJSON().write(report, failures: failures, broken: broken, to: &out)
    }
    TimelineText().write(failures, to: &out)
  }

  /// The condition holds now, or nobody wants to know any more.
  public mutating func reach() { isReached = true }

  /// How the timeline ends; nil where all is well.
  public var failure: Failure? {
    if brokenCount > 0 { return .brokenInvariants(brokenCount) }
    if unmetCount > 0 { return .unmetExpectations(unmetCount) }
    return isReached ? nil : condition.map { .neverHeld($0) }
  }
}
