public import Golden
import Machine
import Paging
import PhysicalMemory
public import ScenarioFile
import Simulator
import WindowsMemory

/// Runs a timeline, compares each step with what is expected of it, and writes its golden.
struct TimelineCheck {
  private(set) var failures: [ScenarioResult.Failure] = []
  private(set) var lines: [String] = []
  /// The scenario as it ends.
  let end: OpenScenario

  init(_ run: TimelineRun) throws {
    let hasGolden = run.scenario.golden
    var digests = StepDigests()
    if let variant = run.scenario.variant { lines.append("timeline \(variant)") }
    while try run.advance(hasGolden ? .changes : .counts) {
      let failed = try run.failures()
      if !failed.isEmpty { failures += failed }
      let violations = run.violations
      if !violations.isEmpty {
        failures += violations.prefix(Self.violationLimit).compactMap {
          run.failure(("an invariant of the memory manager", $0))
        }
      }
      guard hasGolden, let report = run.last else { continue }
      lines += report.goldenLines + digests.lines(after: run)
    }
    end = run.moment
  }

  private static let violationLimit = 5
}

/// The digests of the address spaces after each step.
private struct StepDigests {
  private var lines: [String] = []
  private var entryWrites = -1

  /// The lines of a golden; those of the step before where the last changed no translation.
  mutating func lines(after run: TimelineRun) -> [String] {
    let writes = run.simulation.entryWrites
    if writes != entryWrites || !run.lastOnlyAccesses { lines = Self.digests(of: run.machine) }
    entryWrites = writes
    return lines
  }

  /// The digest of every address space.
  private static func digests(of machine: Machine) -> [String] {
    var digester = Digester(memory: machine.memory, state: machine.paging)
    return machine.addressSpaces.map { space in
      let digest = digester.digest(root: space.register)
      return "  digest \(space.owner ?? space.register.hex) \(digest.digest)"
    }
  }
}

extension TimelineRun {
  /// Whether the last step made accesses of a program and nothing else: no process begins or ends with it, and
  /// the pages that it writes to hold no page tables.
  fileprivate var lastOnlyAccesses: Bool {
    guard let last, last.status == nil, let steps = scenario.timeline?.steps,
      case .access(let statement) = steps[last.number - 1].operation
    else { return false }
    return statement.privilege == .user
  }

  /// What the scenario expects of the last step, and what came instead; nothing before the first.
  ///
  /// - Throws: `DiagnosticList`, where a file that an expectation names is of no use.
  public func failures() throws(DiagnosticList) -> [ScenarioResult.Failure] {
    guard let last, let steps = scenario.timeline?.steps else { return [] }
    var failures = steps.span[last.number - 1].differences(last).compactMap(failure)
    let expectations = steps.span[last.number - 1].expectations
    guard !expectations.isEmpty else { return failures }
    let check = ExpectationCheck(moment)
    for expectation in expectations { failures += try check.failures(of: expectation) }
    return failures
  }

  /// A failure of the last step.
  fileprivate func failure(_ difference: Difference) -> ScenarioResult.Failure? {
    last.flatMap { scenario.timeline?.steps[$0.number - 1].mark }.map {
      .init(
        "step", at: "\($0)", on: scenario.variant, expected: difference.expected,
        got: difference.got)
    }
  }
}

extension Scenario.Step {
  fileprivate func differences(_ report: StepReport) -> [Difference] {
    var differences: [Difference] = []
    let got = report.status?.name ?? Self.noStatus
    if let wanted = status?.value, wanted != got {
      differences.append(("status \(wanted)", "status \(got)"))
    } else if status == nil, let status = report.status, !status.isSuccess {
      differences.append(("success", "status \(got)"))
    }
    if let wanted = faults?.map(\.value), wanted != report.faults.map(\.status) {
      func list(_ names: [String]) -> String {
        names.isEmpty ? "no faults" : "faults " + names.joined(separator: ", ")
      }
      differences.append((list(wanted), list(report.faults.map(\.status))))
    }
    return differences
  }
}

extension StepReport {
  /// The lines of a golden.
  var goldenLines: [String] {
    var lines = ["step \(number) \(title) by \(process)"]
    if let status { lines.append("  status \(status.name)") }
    if accesses > 0 { lines.append("  accesses \(accesses)") }
    let kept = changes.faults.count
    lines += changes.faults.map { fault in
      "  fault \(fault.address) \(fault.access.kind.rawValue) \(fault.access.privilege.rawValue) "
        + "\(fault.errorCode?.hex ?? fault.syndrome.map { "esr=\($0.hex)" } ?? "-") "
        + "(\(fault.errorFlags)) \(fault.state) \(fault.cost) "
        + "\(fault.status) \(fault.handler.joined(separator: ">"))"
    }
    if faultCounts.values.reduce(0, +) > kept {
      lines += faultCounts.sorted { $0.key < $1.key }.map { "  faults \($0.key) \($0.value)" }
    }
    lines += changes.events.map { "  event \($0)" }
    lines += changes.entries.map { entry in
      "  \(entry.name) \(entry.address)\(entry.process.isEmpty ? "" : " " + entry.process) at "
        + "\(entry.place) \(entry.before.hex) -> \(entry.after.hex) "
        + "(\(entry.meaningBefore) -> \(entry.meaningAfter))"
    }
    if changes.moreEntries > 0 { lines.append("  entries \(changes.moreEntries) more") }
    lines += changes.frames.map(\.goldenLine)
    if changes.moreFrames > 0 { lines.append("  frames \(changes.moreFrames) more") }
    if let words = listWords { lines.append("  lists \(words)") }
    lines += changes.pages.map { "  pagemap \($0.address) \($0.pagemap.hex) \($0.words)" }
    return lines
  }
}

extension FrameChange {
  fileprivate var goldenLine: String {
    "  frame \(number.hex) \(before?.location.rawValue ?? "unused") -> \(after.location.rawValue)"
      + (after.use == .none
        ? ""
        : " \(after.use.rawValue) share=\(after.shareCount) ref=\(after.referenceCount)"
          + " pte=\(after.pteAddress.hex) in=\(after.pteFrame.hex)"
          + " original=\(after.originalPte.hex)" + (after.isModified ? " modified" : ""))
  }
}
