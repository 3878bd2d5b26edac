import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// What can be said against expectations without a machine.
struct ExpectationStatements {
  /// The mode with its registers, and the kernel; nil where no mode is known.
  let settings: MachineSettings?
  let collector: DiagnosticCollector

  private var state: PagingState? { settings?.paging }

  func check(_ expectations: [Scenario.Expectation]) {
    for expectation in expectations { check(expectation) }
  }

  private func check(_ expectation: Scenario.Expectation) {
    switch expectation.verb {
    case .check(let findings):
      let choices = Finding.Kind.allCases.map(\.rawValue)
      for name in findings where !choices.contains(name.value) {
        collector.reportAside(
          Diagnostic(.unknownFinding, unknown: "finding", name, choices: choices))
      }
    case .walk(let walk):
      if let level = walk.stoppedAt { checkLevel(level) }
      checkAddress(walk.va)
    case .bytes(let bytes): checkAddress(bytes.va)
    case .pte(let pte):
      if let level = pte.level { checkLevel(level) }
      checkAddress(pte.va)
    case .fault(let fault): check(fault)
    default: break
    }
  }

  private func check(_ fault: Scenario.FaultExpectation) {
    checkAddress(fault.va)
    if case .list(let updates) = fault.updates {
      for update in updates { checkLevel(update.entry) }
    }
    if let system = fault.system { check(system) }
    // Registers that are wrong say nothing about an access.
    guard collector.diagnostics.isEmpty, !collector.omissions.contains(.machine), let state
    else { return }
    let access = Access(fault)
    if let contradiction = state.contradiction(of: access) {
      report(contradiction, at: fault.access.mark)
    }
    if let level = fault.interruptLevel,
      let contradiction = fault.level.contradiction(of: access, in: state.mode)
    {
      report(contradiction, at: level.mark)
    }
  }

  private func report(_ contradiction: String, at mark: SourceMark) {
    collector.reportAside(Diagnostic(.impossibleRegisters, contradiction, at: mark))
  }

  /// Checks the names that a verdict may have.
  private func check(_ system: Scenario.SystemExpectation) {
    if settings?.linux != nil {
      let signals = LinuxSignal.allCases
      check(system.signal, "signal", Set(signals.map(\.name)).sorted())
      check(system.signalCode, "signal code", signals.map(\.codeName))
      check(system.kernel, "end of the kernel's access", LinuxVerdict.Oops.allCases.map(\.rawValue))
    } else if settings?.windows != nil {
      check(system.status, "status", NTStatus.ofFaults.map(\.name))
      for name in system.handler ?? [] {
        check(name, "function", FaultFunction.allCases.map(\.rawValue))
      }
    }
  }

  private func check(_ name: Located<String>?, _ kind: String, _ choices: [String]) {
    guard let name, !choices.contains(name.value) else { return }
    collector.reportAside(Diagnostic(.unknownAnswer, unknown: kind, name, choices: choices))
  }

  private func checkLevel(_ level: Located<String>) {
    guard let mode = state?.mode, mode.level(named: level.value) == nil else { return }
    collector.reportAside(
      Diagnostic(.unknownLevel, unknown: "level", level, choices: mode.entryNames))
  }

  private func checkAddress(_ address: Located<UInt64>) {
    guard let state, address.value > state.mode.lastAddress else { return }
    collector.reportAside(state.notCanonical(address.value, at: address.mark))
  }
}
