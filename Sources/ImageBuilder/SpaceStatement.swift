import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// An address space as the scenario states it, whether it is the only one or one of several.
struct SpaceStatement {
  var name: Located<String>?
  var pid: Located<UInt64>?
  var root: Located<UInt64>?
  var layout: Scenario.Layout
  /// `kva-shadow:` of a process.
  var kvaShadow: Located<Bool>?
  /// Whether the kernel's list of processes has it.
  var isListed = true
  /// What its record says the root is; the root unless said.
  var recordedRoot: UInt64?
  /// Of a second root, for user mode: the index of the space with the first.
  var shadowOf: Int?

  /// The address spaces of a scenario; none where they come from a truth file.
  static func all(of scenario: Scenario) -> [SpaceStatement] {
    switch scenario.spaces {
    case .single(let layout):
      [SpaceStatement(name: nil, pid: nil, root: scenario.machine.root, layout: layout)]
    case .processes(let processes):
      processes.map {
        SpaceStatement(
          name: $0.name, pid: $0.pid, root: $0.root, layout: $0.layout, kvaShadow: $0.kvaShadow,
          isListed: $0.isListed, recordedRoot: $0.recordedRoot?.value)
      }
    case .truth: []
    }
  }

  func matches(_ reference: Scenario.ProcessReference) -> Bool {
    switch reference {
    case .pid(let number): pid?.value == number
    case .name(let text): name?.value == text
    }
  }

  func addressSpace(register: UInt64) -> AddressSpace {
    AddressSpace(
      register: register, pid: pid?.value, process: name?.value,
      foundBy: shadowOf == nil ? "scenario" : "scenario, user root")
  }
}

extension [SpaceStatement] {
  /// The space a statement is about: the one it names, or `current`.
  func index(
    of reference: Located<Scenario.ProcessReference>?, from current: Int
  ) throws(Diagnostic) -> Int {
    guard let reference else { return current }
    if let index = firstIndex(where: { $0.matches(reference.value) }) { return index }
    let name =
      switch reference.value {
      case .pid(let pid): "\(pid)"
      case .name(let name): name
      }
    throw Diagnostic(
      .unknownProcess, unknown: "process", Located(name, at: reference.mark),
      choices: compactMap { $0.name?.value ?? $0.pid.map { "\($0.value)" } })
  }
}
