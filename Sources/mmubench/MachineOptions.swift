import ArgumentParser
import DumpFormats
import Explorer
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory
import Workbench

/// The options that complete a machine, or override what it says of itself.
struct MachineOptions: ParsableArguments {
  @Option(
    name: [.customLong("root"), .customLong("dtb"), .customLong("cr3")],
    help: ArgumentHelp("Physical address of the top table (CR3 or TTBR0_EL1, low bits allowed)."),
    transform: Numbers.address)
  var root: UInt64?

  @Option(help: "Take the root of the process with this number.", transform: Numbers.number)
  var pid: UInt64?

  @Option(help: ArgumentHelp("Take the root of the process with this name.", valueName: "name"))
  var process: String?

  @Option(
    help: ArgumentHelp(
      "Operating system: none, linux-6.1, windows-19041.508 or a name such as windows-7.",
      valueName: "id"))
  var os: String?

  @OptionGroup var system: SystemOptions
  @OptionGroup var linux: LinuxOptionGroup

  @Option(
    help: ArgumentHelp("Physical address at which a raw image starts."), transform: Numbers.address)
  var base: UInt64?

  @Option(
    help: ArgumentHelp(
      "Addresses START..END, inclusive, or START+SIZE at which a raw image has no memory; may be repeated.",
      valueName: "range"),
    transform: Numbers.addresses)
  var hole: [ClosedRange<UInt64>] = []

  @Option(
    help: ArgumentHelp(
      "Addresses START..END, inclusive, or START+SIZE that a raw image leaves out; may be repeated.",
      valueName: "range"),
    transform: Numbers.addresses)
  var skip: [ClosedRange<UInt64>] = []

  @OptionGroup var processor: ProcessorOptions

  func validate() throws {
    if let problem = rawLayout.problem { throw ValidationError(problem) }
  }

  /// What the user says about a machine.
  var overrides: MachineOverrides {
    var overrides = processor.overrides
    overrides.root = root
    overrides.pid = pid
    overrides.process = process
    overrides.system = os
    system.apply(to: &overrides)
    overrides.linuxOptions = linux.options
    return overrides
  }

  /// Where in physical memory the bytes of a raw image are.
  var rawLayout: RawLayout {
    RawLayout(base: PhysicalAddress(base ?? 0), holes: hole, skips: skip)
  }

  /// Whether the user said anything that a machine is made from.
  var saysMachine: Bool {
    processor.mode != nil || root != nil || pid != nil || process != nil
  }

  /// Whether the user said anything that makes another machine of a scenario.
  ///
  /// To name its mode, or one of its systems by the mode, does not.
  func changesMachine(of scenario: Scenario?) -> Bool {
    guard let scenario, let mode = processor.mode, root == nil, pid == nil, process == nil else {
      return saysMachine
    }
    return scenario.machine.mode?.value != mode.rawValue
  }

  /// What the user says, with the areas of a process; nil where the verb has no option for them.
  func overrides(with areas: AreaOptions?) throws -> MachineOverrides {
    var overrides = overrides
    guard let areas else { return overrides }
    (overrides.areas, overrides.areasFile) = (try areas.areas(), areas.maps)
    return overrides
  }

  /// Opens what the user named as MACHINE, and says what is wrong with it on standard error.
  func open(_ path: String, _ areas: AreaOptions? = nil) throws -> Machine {
    let machine = try Workbench.open(
      path, layout: rawLayout, overrides: try overrides(with: areas))
    announce(machine, path)
    return machine
  }

  /// Says what is wrong with a machine that was opened; what is damaged is said at the end.
  func announce(_ machine: Machine, _ path: String) {
    DamageNotice.watch(path, machine.memory)
    for warning in machine.warnings { Notice.warn("\(path): \(warning)") }
  }
}

extension MachineOptions {
  /// Opens what the user named as MACHINE with what there is to show of it.
  func exhibit(_ path: String, _ areas: AreaOptions) throws -> Exhibit {
    let exhibit = try Exhibit(path, layout: rawLayout, overrides: try overrides(with: areas))
    announce(exhibit.machine, path)
    return exhibit
  }
}

extension MachineOptions {
  /// The machine of a timeline after each of its steps; nil where there is no timeline.
  func moments(_ exhibit: Exhibit, _ path: String, _ areas: AreaOptions) throws -> Moments? {
    guard !exhibit.steps.isEmpty else { return nil }
    let (layout, overrides) = (rawLayout, try overrides(with: areas))
    return Moments(exhibit.steps) { step in
      try Exhibit(path, layout: layout, overrides: overrides, through: step).machine
    }
  }
}

extension Machine {
  /// Refuses an address that the machine's mode does not have.
  func require(_ address: UInt64) throws {
    guard address > paging.mode.lastAddress else { return }
    throw Failure.usage(
      "\(address.hex) is not an address in mode \(paging.mode.rawValue), which has 32 bits")
  }

  /// Refuses an access that the machine's processor never makes.
  func require(_ access: Access) throws {
    guard let contradiction = paging.contradiction(of: access) else { return }
    throw Failure.usage(contradiction)
  }

  /// Refuses an IRQL where there is none, or not for the access.
  func require(_ level: InterruptLevel?, for access: Access) throws {
    guard let level else { return }
    guard system.windows != nil else {
      throw Failure.usage("--irql is about Windows: --os windows-19041.508 names a kernel")
    }
    guard let contradiction = level.contradiction(of: access, in: paging.mode) else { return }
    throw Failure.usage(contradiction)
  }
}
