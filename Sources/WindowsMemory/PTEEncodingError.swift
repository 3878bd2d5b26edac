import PhysicalMemory

/// Why an entry cannot be composed.
public enum PTEEncodingError: Error, Hashable, CustomStringConvertible {
  /// The kernel has no such structure.
  case noStructure(WindowsStructure)
  /// The structure has no such field.
  case noField(String, WindowsStructure, choices: [String])
  /// The value has more bits than the field.
  case doesNotFit(field: String, WindowsStructure, value: UInt64, width: Int)
  /// No bits stand for the address.
  case noSuchAddress(UInt64, WindowsStructure)
  /// The entry would be read as something else.
  case readsAs(PTEState, wanted: PTEState, entry: UInt64)

  /// What is wrong, and what there is.
  public var description: String {
    switch self {
    case .noStructure(let structure): return "the kernel has no known \(structure.rawValue)"
    case .noField(let name, let structure, let choices):
      return
        "\(structure.rawValue) has no field `\(name)`; it has \(choices.joined(separator: ", "))"
    case .doesNotFit(let field, let structure, let value, let width):
      return "\(value.hex) does not fit \(field) of \(structure.rawValue), which has"
        + " \(width) bit\(width == 1 ? "" : "s")"
    case .noSuchAddress(let address, let structure):
      return
        "\(structure.rawValue) cannot hold \(address.hex): it lacks bits of that address,"
        + " or how the kernel makes one is not known"
    case .readsAs(let state, let wanted, let entry):
      return "\(entry.hex) would be read as \(state.rawValue), not as \(wanted.rawValue)"
    }
  }
}
