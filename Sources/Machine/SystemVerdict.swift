public import LinuxMemory
public import Paging
public import PhysicalMemory
public import WindowsMemory

/// What the kernel of a machine makes of an access, whichever kernel it is.
public enum SystemVerdict: Hashable, Sendable {
  /// Windows.
  case windows(WindowsVerdict)
  /// Linux.
  case linux(LinuxVerdict)

  /// The functions of the kernel, in the order in which they are called.
  public var handler: [String] {
    switch self {
    case .windows(let verdict): verdict.handler
    case .linux(let verdict): verdict.handler
    }
  }

  /// The cost; nil where it could not be found out.
  public var cost: FaultCost? {
    switch self {
    case .windows(let verdict): verdict.cost
    case .linux(let verdict): verdict.cost
    }
  }

  /// What becomes of the page, in the system's word; nil where it could not be found out.
  public var state: String? {
    switch self {
    case .windows(let verdict): verdict.finding.state?.rawValue
    case .linux(let verdict): verdict.finding.state?.rawValue
    }
  }

  /// The rules that led to the verdict.
  public var rules: [VerdictRule] {
    switch self {
    case .windows(let verdict): verdict.finding.rules + verdict.rules
    case .linux(let verdict): verdict.finding.rules + verdict.rules
    }
  }

  /// The verdict of Windows, where it is that.
  public var windows: WindowsVerdict? {
    if case .windows(let verdict) = self { verdict } else { nil }
  }

  /// The verdict of Linux, where it is that.
  public var linux: LinuxVerdict? {
    if case .linux(let verdict) = self { verdict } else { nil }
  }
}

/// Finds out what the kernel of a machine makes of accesses in one address space.
public enum SystemClassifier: Sendable {
  /// Windows.
  case windows(PageClassifier)
  /// Linux.
  case linux(LinuxClassifier)

  /// What the kernel makes of an access, after what the processor did.
  public func verdict(
    on address: VirtualAddress, _ access: Access, _ result: AccessResult,
    interruptLevel: InterruptLevel = .passive
  ) -> SystemVerdict {
    switch self {
    case .windows(let classifier):
      .windows(
        classifier.verdict(on: address, access, result, interruptLevel: interruptLevel))
    case .linux(let classifier): .linux(classifier.verdict(on: address, access, result))
    }
  }
}

extension Machine {
  /// What the kernel makes of accesses in an address space; nil where no system is known.
  ///
  /// - Parameter space: the address space; the one that the machine's root belongs to unless said.
  /// - Returns: the classifier.
  public func systemClassifier(in space: AddressSpace? = nil) -> SystemClassifier? {
    switch system {
    case .none: nil
    case .windows: classifier(in: space).map { .windows($0) }
    case .linux: linuxClassifier(in: space).map { .linux($0) }
    }
  }

  /// What Linux knows about pages of an address space; nil without Linux.
  ///
  /// - Parameter space: the address space; the one that the machine's root belongs to unless said.
  /// - Returns: the classifier, with the areas of the process where they are known.
  public func linuxClassifier(in space: AddressSpace? = nil) -> LinuxClassifier? {
    guard let system = system.linux else { return nil }
    let space = space ?? currentSpace
    return LinuxClassifier(
      system, memory, space.map(paging(of:)) ?? paging, areas: areas(in: space)?.list)
  }
}
