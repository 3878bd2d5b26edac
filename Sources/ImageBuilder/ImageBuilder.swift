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
    let collector = DiagnosticCollector()
    guard let plan = ImagePlan(scenario, collector), plan.isPlaced else {
      throw DiagnosticList(source: scenario.file, diagnostics: collector.diagnostics)
    }
    let assembly: ImageAssembly
    do throws(SystemError) {
      assembly = try ImageAssembly(plan, scenario, collector)
    } catch {
      collector.report(.tooLarge, "\(error)", at: scenario.machine.memory.mark)
      throw DiagnosticList(source: scenario.file, diagnostics: collector.diagnostics)
    }
    return try assembly.build()
  }

  /// Applies what a scenario says of the machine over a dump that was opened: mode, registers,
  /// features, root and processes.
  ///
  /// Statements that only a built image can follow are reported.
  public static func apply(
    _ scenario: Scenario, to machine: inout Machine
  ) throws(DiagnosticList) {
    let collector = DiagnosticCollector()
    DumpStatements(scenario, collector).apply(to: &machine)
    try collector.finish(scenario.file)
  }
}
