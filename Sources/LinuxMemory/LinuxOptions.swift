/// The choices of a kernel's configuration that its page-table entries depend on.
public struct LinuxOptions: OptionSet, Hashable, Sendable {
  /// The choices as bits.
  public var rawValue: UInt8

  /// Wraps the bits of the choices below.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// CONFIG_MEMORY_FAILURE: poisoned pages have a swap type.
  public static let memoryFailure = Self(rawValue: 1 << 0)
  /// CONFIG_MIGRATION: pages on the move have swap types.
  public static let migration = Self(rawValue: 1 << 1)
  /// CONFIG_DEVICE_PRIVATE: pages in a device's memory have swap types.
  public static let devicePrivate = Self(rawValue: 1 << 2)
  /// CONFIG_PTE_MARKER: markers have a swap type; from 6.2 on they always have.
  public static let markers = Self(rawValue: 1 << 3)

  /// The choices by the names that options of the command line and scenarios have.
  public static let names: [(option: Self, name: String, configuration: String)] = [
    (.memoryFailure, "memory-failure", "CONFIG_MEMORY_FAILURE"),
    (.migration, "migration", "CONFIG_MIGRATION"),
    (.devicePrivate, "device-private", "CONFIG_DEVICE_PRIVATE"),
    (.markers, "markers", "CONFIG_PTE_MARKER"),
  ]

  /// What Debian's kernels choose, where nothing is known.
  ///
  /// Others choose otherwise: Fedora, Ubuntu and RHEL have CONFIG_DEVICE_PRIVATE on x86-64.
  public static func usual(for format: LinuxEntryFormat) -> Self {
    // Markers came for userfaultfd's write protection, which of these only x86-64 had at first.
    format == .x64 ? [.memoryFailure, .migration, .markers] : [.memoryFailure, .migration]
  }
}

extension LinuxOptions: CustomStringConvertible {
  /// The names of the kernel's configuration: `CONFIG_MEMORY_FAILURE, CONFIG_MIGRATION`.
  public var description: String {
    let set = Self.names.filter { contains($0.option) }.map(\.configuration)
    return set.isEmpty ? "none" : set.joined(separator: ", ")
  }
}
