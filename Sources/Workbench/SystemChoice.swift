import Machine
import Paging
import ScenarioFile

/// Which of the systems of a scenario is opened, by what the user says.
struct SystemChoice {
  /// The scenario for that system.
  let reading: ScenarioReading
  /// What the user says over what the scenario says of it.
  private let overrides: MachineOverrides
  /// The number of systems; 0 where the scenario has no list of them.
  private let count: Int
  /// That the name which the user says is that of other systems, too; nil where it is of one.
  private let ambiguity: String?

  init(_ whole: ScenarioReading, _ overrides: MachineOverrides) {
    let systems = whole.scenario?.machine.systems ?? []
    reading = whole.variant(for: Self.name(of: systems, for: overrides))
    count = systems.count
    ambiguity = Self.ambiguity(of: overrides, in: whole, taken: reading.scenario?.variant)
    var overrides = overrides
    // It has been chosen with all that the scenario says of it.
    if let name = overrides.system, reading.isVariant(name) { overrides.system = nil }
    self.overrides = overrides
  }

  /// The name of the system that is meant: one that has the name, or else one in whose mode there is
  /// such a system; nil for the first.
  private static func name(
    of systems: [Scenario.System], for overrides: MachineOverrides
  ) -> String? {
    let fitting = systems.filter { system in
      overrides.mode == nil || system.mode == nil || system.mode?.value == overrides.mode?.rawValue
    }
    guard let name = overrides.system else {
      return overrides.mode == nil ? nil : fitting.first?.name
    }
    let named = fitting.first { $0.name == name } ?? fitting.first { $0.id.value == name }
    if let named { return named.name }
    let modes = Set(fitting.compactMap { $0.mode.flatMap { PagingMode(rawValue: $0.value) } })
    // Of a kernel that has entries of several modes, the widest is what most people run.
    let widest = modes.filter { MachineOverrides.hasSystem(name, in: $0) }
      .max { ($0.virtualAddressBits, $0.levelCount) < ($1.virtualAddressBits, $1.levelCount) }
    let other = fitting.first { $0.mode?.value == widest?.rawValue }
    // A mode is a name too.
    return widest == nil ? name : other?.name ?? name
  }

  private static func ambiguity(
    of overrides: MachineOverrides, in whole: ScenarioReading, taken: String?
  ) -> String? {
    // A mode that is said decides between systems of one id.
    guard overrides.mode == nil, let name = overrides.system else { return nil }
    let meant = whole.systemNames(for: name)
    guard meant.count > 1, let taken, meant.contains(taken) else { return nil }
    let others = meant.filter { $0 != taken }.joined(separator: ", ")
    return
      "there are \(meant.count) systems \(name): this is \(taken); --os takes another by its name:"
      + " \(others)"
  }

  /// Applies what the user says, and says that there are others.
  func apply(to machine: inout Machine) throws {
    if let ambiguity { machine.warnings.append(ambiguity) }
    try overrides.apply(to: &machine)
    guard count > 1, let name = reading.scenario?.variant else { return }
    machine.provenance.append(
      Machine.Provenance(
        "systems", "\(count)", from: "this is \(name); --os and --mode take another"))
  }
}
