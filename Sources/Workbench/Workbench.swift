public import DumpFormats
public import ImageBuilder
import LinuxMemory
public import Machine
import Paging
import PhysicalMemory
public import ScenarioFile
import Simulator

/// Opens whatever the user names, scenario or dump, as a machine.
public enum Workbench {
  /// Opens a machine: a file that ends in `.yaml` is a scenario, every other one a dump.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - layout: where in physical memory the bytes of a raw image are.
  ///   - overrides: what the user says over what the file says.
  /// - Returns: the machine.
  /// - Throws: `DiagnosticList` for a scenario, `DumpError` for a dump, `MachineOverrides.Problem`.
  public static func open(
    _ path: String, layout: RawLayout = RawLayout(),
    overrides: MachineOverrides = MachineOverrides()
  ) throws -> Machine {
    guard isScenario(path) else {
      return try Machine(DumpFile.open(path, layout: layout), overrides: overrides)
    }
    let choice = SystemChoice(try ScenarioParser.read(path: path), overrides)
    var machine = try OpenScenario(choice.reading).machine
    try choice.apply(to: &machine)
    return machine
  }

  /// Whether a file is taken as a scenario, by its name.
  public static func isScenario(_ path: String) -> Bool {
    path.hasSuffix(".yaml") || path.hasSuffix(".yml")
  }

  /// The files that hold a machine: a dump with what belongs to it, or a scenario with its golden and the files
  /// that it names for its memory and processes.
  public static func files(of path: String) -> [String] {
    guard isScenario(path) else { return DumpFile.files(of: path) }
    // What is wrong with a scenario is said where it is opened.
    guard let scenario = try? ScenarioParser.read(path: path).scenario else { return [path] }
    var files = [path, ScenarioRunner.goldenPath(of: path)]
    if case .dump(let dump) = scenario.machine.memory.value {
      files += DumpFile.files(of: resolve(dump.file.value, besides: path))
    }
    if case .truth(let file) = scenario.spaces { files.append(resolve(file.value, besides: path)) }
    return files
  }

  /// The path of a file that `scenario` names: relative paths start at the scenario's folder.
  static func resolve(_ file: String, besides scenario: String) -> String {
    guard !file.hasPrefix("/"), let slash = scenario.lastIndex(of: "/") else { return file }
    return scenario[...slash] + file
  }
}

/// A scenario and the machine that it builds or opens.
public struct OpenScenario {
  /// What the file says.
  public let scenario: Scenario
  /// The machine.
  public let machine: Machine
  /// What the builder intended; nil where the scenario opens a dump or has a timeline.
  public let ledger: Ledger?
  /// What is known of the moment of a timeline, beside the machine.
  let moment: Moment?

  /// A moment of a timeline.
  struct Moment {
    /// How many frames are on each list.
    var lists: [ListCount]
    /// The timeline, which has come to here.
    var run: TimelineRun
  }

  /// A moment of a timeline.
  init(_ scenario: Scenario, _ machine: Machine, at moment: Moment) {
    (self.scenario, self.machine, self.moment) = (scenario, machine, moment)
    ledger = nil
  }

  /// Reads the scenario in a file and builds or opens its machine.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - system: which of several systems, by its name, id or mode; the first unless one is named.
  ///   - step: the step of a timeline after which the machine is wanted; the last unless said.
  /// - Throws: `ScenarioFileError`, or `DiagnosticList` with what is wrong with the file.
  public init(_ path: String, system: String? = nil, step: Int? = nil) throws {
    try self.init(ScenarioParser.read(path: path).variant(for: system), step: step)
  }

  /// Builds or opens the machine of a scenario.
  public init(_ scenario: Scenario) throws { try self.init(ScenarioReading(scenario)) }

  /// Builds or opens the machine of a scenario as it was read; of several systems, that of the first.
  ///
  /// - Throws: `DiagnosticList`, with what is wrong with the file and with the machine it asks for.
  public init(_ reading: ScenarioReading, step: Int? = nil) throws {
    let reading = reading.variant(for: nil)
    if let run = try TimelineRun(reading) {
      try run.run(through: step)
      self = run.moment
      return
    }
    guard let scenario = reading.scenario else { throw reading.list() }
    self.scenario = scenario
    moment = nil
    guard case .dump(let dump) = scenario.machine.memory.value else {
      let built = try ImageBuilder.build(reading)
      (machine, ledger) = (built.machine, built.ledger)
      return
    }
    let path = Workbench.resolve(dump.file.value, besides: scenario.file.path)
    let base = PhysicalAddress(dump.base?.value ?? 0)
    do {
      let file = try DumpFile.open(path, base: base)
      machine = try Self.machine(reading, scenario, file)
    } catch let error as DiagnosticList {
      throw error
    } catch {
      let others = ImageBuilder.mistakes(overUnopenedDump: reading)
      // What the machine lacks to open a raw image may be what is wrong with it already.
      let isCause = error is MachineOverrides.Problem && !others.isEmpty
      let own = isCause ? [] : [Diagnostic(.unusableFile, "\(error)", at: dump.file.mark)]
      throw DiagnosticList(source: scenario.file, diagnostics: others + own)
    }
    ledger = nil
  }

  private static func machine(
    _ reading: ScenarioReading, _ scenario: Scenario, _ dump: DumpFile
  ) throws -> Machine {
    var overrides = MachineOverrides()
    overrides.mode = scenario.machine.mode.flatMap { PagingMode(rawValue: $0.value) }
    overrides.root = scenario.machine.root?.value
    var truth: GuestTruth?
    var spaces: [AddressSpace] = []
    if case .truth(let file) = scenario.spaces {
      let path = Workbench.resolve(file.value, besides: scenario.file.path)
      let read = try GuestTruth.read(path)
      truth = read
      spaces = addressSpaces(read)
      overrides.root = overrides.root ?? spaces.first?.register
    }
    var machine = try Machine(dump, overrides: overrides)
    if !spaces.isEmpty { machine.addressSpaces = spaces }
    if let system = try truth?.system(machine.paging.mode) {
      if machine.system.linux == nil {
        machine.system = .linux(system)
        machine.provenance.append(
          Machine.Provenance(
            "kernel", "Linux \(system.kernel.version)", from: system.foundBy, isAside: true))
      }
      machine.system.linux?.caches = system.caches
    }
    try ImageBuilder.apply(reading, to: &machine)
    return machine
  }

  /// The roots of all processes: the kernel's first, then the user's where it is another.
  private static func addressSpaces(_ truth: GuestTruth) -> [AddressSpace] {
    truth.processes.flatMap { process in
      let (kernel, user) = (process.root.kernel.value, process.root.user.value)
      let areas = process.areas
      func space(_ register: UInt64, _ foundBy: String) -> AddressSpace {
        AddressSpace(
          register: register, pid: process.pid, process: process.comm, foundBy: foundBy,
          areas: areas)
      }
      return kernel == user
        ? [space(kernel, "truth file")]
        : [space(kernel, "truth file, kernel root"), space(user, "truth file, user root")]
    }
  }
}
