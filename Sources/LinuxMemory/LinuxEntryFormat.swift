public import Paging

/// The kind of page-table entries that a Linux kernel is built for.
public enum LinuxEntryFormat: String, Sendable, CaseIterable {
  /// Four-byte entries of a 32-bit kernel without PAE.
  case i386
  /// Eight-byte entries of a 32-bit kernel.
  case pae
  /// Entries of a 64-bit x86 kernel.
  case x64
  /// Entries of an arm64 kernel.
  case arm64

  /// The entries of a paging mode; 4-level and 5-level paging have the same.
  public init(_ mode: PagingMode) {
    switch mode {
    case .x86: self = .i386
    case .pae: self = .pae
    case .x86_64, .la57: self = .x64
    case .arm64: self = .arm64
    }
  }

  /// The first version whose entries are known here.
  public var oldestVersion: LinuxVersion {
    self == .arm64 ? LinuxVersion(3, 15) : LinuxVersion(3, 0)
  }
}
