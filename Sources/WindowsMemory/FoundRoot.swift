public import PhysicalMemory

/// How sure a finding is that rests on the looks of memory.
public enum Sureness: String, Sendable, CaseIterable, Comparable {
  /// Several independent marks agree.
  case sure
  /// The marks that could be looked for agree, and there are few.
  case likely
  /// Something speaks against it, or nothing but one mark for it.
  case doubtful

  /// The surer is the lesser, so that the surest comes first.
  public static func < (left: Sureness, right: Sureness) -> Bool {
    allCases.firstIndex(of: left) ?? 0 < allCases.firstIndex(of: right) ?? 0
  }
}

/// A page that has the marks of a top table of Windows.
public struct FoundRoot: Hashable, Sendable {
  /// The physical address of the table.
  public let root: PhysicalAddress
  /// The slot of the self-map: the entry that leads to the table itself.
  public let slot: Int
  /// The other entries of the kernel half that lead to tables.
  public let kernelEntries: Int
  /// The entries of the user half that lead to tables.
  public let userEntries: Int
  /// The entries that no top table of Windows has: reserved bits, frames beyond memory, the wrong owner.
  public let oddEntries: Int

  /// How sure it is.
  public var sureness: Sureness {
    if oddEntries > 0 || kernelEntries + userEntries == 0 { return .doubtful }
    return kernelEntries > 0 ? .sure : .likely
  }

  /// The marks in words: `self-map in slot 0x1ed, 3 other kernel entries`.
  public var words: String {
    var words = "self-map in slot 0x" + String(slot, radix: 16)
    words += ", \(kernelEntries) other kernel \(kernelEntries == 1 ? "entry" : "entries")"
    if oddEntries > 0 { words += ", \(oddEntries) that no top table has" }
    return words
  }
}
