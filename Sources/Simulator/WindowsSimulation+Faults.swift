import BitLayout
import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// Faults: the classifier decides, and what it says is done.
extension WindowsSimulation {
  /// What came of a fault.
  enum FaultOutcome {
    /// The access is tried again.
    case retry
    /// The program, or the system, is hit.
    case hit(StepStatus)
  }

  /// Asks the classifier and does what it says.
  func fault(
    at address: UInt64, _ access: Access, _ result: AccessResult, _ process: WindowsProcessState
  ) throws(StepFailure) -> FaultOutcome {
    if let known = process.knownFault, let place = known.place(of: address, access, result),
      !told.tellsOfFault(at: detail)
    {
      report.faultCounts[known.status, default: 0] += 1
      return try outcome { () throws(StepFailure) in
        try makeZeroed(
          address, at: place, known.protection, original: known.original, process)
        return .retry
      }
    }
    try writeDatabase()
    let verdict = classifier(of: process).verdict(on: VirtualAddress(address), access, result)
    note(verdict, address, access, result) { fault in
      let classifier = classifier(of: process)
      fault.ask(paging(of: process), in: memory, of: .windows(system)) {
        .windows(classifier.verdict(on: VirtualAddress(address), $0, $1))
      }
    }
    if let check = verdict.bugCheck { return end(StepStatus(check.name, code: check.code)) }
    return try outcome { () throws(StepFailure) in
      try remember(verdict, address, access, result, process)
      return try answer(verdict, address, access, process)
    }
  }

  /// What comes of a fault that is answered, and of one that cannot be.
  private func outcome(
    _ answer: () throws(StepFailure) -> FaultOutcome
  ) throws(StepFailure) -> FaultOutcome {
    do throws(StepFailure) {
      return try answer()
    } catch {
      guard case .status(let status) = error else { throw error }
      // The thread waits for a frame, and none comes: the system ends after 70 seconds.
      return status.name == NTStatus.noMemory.name
        ? end(StepStatus("NO_PAGES_AVAILABLE", code: 0x4d)) : .hit(status)
    }
  }

  private func end(_ check: StepStatus) -> FaultOutcome {
    bugCheck = check
    return .hit(check)
  }

  private func answer(
    _ verdict: WindowsVerdict, _ address: UInt64, _ access: Access,
    _ process: WindowsProcessState
  ) throws(StepFailure) -> FaultOutcome {
    switch verdict.status {
    case .accessViolation?, .inPageError?:
      return .hit(StepStatus(verdict.status ?? .accessViolation))
    case .guardPageViolation?, .stackOverflow?:
      // The guard is taken away before it is known whose it was.
      try removeGuard(verdict, address, process)
      return .hit(StepStatus(verdict.status ?? .guardPageViolation))
    case .guardPage?:
      try removeGuard(verdict, address, process)
      return try growStack(below: address, process) ? .retry : .hit(StepStatus(.stackOverflow))
    default:
      try resolve(verdict, address, access, process)
      return .retry
    }
  }

  private func resolve(
    _ verdict: WindowsVerdict, _ address: UInt64, _ access: Access,
    _ process: WindowsProcessState
  ) throws(StepFailure) {
    let finding = verdict.finding
    switch verdict.status {
    case .transition? where finding.isSharedData: try mapSharedData(address, process)
    case .success?: try makeWritable(address, process)
    case .copyOnWrite?: try copyOnWrite(finding, address, process)
    case .demandZero?, .transition?, .pagingFile?: try bringIn(finding, address, access, process)
    case nil where finding.state == .virtualStore:
      try bringIn(finding, address, access, process)
    default:
      throw .mistake(
        "the classifier does not know what becomes of \(address.hex)",
        notes: verdict.finding.failure.map { ["\($0)"] } ?? [])
    }
  }

  private func note(
    _ verdict: WindowsVerdict, _ address: UInt64, _ access: Access, _ result: AccessResult,
    _ ask: (inout FaultReport) -> Void
  ) {
    let status =
      verdict.bugCheck?.name ?? verdict.status?.name ?? verdict.cost?.rawValue ?? "unknown"
    report.faultCounts[status, default: 0] += 1
    guard told.tellsOfFault(at: detail) else { return }
    var fault = FaultReport(
      address, access, result, state: verdict.finding.state?.rawValue, handler: verdict.handler,
      cost: verdict.cost?.rawValue, status: status,
      code: verdict.bugCheck?.code ?? verdict.status?.code)
    if detail >= .answers, !told.faults.contains(where: fault.isLike) { ask(&fault) }
    told.faults.append(fault)
  }

  // MARK: - Guard pages

  private func removeGuard(
    _ verdict: WindowsVerdict, _ address: UInt64, _ process: WindowsProcessState
  ) throws(StepFailure) {
    guard let protection = verdict.finding.protection,
      let plain = MMProtection(base: protection.pageName)
    else { return }
    let (place, _) = try makePlace(of: address, root: process.root, process: process)
    try reprotect(address, place: place, plain, process)
  }

  /// Commits the page below as the next guard; false where no page can be committed.
  ///
  /// Where the program has committed it already, it keeps what it holds.
  private func growStack(
    below address: UInt64, _ process: WindowsProcessState
  ) throws(StepFailure) -> Bool {
    guard let next = process.stack?.nextGuard(below: VirtualAddress(address)) else { return false }
    let page = next.rawValue
    do throws(StepFailure) {
      try commit(page...page + (frameSize - 1), Self.guarded, process)
    } catch {
      guard case .status(let status) = error, status.name != NTStatus.noMemory.name else {
        throw error
      }
      return false
    }
    event("the stack grows: \(page.hex) is the guard page now")
    return true
  }

  static let guarded =
    MMProtection(base: "PAGE_READWRITE", modifier: .guardPage) ?? .zeroAccess
}
