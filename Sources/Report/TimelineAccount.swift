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
    /// The timeline ended, and the condition was never true.
    case neverHeld(String)

    /// What happened, in a sentence.
    public var description: String {
      switch self {
      case .brokenInvariants(let count):
        "invariants of the memory manager do not hold: \(count)"
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

  /// Prepares to write the steps of a timeline: one or all, up to a condition or to the end.
  public init(_ style: Style, only step: UInt64? = nil, until condition: String? = nil) {
    (self.style, self.step, self.condition) = (style, step, condition)
  }

  /// Writes a step, if it is to be shown.
  ///
  /// - Parameters:
  ///   - report: what the step did.
  ///   - broken: the invariants that do not hold after it.
  ///   - machine: the machine after it, which a session of the debugger looks at.
  ///   - out: where the step is written.
  /// - Returns: what does not hold after it, for standard error.
  public mutating func write(
    _ report: StepReport, broken: [String], _ machine: @autoclosure () -> Machine,
    to out: inout TextBuffer
  ) -> [String] {
    if step.map({ $0 == UInt64(report.number) }) ?? true {
      if hasWritten, style != .json { out.endLine() }
      hasWritten = true
      switch style {
      case .plain: TimelineText().write(report, to: &out)
      case .windbg: WindbgTimeline().write(report, machine(), to: &out)
      case .json: TimelineJSON().write(report, broken: broken, to: &out)
      }
    }
    brokenCount += broken.count
    return broken.map { "step \(report.number): \($0)" }
  }

  /// The condition holds now, or nobody wants to know any more.
  public mutating func reach() { isReached = true }

  /// How the timeline ends; nil where all is well.
  public var failure: Failure? {
    if brokenCount > 0 { return .brokenInvariants(brokenCount) }
    return isReached ? nil : condition.map { .neverHeld($0) }
  }
}
