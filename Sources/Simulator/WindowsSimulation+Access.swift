import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Accesses of programs.
extension WindowsSimulation {
  func access(
    _ statement: Scenario.AccessStatement, _ process: WindowsProcessState
  ) throws(StepFailure) {
    let access = Access(statement)
    // A fault can change what an address means, never how the processor reads it.
    let state = paging(of: process)
    var run = AccessRun(statement, access, rules: rules, memory: memory)
    run.filler = stepByte
    var attempts = 0
    var filtered: UInt64?
    while true {
      let isDone = state.perform(&run, on: memory.image)
      report.accesses += run.made
      run.made = 0
      for (update, address) in run.updates { note(update, address, process) }
      run.updates.removeAll(keepingCapacity: true)
      guard !isDone, let stop = run.stop else { return }
      // Every fault must bring the access nearer to its end.
      attempts = run.hasMoved ? 1 : attempts + 1
      if run.hasMoved { filtered = nil }
      run.hasMoved = false
      guard attempts <= Self.faultLimit else {
        throw .mistake("\(stop.address.hex) faults again and again: the model has a mistake")
      }
      switch try fault(at: stop.address, access, stop.result, process) {
      case .retry: continue
      case .hit(let status):
        let page = page(of: stop.address)
        // A filter that has done what it can lets the exception pass.
        if statement.commitsOnViolation, status.name == NTStatus.accessViolation.name,
          filtered != page, try filterCommits(page, process)
        {
          filtered = page
          continue
        }
        report.status = status
        return
      }
    }
  }

  /// The exception filter commits a page; false where it may not.
  private func filterCommits(
    _ page: UInt64, _ process: WindowsProcessState
  ) throws(StepFailure) -> Bool {
    do throws(StepFailure) {
      try commit(page...(page + frameSize - 1), Self.readWrite, process)
    } catch {
      guard case .status(let status) = error else { throw error }
      event("the exception filter cannot commit the page at \(page.hex): \(status.name)")
      return false
    }
    event("the exception filter commits the page at \(page.hex)")
    return true
  }

  /// More faults than this for one access are a mistake of the model.
  private static let faultLimit = 16

  /// What the processor set is part of what the step changed.
  private func note(_ update: EntryUpdate, _ address: UInt64, _ process: WindowsProcessState) {
    journal.note(
      EntryJournal.Change(
        place: update.address.rawValue, before: update.before, level: update.level,
        address: address, isPrototype: false, process: process.name),
      at: update.address.rawValue)
  }
}
