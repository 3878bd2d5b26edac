public import Paging

/// Which runs of a map are shown.
public struct MapFilter: Hashable, PageFilter {
  /// The rights that a run must have.
  public private(set) var required: Rights = []
  /// The rights that a run must not have.
  public private(set) var refused: Rights = []
  /// The page sizes that are shown, as powers of 2; empty for all.
  public private(set) var pageShifts: Set<UInt64> = []

  /// Shows everything.
  public init() {}

  /// What a filter can be made of.
  public static let terms = [
    "write", "user", "execute", "no-write", "no-user", "no-execute", "4K", "2M", "4M", "1G",
    "16K", "64K", "32M", "512M", "64G", "512G", "4T",
  ]

  /// Reads terms with commas between them: `user,no-execute,2M`; returns nil where one is unknown.
  ///
  /// Rights are all asked for; of several page sizes one is enough.
  public init?(_ text: String) {
    for term in text.split(separator: ",", omittingEmptySubsequences: false) {
      switch term {
      case "write": required.insert(.write)
      case "user": required.insert(.user)
      case "execute": required.insert(.execute)
      case "no-write": refused.insert(.write)
      case "no-user": refused.insert(.user)
      case "no-execute": refused.insert(.execute)
      case "4K": pageShifts.insert(12)
      case "2M": pageShifts.insert(21)
      case "4M": pageShifts.insert(22)
      case "1G": pageShifts.insert(30)
      case "16K": pageShifts.insert(14)
      case "64K": pageShifts.insert(16)
      case "32M": pageShifts.insert(25)
      case "512M": pageShifts.insert(29)
      case "64G": pageShifts.insert(36)
      case "512G": pageShifts.insert(39)
      case "4T": pageShifts.insert(42)
      default: return nil
      }
    }
  }

  /// Whether everything is shown.
  public var isEmpty: Bool { self == MapFilter() }

  /// Whether pages of these rights and of this size are shown.
  public func shows(_ rights: Rights, pageShift: UInt64) -> Bool {
    rights.isSuperset(of: required) && rights.isDisjoint(with: refused)
      && (pageShifts.isEmpty || pageShifts.contains(pageShift))
  }
}
