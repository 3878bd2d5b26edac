public import LinuxMemory
public import WindowsMemory

/// The operating system of a machine, with what is known of it.
public enum OperatingSystem: Sendable {
  /// None, or none that is known.
  case none
  /// Windows.
  case windows(WindowsSystem)
  /// Linux.
  case linux(LinuxSystem)

  /// The name by which the command line and scenarios know it.
  public var id: String {
    switch self {
    case .none: "none"
    case .windows(let system): system.kernel.id.description
    case .linux(let system): system.kernel.id
    }
  }

  /// What is known of Windows, where it is that.
  public var windows: WindowsSystem? {
    get { if case .windows(let system) = self { system } else { nil } }
    set { if let newValue { self = .windows(newValue) } }
  }

  /// What is known of Linux, where it is that.
  public var linux: LinuxSystem? {
    get { if case .linux(let system) = self { system } else { nil } }
    set { if let newValue { self = .linux(newValue) } }
  }
}
