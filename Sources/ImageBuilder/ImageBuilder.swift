public import Machine
import PhysicalMemory
public import ScenarioFile

/// A machine made from a scenario, and what was asked of it.
public struct BuiltImage: Sendable {
  /// The machine: memory, registers, roots.
  public var machine: Machine
  /// What the scenario intended.
  public var ledger: Ledger
}

/// Makes machines from scenarios.
public enum ImageBuilder {
  /// Builds the machine of a scenario whose memory is not a dump.
  ///
  /// The same scenario gives the same bytes everywhere. Everything wrong with it is reported at once,
  /// as far as one mistake does not hide another.
  public static func build(_ scenario: Scenario) throws(DiagnosticList) -> BuiltImage {
    try build(ScenarioReading(scenario))
  }

  /// Builds the machine of a scenario as it was read.
  ///
  /// Where something is wrong with the file, all that was read is checked nevertheless, and what is
  /// found is reported together with that.
  public static func build(_ reading: ScenarioReading) throws(DiagnosticList) -> BuiltImage {
    guard let scenario = reading.scenario else { throw reading.list() }
    let collector = DiagnosticCollector(reading)
    if let plan = ImagePlan(scenario, collector), plan.isPlaced {
      do throws(SystemError) {
        let assembly = try ImageAssembly(plan, collector)
        if let image = assembly.build() { return image }
      } catch {
        collector.report(.tooLarge, "\(error)", at: scenario.machine.memory.mark)
      }
    }
    throw collector.list
  }

  /// Applies what a scenario says of the machine over a dump that was opened: mode, registers,
  /// features, root and processes.
  ///
  /// Statements that only a built image can follow are reported.
  public static func apply(
    _ scenario: Scenario, to machine: inout Machine
  ) throws(DiagnosticList) {
    try apply(ScenarioReading(scenario), to: &machine)
  }

  /// Applies what was read of a scenario over a dump, and reports what is wrong with either together.
  public static func apply(
    _ reading: ScenarioReading, to machine: inout Machine
  ) throws(DiagnosticList) {
    guard let scenario = reading.scenario else { throw reading.list() }
    let collector = DiagnosticCollector(reading)
    DumpStatements(scenario, collector).apply(to: &machine)
    guard collector.isEmpty else { throw collector.list }
  }

  /// What is wrong with a scenario over a dump that could not be opened.
  public static func mistakes(overUnopenedDump reading: ScenarioReading) -> [Diagnostic] {
    guard let scenario = reading.scenario else { return reading.diagnostics }
    let collector = DiagnosticCollector(reading)
    DumpStatements(scenario, collector).check()
    return collector.list.diagnostics
  }
}
