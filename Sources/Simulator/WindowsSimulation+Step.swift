import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// The steps of a timeline.
extension WindowsSimulation: SimulatedSystem {
  /// Windows has no pagemap.
  func pagemap(_ address: UInt64, of process: Scenario.ProcessReference?) -> UInt64? { nil }

  func perform(
    _ step: Scenario.Step, _ number: Int, _ detail: StepDetail
  ) throws(StepFailure) {
    if let bugCheck {
      throw .mistake(
        "the system has ended with \(bugCheck.name): no step comes after a bug check",
        notes: ["make the steps before it, or those after it, a scenario of their own"])
    }
    let process = try process(step.process)
    self.detail = detail
    report = StepReport(step, number, by: process.name, process.pid, detail)
    if detail > .counts { told = StepChanges() }
    stepByte = UInt8(truncatingIfNeeded: number)
    try makeSharedData(for: step.operation)
    if !step.frames.isEmpty { wantedFrames = step.frames }
    beginStep()
    do throws(StepFailure) {
      try perform(step.operation, process)
      if report.status == nil, !step.operation.isAccess { report.status = StepStatus(.success) }
    } catch {
      guard case .status(let status) = error else { throw error }
      report.status = status
    }
    if !step.frames.isEmpty, let left = wantedFrames.first { throw .unused(left) }
    try finishStep()
  }

  private func perform(
    _ operation: Scenario.Operation, _ process: WindowsProcessState
  ) throws(StepFailure) {
    switch operation {
    case .access(let statement): try access(statement, process)
    case .exit: try exit(process)
    case .reserve(let range, let said, let isCommitted, let isLarge):
      try reserve(
        range, protection(said), isCommitted: isCommitted, isLarge: isLarge, process)
    case .commit(let range, let said): try commit(range, protection(said), process)
    case .protect(let range, let said): try protect(range, protection(said), process)
    case .decommit(let range): try decommit(range, process)
    case .free(let address): try free(address, process)
    case .stack(let range, let count): try makeStack(range, committed: count, process)
    case .createSection(let statement): try createSection(statement)
    case .mapView(let range, let name, let page, let said):
      try mapView(range, name, page: page, protection(said), process)
    case .unmapView(let address): try unmapView(address, process)
    case .trim(let range): try trim(range, process)
    case .writeModified(let count): try writeModified(count: count, toStore: false)
    case .compress(let count): try writeModified(count: count, toStore: true)
    case .repurpose(let count): try repurpose(count: count)
    case .zeroPages(let count): try zeroPages(count: count)
    case .lock(let range, let isLocked): try lock(range, isLocked: isLocked, process)
    case .combine: try combine()
    case .createProcess(let name, let pid):
      try startProcess(name, pid: pid, root: nil, firstIndex: nil)
    default: throw .mistake("Windows has no such operation")
    }
  }
}

extension Scenario.Operation {
  /// Whether the step makes accesses: what they give is no status of a call.
  var isAccess: Bool { if case .access = self { true } else { false } }
}
