import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// What a saved scenario says of the operating system: what entries are read by, and nothing that
/// lies in memory.
struct SavedSystem {
  /// The system as the scenario describes it.
  let alone: OperatingSystem

  init(_ system: OperatingSystem) {
    switch system {
    case .none: alone = .none
    case .linux(let linux): alone = .linux(LinuxSystem(linux.kernel, foundBy: "scenario"))
    case .windows(let windows):
      var system = WindowsSystem(windows.kernel, from: .init(.given, "scenario"))
      system.invalidMask = windows.invalidMask
      system.virtualStore = windows.virtualStore
      alone = .windows(system)
    }
  }

  /// What stands in `machine:`.
  var settings: [String] { alone.id == "none" ? [] : ["os: \(alone.id)"] }

  /// What stands beside it.
  var statements: [String] {
    switch alone {
    case .none: return []
    case .linux(let system):
      let options = system.kernel.options
      guard options != .usual(for: system.kernel.format) else { return [] }
      let names = LinuxOptions.names.filter { options.contains($0.option) }.map(\.name)
      return ["linux:", "  config: [\(names.joined(separator: ", "))]"]
    case .windows(let system):
      var lines: [String] = []
      if system.invalidMask != .none {
        lines.append("  invalid-mask: \(system.invalidMask.rawValue.hex)")
      }
      if let store = system.virtualStore {
        lines.append("  page-files: [{ number: \(store), store: true }]")
      }
      return lines.isEmpty ? [] : ["windows:"] + lines
    }
  }

  /// What an expectation says of a verdict.
  static func expectation(of verdict: SystemVerdict) -> [String] {
    var words: [String] = []
    if let state = verdict.state, Scenario.EntryState(rawValue: state) != nil {
      words.append("state: \(state)")
    }
    if !verdict.handler.isEmpty {
      words.append("handler: [\(verdict.handler.joined(separator: ", "))]")
    }
    if let cost = verdict.cost { words.append("cost: \(cost.rawValue)") }
    switch verdict {
    case .windows(let verdict):
      if let status = verdict.status { words.append("status: \(status.name)") }
      if let check = verdict.bugCheck {
        words.append("bugcheck: { code: \(UInt64(check.code).hex) }")
      }
    case .linux(let verdict):
      if let signal = verdict.signal {
        words.append("signal: \(signal.name), signal-code: \(signal.codeName)")
      }
      if let oops = verdict.oops { words.append("kernel: \(oops.rawValue)") }
    }
    return words
  }
}
