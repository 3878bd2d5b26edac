public import BitLayout
import LinuxMemory
import WindowsMemory

/// What the bits of entries that the processor uses mean to the kernel.
extension OperatingSystem {
  /// The kernel's own fields among the bits that the processor ignores.
  ///
  /// - Parameters:
  ///   - ignored: These bits.
  ///   - isPage: Whether the entry maps a page rather than leading to a table.
  /// - Returns: The fields, by the kernel's names; those without a use are left out.
  public func ownFields(in ignored: UInt64, isPage: Bool) -> [BitField] {
    let fields: [BitField] =
      switch self {
      case .none: []
      case .windows(let system): system.kernel.layout(.hardware)?.fields ?? []
      case .linux(let system): isPage ? system.kernel.bits.ofPresentPages : []
      }
    return fields.filter { $0.kind == .value && $0.mask & ~ignored == 0 }
  }

  /// Where the names of these fields are from; nil without a system.
  public var ownFieldSource: String? {
    switch self {
    case .none: nil
    case .windows(let system):
      system.kernel.layout(.hardware).map {
        "\($0.name) of Windows \(system.kernel.version) (\($0.citation))"
      }
    case .linux(let system): "Linux \(system.kernel.version)"
    }
  }
}
