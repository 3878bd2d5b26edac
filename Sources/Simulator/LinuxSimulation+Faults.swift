import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// Faults: the classifier decides, and what it says is done.
extension LinuxSimulation {
  /// What came of a fault.
  enum FaultOutcome {
    /// The access is tried again.
    case retry
    /// The program gets a signal, or waits.
    case hit(StepStatus)
  }

  /// Asks the classifier and does what it says.
  func fault(
    at address: UInt64, _ access: Access, _ result: AccessResult, _ process: LinuxProcessState
  ) throws(StepFailure) -> FaultOutcome {
    if let known = process.knownFault, let place = known.place(of: address, access, result),
      !told.tellsOfFault(at: detail)
    {
      report.faultCounts[LinuxStatus.minor.rawValue, default: 0] += 1
      return try outcome { () throws(StepFailure) in
        try resolve(known, address, at: place, process)
        return .retry
      }
    }
    let classifier = classifier(of: process, at: address)
    let verdict = classifier.verdict(on: VirtualAddress(address), access, result).firstFault
    note(verdict, address, access, result) { fault in
      fault.ask(paging(of: process), in: memory, of: .linux(nothingCached)) {
        .linux(classifier.verdict(on: VirtualAddress(address), $0, $1))
      }
    }
    if case .growing = verdict.finding.area, verdict.oops != .certain { grow(to: address, process) }
    return try outcome { () throws(StepFailure) in
      try resolve(verdict, address, access, process)
      remember(verdict, address, access, result, process)
      if [.wait, .swapInAndWait].contains(verdict.resolution) {
        return .hit(StepStatus(linux: .waits))
      }
      return verdict.ending.map { .hit(StepStatus(linux: $0)) } ?? .retry
    }
  }

  /// What comes of a fault that is answered, and of one that cannot be.
  private func outcome(
    _ answer: () throws(StepFailure) -> FaultOutcome
  ) throws(StepFailure) -> FaultOutcome {
    do throws(StepFailure) {
      return try answer()
    } catch {
      if case .status(let status) = error { return .hit(status) }
      throw error
    }
  }

  private func note(
    _ verdict: LinuxVerdict, _ address: UInt64, _ access: Access, _ result: AccessResult,
    _ ask: (inout FaultReport) -> Void
  ) {
    let kind = (verdict.ending ?? (verdict.cost == .hard ? .major : .minor)).rawValue
    report.faultCounts[kind, default: 0] += 1
    // What ends a step is told of, whatever came before.
    guard told.tellsOfFault(at: detail) || detail > .counts && verdict.ending != nil else { return }
    var fault = FaultReport(
      address, access, result, state: verdict.finding.state?.rawValue, handler: verdict.handler,
      cost: verdict.cost?.rawValue,
      status: kind + (verdict.signal.map { " \($0.codeName)" } ?? ""))
    if detail >= .answers, !told.faults.contains(where: fault.isLike) { ask(&fault) }
    told.faults.append(fault)
  }

  /// The stack above an address that no area holds begins at its page now.
  private func grow(to address: UInt64, _ process: LinuxProcessState) {
    guard let index = process.areas.node(endingFrom: address) else { return }
    let start = address / frameSize * frameSize
    event("the stack grows down to \(start.hex)")
    process[index].page &-= (process[index].start - start) / frameSize
    process[index].start = start
    // It is made ready for pages of its own before it grows (expand_downwards).
    process.noteOwnPage(at: start)
  }

  /// Does what the classifier says about the page.
  private func resolve(
    _ verdict: LinuxVerdict, _ address: UInt64, _ access: Access, _ process: LinuxProcessState
  ) throws(StepFailure) {
    guard let resolution = verdict.resolution, let area = process.area(of: address) else {
      guard verdict.ending == nil else { return }
      throw unknown(address, verdict)
    }
    let (entry, level) = entry(of: address, process)
    switch resolution {
    case .mapZeroPage: try mapZero(address, area, process)
    case .makePage: try makePage(address, area, process)
    case .makeHugePage: try makeHugePage(address, access.isWrite, area, process)
    case .mapFilePage: try mapFilePage(address, access.isWrite, area, process)
    case .copyFilePage: try copyFilePage(address, area, process)
    case .swapIn: try swapIn(address, entry, isReused: access.isWrite, area, process)
    case .swapInAndWait: try swapIn(address, entry, isReused: false, area, process)
    case .swapInAndCopy:
      try swapIn(address, entry, isReused: false, area, process)
      try copyPage(address, self.entry(of: address, process).entry, area, process)
    case .restoreRights: restoreRights(address, entry, level, area, process)
    case .makeWritable: makeWritable(address, entry, level, process)
    case .copyPage: try copyPage(address, entry, area, process)
    case .split:
      guard try !replaceHugeZero(entry, at: address, area, process) else { return }
      split(address, process)
      try copyPage(address, self.entry(of: address, process).entry, area, process)
    case .tryAgain, .wait: break
    case .copyOrMakeWritable: throw unknown(address, verdict)
    }
  }

  private func unknown(_ address: UInt64, _ verdict: LinuxVerdict) -> StepFailure {
    .mistake(
      "the classifier does not know what becomes of \(address.hex)",
      notes: (verdict.finding.rules + verdict.rules).map(\.text))
  }
}

extension LinuxVerdict {
  /// What ends the access: the signal of a program, or what becomes of an access of the kernel's own,
  /// which is taken to be one of those that the exception table knows (`copy_from_user`).
  var ending: LinuxStatus? {
    switch signal?.name {
    case LinuxStatus.busError.rawValue?: .busError
    case .some: .segmentationFault
    case nil: oops.map { $0 == .certain ? .oops : .badAddress }
    }
  }
}
