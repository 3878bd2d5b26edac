public import Paging
public import ScenarioFile
public import WindowsMemory

extension Access {
  /// The access that a scenario asks about.
  public init(_ fault: Scenario.FaultExpectation) {
    let kind: Kind =
      switch fault.access.value {
      case .read: .read
      case .write: .write
      case .execute: .execute
      case .shadowStackRead: .shadowStackRead
      case .shadowStackWrite: .shadowStackWrite
      }
    let privilege: Privilege =
      switch fault.privilege.value {
      case .user: .user
      case .supervisor: .supervisor
      case .supervisorImplicit: .supervisorImplicit
      }
    self.init(kind, as: privilege)
  }
}

extension Scenario.FaultExpectation {
  /// The IRQL at which the access is made.
  public var level: InterruptLevel {
    interruptLevel.map { InterruptLevel(rawValue: UInt8($0.value)) } ?? .passive
  }
}
