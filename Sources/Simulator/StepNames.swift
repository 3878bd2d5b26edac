import LinuxMemory
import Paging
import WindowsMemory

/// The names that the reports of a timeline's steps may have, so that a question about one that never
/// comes up is found out.
public struct StepNames: Sendable {
  /// How a step may end.
  public var statuses: [String]
  /// How a fault may end.
  public var faults: [String]
  /// What a page may be.
  public var states: [String]
  /// The lists of frames.
  public var lists: [String]
}

extension LinuxSimulation {
  var names: StepNames {
    StepNames(
      statuses: LinuxStatus.ofSteps.map(\.rawValue), faults: LinuxStatus.ofFaults.map(\.rawValue),
      states: LinuxEntryReading.State.allCases.map(\.rawValue), lists: Self.listNames)
  }
}

extension WindowsSimulation {
  var names: StepNames {
    let endings = NTStatus.all.map(\.name) + BugCheck.names
    return StepNames(
      statuses: endings, faults: endings + FaultCost.allCases.map(\.rawValue),
      states: PTEState.allCases.map(\.rawValue), lists: Self.listNames)
  }
}
