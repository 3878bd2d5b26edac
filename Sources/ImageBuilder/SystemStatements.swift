import LinuxMemory
import ScenarioFile
import WindowsMemory

/// The statements that only an operating system gives a meaning.
struct SystemStatements {
  let scenario: Scenario
  let collector: DiagnosticCollector

  /// Reports those that no kernel is named for, or one that does not have them.
  func check() {
    let os = scenario.machine.os?.value ?? "none"
    for space in SpaceStatement.all(of: scenario) {
      AreaStatements(collector: collector).check(space.layout.vmas)
    }
    if os == "none" {
      checkBare()
    } else if LinuxKernel.isID(os) {
      checkForeign("Linux") { !$0.isOfLinux }
      checkWindows("Linux")
    } else {
      checkForeign("Windows") { $0.isOfLinux }
      if scenario.variant == nil, let kernel = try? WindowsKernelID(os) { checkStore(kernel) }
      checkLinux("Windows")
    }
  }

  private func checkBare() {
    checkWindows(nil)
    checkLinux(nil)
    for space in SpaceStatement.all(of: scenario) {
      for item in space.layout.ptes { report("ptes", at: item.mark) }
    }
    for expectation in scenario.expectations {
      switch expectation.verb {
      case .pte: report("pte", at: expectation.mark)
      case .fault(let fault):
        if let system = fault.system { report("os", at: system.mark) }
      default: break
      }
    }
  }

  /// What only Windows has.
  private func checkWindows(_ system: String?) {
    // Of several systems each has its own.
    if scenario.variant == nil, let windows = scenario.windows {
      report("windows", at: windows.mark, system)
    }
    for space in SpaceStatement.all(of: scenario) {
      for item in space.layout.vads { report("vads", at: item.mark, system) }
    }
    if case .processes(let processes) = scenario.spaces {
      for process in processes {
        if let shadow = process.kvaShadow { report("kva-shadow", at: shadow.mark, system) }
        if let root = process.recordedRoot { report("recorded-root", at: root.mark, system) }
        if !process.isListed { report("listed", at: process.mark, system) }
      }
    }
    for expectation in scenario.expectations {
      if system == nil, let root = expectation.root { report("root", at: root.mark, system) }
      guard case .fault(let fault) = expectation.verb, let level = fault.interruptLevel
      else { continue }
      report("irql", at: level.mark, system)
    }
  }

  /// Kernels with InStore, and those before, have no store among their page files.
  private func checkStore(_ kernel: WindowsKernelID) {
    guard !kernel.numbersStore else { return }
    for file in scenario.windows?.pageFiles ?? [] where file.isStore {
      collector.reportAside(
        Diagnostic(
          .notForSystem, "no page file of \(kernel) is a store of compressed pages", at: file.mark,
          notes: [
            "there is one from Windows 10 on; Windows 7 to 8.1 mark its pages by InStore, which"
              + " `state: virtual-store` sets"
          ]))
    }
  }

  /// What only Linux has.
  private func checkLinux(_ system: String?) {
    guard scenario.variant == nil else { return }
    if let linux = scenario.linux { report("linux", at: linux.mark, system) }
    for space in SpaceStatement.all(of: scenario) {
      for item in space.layout.vmas { report("vmas", at: item.mark, system) }
    }
    for expectation in scenario.expectations {
      // Words that were read say something whatever the machine is.
      guard case .pagemap(let pagemap) = expectation.verb, pagemap.entry != nil else { continue }
      report("pagemap", at: expectation.mark, system)
    }
  }

  /// Entries by words that the kernel does not have.
  private func checkForeign(_ system: String, _ isForeign: (Scenario.EntryState) -> Bool) {
    for space in SpaceStatement.all(of: scenario) {
      for item in space.layout.ptes where isForeign(item.statement.state.value) {
        let state = item.statement.state
        collector.reportAside(
          Diagnostic(
            .notForSystem, "\(system) has no entries of the state `\(state.value.rawValue)`",
            at: state.mark))
      }
    }
  }

  private func report(_ key: String, at mark: SourceMark, _ system: String? = nil) {
    guard system == nil else {
      return collector.reportAside(
        Diagnostic(.notForSystem, "`\(key)` means nothing to \(system ?? "")", at: mark))
    }
    collector.reportAside(
      Diagnostic(
        .notForSystem, "`\(key)` means nothing to the bare processor", at: mark,
        notes: ["name the kernel: `machine: { os: \(Self.example(for: key)) }`"]))
  }

  /// A kernel that has what is meant.
  private static func example(for key: String) -> String {
    ["linux", "vmas", "pagemap"].contains(key) ? "linux-6.1" : "windows-19041.508"
  }
}
