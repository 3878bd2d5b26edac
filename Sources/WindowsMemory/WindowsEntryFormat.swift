public import Paging

/// The kind of page-table entries that a kernel is built for.
public enum WindowsEntryFormat: String, Sendable, CaseIterable {
  /// Four-byte entries of 32-bit paging.
  case x86
  /// Eight-byte entries of 32-bit kernels.
  case pae
  /// Entries of 64-bit x86 kernels.
  case x64
  /// Entries of arm64 kernels.
  case arm64

  /// The entries of a paging mode; 4-level and 5-level paging have the same.
  public init(_ mode: PagingMode) {
    switch mode {
    case .x86: self = .x86
    case .pae: self = .pae
    case .x86_64, .la57: self = .x64
    case .arm64: self = .arm64
    }
  }

  /// The number of bits of an entry.
  public var width: Int { self == .x86 ? 32 : 64 }

  /// Whether the kernel is one of 32-bit Windows.
  package var isThirtyTwoBit: Bool { self == .x86 || self == .pae }

  /// The format in words: `x86 entries without PAE`.
  public var words: String {
    switch self {
    case .x86: "x86 entries without PAE"
    case .pae: "PAE entries"
    case .x64: "x64 entries"
    case .arm64: "arm64 entries"
    }
  }
}
