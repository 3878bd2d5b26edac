public import WindowsMemory

/// A type of the kernel's that an entry is shown in, whatever its state.
public enum WindowsEntryType: Hashable, Sendable {
  /// `_MMPTE`, the union of all forms.
  case union
  /// One of the forms, such as `_MMPTE_SOFTWARE`.
  case form(WindowsStructure)

  private static let unionName = "_MMPTE"
  private static let module = "nt!"

  /// The names of all types.
  public static var names: [String] {
    [unionName] + WindowsStructure.allCases.filter(\.isEntry).map(\.rawValue)
  }

  /// The type with a name, which may begin with `nt!` as the debugger's do; nil for others.
  public init?(_ name: String) {
    let name = name.hasPrefix(Self.module) ? String(name.dropFirst(Self.module.count)) : name
    if name == Self.unionName {
      self = .union
    } else if let form = WindowsStructure(rawValue: name), form.isEntry {
      self = .form(form)
    } else {
      return nil
    }
  }

  /// The form; nil for the union of them.
  public var form: WindowsStructure? { if case .form(let form) = self { form } else { nil } }
}
