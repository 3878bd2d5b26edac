import LinuxMemory
import Paging
import WindowsMemory

/// The names that the reports of a timeline's steps may have, so that a question about one that never
/// comes up is found out.
public struct StepNames: Sendable {
  /// How a step may end.
  public var statuses: [String]
  /// How a fault may end, in full: a signal of Linux with its code.
  public var faults: [String]
  /// How a fault may end, as faults are counted: a signal alone.
  public var faultKinds: [String]
  /// What a page may be.
  public var states: [String]
  /// The lists of frames.
  public var lists: [String]
}

extension LinuxSimulation {
  var names: StepNames {
    StepNames(
      statuses: LinuxStatus.ofSteps.map(\.rawValue), faults: Self.faultNames,
      faultKinds: LinuxStatus.ofFaults.map(\.rawValue),
      states: LinuxEntryReading.State.allCases.map(\.rawValue), lists: Self.listNames)
  }

  private static let faultNames = LinuxStatus.ofFaults.flatMap { status in
    let codes = LinuxSignal.allCases.filter { $0.name == status.rawValue }.map(\.codeName)
    return codes.isEmpty ? [status.rawValue] : codes.map { "\(status.rawValue) \($0)" }
  }
}

extension WindowsSimulation {
  var names: StepNames {
    let endings = NTStatus.all.map(\.name) + BugCheck.names
    let faults = endings + FaultCost.allCases.map(\.rawValue)
    return StepNames(
      statuses: endings, faults: faults, faultKinds: faults,
      states: PTEState.allCases.map(\.rawValue), lists: frames.listNames)
  }
}
