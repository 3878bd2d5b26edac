import Machine
import Paging
import PhysicalMemory

/// Writes what the kernel makes of an access, whichever kernel it is.
struct VerdictReport {
  private let verdict: SystemVerdict
  private let writer: any SystemVerdictWriter

  init(verdict: SystemVerdict, mode: PagingMode) {
    self.verdict = verdict
    switch verdict {
    case .windows(let verdict): writer = WindowsVerdictReport(verdict: verdict, mode: mode)
    case .linux(let verdict): writer = LinuxVerdictReport(verdict: verdict, mode: mode)
    }
  }

  /// Adds the member `os` to an object.
  func writeMember(to out: inout TextBuffer) { writer.writeMember(to: &out) }

  /// Writes the verdict for people, indented below the processor's.
  func writeText(to out: inout TextBuffer) { writer.writeText(to: &out) }

  /// The verdict in one line.
  var line: String { writer.line }

  /// The name of the system.
  var system: String { writer.system }

  /// What is known of the page, a sentence each: first its state, then where it is.
  var findings: [String] { writer.findings }

  /// What becomes of the access.
  var outcome: (text: String, style: TextStyle) { (writer.outcome, TextStyle(verdict.cost)) }

  /// What the image does not tell, a sentence without its end, and what would happen by it.
  var openQuestion: String { writer.openQuestion }
  var cases: [VerdictCase] { writer.cases }

  /// The rules that led to the verdict.
  var rules: [VerdictRule] { verdict.rules }

  /// Whether there are rules to name.
  var hasRules: Bool { !verdict.rules.isEmpty }

  /// Writes the rules that led to the verdict, one a line.
  func writeRules(to out: inout TextBuffer) {
    for rule in verdict.rules {
      out.write("    ")
      if rule.isUncertain { out.write("uncertain: ", .yellow) }
      out.write(rule.text)
      out.write(" (\(rule.source))", .dim)
      out.endLine()
    }
  }
}

/// Writes the verdict of one system.
protocol SystemVerdictWriter: Sendable {
  /// Adds the member `os` to an object.
  func writeMember(to out: inout TextBuffer)
  /// Writes the verdict for people, indented below the processor's.
  func writeText(to out: inout TextBuffer)
  /// The verdict in one line.
  var line: String { get }
  /// The name of the system.
  var system: String { get }
  /// What is known of the page, a sentence each: first its state, then where it is.
  var findings: [String] { get }
  /// What becomes of the access.
  var outcome: String { get }
  /// What the image does not tell, a sentence without its end, and what would happen by it.
  var openQuestion: String { get }
  var cases: [VerdictCase] { get }
}

/// What would happen under a condition that the image does not tell.
struct VerdictCase {
  let condition: String
  /// The functions of the kernel, in the order in which they are called.
  let handler: [String]
  let outcome: String
  let style: TextStyle
}

extension SystemVerdictWriter {
  /// Opens the member `os`, with the state of the page and of the entry that was reached: `level` is its
  /// level, and nil where no entry was read.
  func open(
    _ system: String, state: String?, entryState: String?, level: Int?, _ mode: PagingMode,
    to out: inout TextBuffer
  ) {
    out.openObject("os")
    out.member("system", system)
    if let state { out.member("state", state) }
    if let level, level > 1 { out.member("level", mode.entryName(level)) }
    if let entryState, entryState != state { out.member("entry_state", entryState) }
  }

  /// Writes lines with the name of the system before the first.
  func write(_ lines: [(String, TextStyle)], of system: String, to out: inout TextBuffer) {
    for (index, line) in lines.enumerated() {
      out.write("  ")
      out.write(index == 0 ? system : "", .cyan, width: 9)
      out.write(line.0, line.1)
      out.endLine()
    }
  }

  /// Adds the rules that are not established, where there are any.
  func writeUncertain(_ rules: [VerdictRule], to out: inout TextBuffer) {
    let uncertain = rules.filter(\.isUncertain)
    guard !uncertain.isEmpty else { return }
    out.openArray("uncertain")
    for rule in uncertain { out.element(rule.text) }
    out.closeArray()
  }
}

extension TextStyle {
  /// The colour of a cost.
  init(_ cost: FaultCost?) {
    switch cost {
    case .fatal: self = .red
    case .some(.none), .soft: self = .green
    case .hard, nil: self = .yellow
    }
  }
}
