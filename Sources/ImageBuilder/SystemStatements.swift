import ScenarioFile

/// The statements that only an operating system gives a meaning.
struct SystemStatements {
  let scenario: Scenario
  let collector: DiagnosticCollector

  /// Reports those that no kernel is named for.
  func check() {
    guard scenario.machine.os == nil || scenario.machine.os?.value == "none" else { return }
    if let windows = scenario.windows { report("windows", at: windows.mark) }
    for space in SpaceStatement.all(of: scenario) {
      for item in space.layout.ptes { report("ptes", at: item.mark) }
      for item in space.layout.vads { report("vads", at: item.mark) }
    }
    if case .processes(let processes) = scenario.spaces {
      for process in processes {
        if let shadow = process.kvaShadow { report("kva-shadow", at: shadow.mark) }
        if let root = process.recordedRoot { report("recorded-root", at: root.mark) }
        if !process.isListed { report("listed", at: process.mark) }
      }
    }
    for expectation in scenario.expectations {
      if let root = expectation.root { report("root", at: root.mark) }
      switch expectation.verb {
      case .pte: report("pte", at: expectation.mark)
      case .fault(let fault):
        if let system = fault.system { report("os", at: system.mark) }
      default: break
      }
    }
  }

  private func report(_ key: String, at mark: SourceMark) {
    collector.reportAside(
      Diagnostic(
        .notForSystem, "`\(key)` means nothing to the bare processor", at: mark,
        notes: ["name the kernel: `machine: { os: windows-19041.508 }`"]))
  }
}
