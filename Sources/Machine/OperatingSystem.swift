public import WindowsMemory

/// The operating system of a machine, with what is known of it.
public enum OperatingSystem: Sendable {
  /// None, or none that is known.
  case none
  /// Windows.
  case windows(WindowsSystem)

  /// The name by which the command line and scenarios know it.
  public var id: String {
    switch self {
    case .none: "none"
    case .windows(let system): system.kernel.id.description
    }
  }

  /// What is known of Windows, where it is that.
  public var windows: WindowsSystem? {
    get { if case .windows(let system) = self { system } else { nil } }
    set { if let newValue { self = .windows(newValue) } }
  }
}
