import BitLayout
import LinuxMemory
public import Machine
package import PhysicalMemory
public import ScenarioFile

/// An operating system that a timeline changes.
protocol SimulatedSystem: AnyObject {
  /// Does a step; what came of it is in the report.
  func perform(_ step: Scenario.Step, _ number: Int, _ detail: StepDetail) throws(StepFailure)
  /// What the last step did.
  var report: StepReport { get }
  /// The machine as it is.
  var machine: Machine { get }
  /// What is not as it must be, of what was touched since the last question.
  var violations: [String] { get }
  /// What is not as it must be, of everything.
  var allViolations: [String] { get }
  /// The names that its reports may have.
  var names: StepNames { get }
  /// The memory, which is its own.
  var memory: SimulatedMemory { get }
  /// What pagemap says of a page.
  func pagemap(_ address: UInt64, of process: Scenario.ProcessReference?) -> UInt64?
}

extension SimulatedSystem {
  var allViolations: [String] { violations }
}

/// A timeline as it runs: a machine that changes step by step.
///
/// The machine is a Windows or a Linux by the scenario's `os`. Everything is deterministic: frames are
/// taken from the front of lists, and a scenario may name them.
public final class Simulation {
  private let scenario: Scenario
  private let system: any SimulatedSystem
  private let steps: [Scenario.Step]
  /// The number of steps that were done.
  public private(set) var done = 0

  /// Begins the timeline of a scenario.
  ///
  /// - Parameters:
  ///   - scenario: the scenario, of one operating system.
  ///   - machine: an empty machine with the memory, the registers and the system of the scenario.
  /// - Throws: what is wrong with the scenario.
  public init(_ scenario: Scenario, on machine: Machine) throws(DiagnosticList) {
    self.scenario = scenario
    steps = scenario.timeline?.steps ?? []
    let mark = scenario.timeline?.mark ?? scenario.machine.mark
    do throws(StepFailure) {
      for step in steps { try Self.check(step, scenario) }
    } catch {
      throw error.list(scenario, at: mark)
    }
    do throws(StepFailure) {
      if let id = scenario.machine.os?.value, LinuxKernel.isID(id) {
        system = try LinuxSimulation(machine, scenario, id)
      } else {
        system = try WindowsSimulation(machine, scenario)
      }
    } catch {
      throw error.list(scenario, at: scenario.machine.os?.mark ?? mark)
    }
  }

  /// Refuses what the other system does, and frames that are none.
  private static func check(_ step: Scenario.Step, _ scenario: Scenario) throws(StepFailure) {
    if !step.frames.isEmpty { try check(step.frames) }
    guard let wanted = step.operation.system, let id = scenario.machine.os?.value else { return }
    guard (wanted == .linux) != LinuxKernel.isID(id) else { return }
    throw .mistake(.notForSystem, "only \(wanted.rawValue) does this", at: step.mark)
  }

  private static func check(_ frames: [Located<UInt64>]) throws(StepFailure) {
    var named: Set<UInt64> = []
    for frame in frames {
      guard frame.value % frameSize == 0 else {
        throw .mistake(
          .misaligned, "\(frame.value.hex) is not where a frame begins", at: frame.mark,
          notes: ["`frames` has physical addresses, and a frame has 4 KiB"])
      }
      guard named.insert(frame.value).inserted else {
        throw .mistake(
          .duplicateItem, "the step names the frame at \(frame.value.hex) twice", at: frame.mark)
      }
    }
  }

  /// The number of steps of the timeline.
  public var count: Int { steps.count }

  /// Whether the scenario says which faults the next step has.
  package var nextExpectsFaults: Bool {
    let steps = steps
    return done < steps.count && steps.span[done].faults != nil
  }

  /// Does the next step.
  ///
  /// - Parameter detail: how much the report says.
  /// - Returns: false at the end.
  /// - Throws: what is wrong with the scenario. A call that fails, and a program that is hit, are
  ///   answers: their status is in the report.
  package func advance(_ detail: StepDetail) throws(DiagnosticList) -> Bool {
    let steps = steps
    guard done < steps.count else { return false }
    do throws(StepFailure) {
      // A span lends the step, which an array would copy.
      try system.perform(steps.span[done], done + 1, detail)
    } catch {
      throw error.list(scenario, at: steps[done].mark)
    }
    done += 1
    return true
  }

  /// What the last step did; nil before the first.
  public var last: StepReport? { done > 0 ? system.report : nil }

  /// Does the next step and says what it did, as `advance` does; nil at the end.
  public func step(_ detail: StepDetail = .answers) throws(DiagnosticList) -> StepReport? {
    try advance(detail) ? last : nil
  }

  /// The machine as it is after the steps so far.
  ///
  /// Its memory changes with the next step.
  public var machine: Machine { system.machine }

  /// How often entries of page tables were written: while it stays the same, so do all translations.
  package var entryWrites: Int { system.memory.entryWrites }

  /// The word of pagemap for a page (Linux); nil where there is no such process, and on Windows.
  public func pagemap(
    _ address: UInt64, of process: Scenario.ProcessReference?
  ) -> UInt64? {
    system.pagemap(address, of: process)
  }

  /// What is not as it must be: of the invariants of the memory manager, those that do not hold.
  ///
  /// Between steps only what the steps touched is looked at, at the end everything.
  public var violations: [String] {
    done == steps.count ? system.allViolations : system.violations
  }

  /// The names that the reports of the steps may have.
  public var names: StepNames { system.names }

  /// Writes an entry as a mistaken model would leave it, so that tests see the invariants fail.
  package func damage(_ place: PhysicalAddress, with entry: UInt64) {
    system.memory.store(entry: entry, at: place.rawValue)
  }
}

extension StepFailure {
  func list(_ scenario: Scenario, at mark: SourceMark) -> DiagnosticList {
    let diagnostic: Diagnostic
    switch self {
    case .status(let status):
      diagnostic = Diagnostic(.outOfFrames, "the machine cannot begin: \(status.name)", at: mark)
    case .mistake(let code, let text, let notes):
      diagnostic = Diagnostic(code, text, at: mark, notes: notes)
    case .wrong(let known):
      diagnostic = known
    }
    return DiagnosticList(source: scenario.file, diagnostics: [diagnostic])
  }
}
