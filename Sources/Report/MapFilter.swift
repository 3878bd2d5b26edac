public import Paging
public import PhysicalMemory

/// Which pages of a map are shown, in the words that users of gdb-pt-dump know and in longer ones.
///
/// A filter is a conjunction of terms; a term is alternatives with `|` between them, each of which `_` or
/// `no-` turns into its opposite. Page sizes are alternatives of each other, however they are written.
public struct MapFilter: Hashable, Sendable {
  /// What a page can be asked for.
  enum Property: Hashable, Sendable {
    /// The effective rights have all of these.
    case rights(Rights)
    /// Neither writable nor executable.
    case readOnly
    /// The page has this size, a power of 2.
    case pageShift(UInt64)
    /// The entry selects one of these memory types.
    case memoryType(Set<MemoryType>)
  }

  /// A property, or its opposite.
  struct Literal: Hashable, Sendable {
    var property: Property
    var isNegated: Bool
  }

  /// One literal of each is true of pages that are shown.
  private(set) var clauses: [[Literal]] = []

  /// Shows everything.
  public init() {}

  /// What a filter can be made of.
  public static let terms =
    ["w", "x", "u", "s", "ro", "wb", "wt", "wc", "uc"] + ["write", "execute", "user"]
    + sizes.map(\.0)

  private static let sizes: [(String, UInt64)] = [
    ("4K", 12), ("2M", 21), ("4M", 22), ("1G", 30), ("16K", 14), ("64K", 16), ("32M", 25),
    ("512M", 29), ("64G", 36), ("512G", 39), ("4T", 42),
  ]

  /// Reads terms with commas or blanks between them: `w x`, `u,_x,2M`, `w|x`; returns nil where one is
  /// unknown.
  public init?(_ text: String) {
    for term in text.split(omittingEmptySubsequences: false, whereSeparator: { ", ".contains($0) })
    {
      var clause: [Literal] = []
      for word in term.split(separator: "|", omittingEmptySubsequences: false) {
        guard let literal = Self.literal(word) else { return nil }
        clause.append(literal)
      }
      add(clause)
    }
  }

  /// Shows what this filter and another one show.
  public func intersection(_ other: MapFilter) -> MapFilter {
    var result = self
    for clause in other.clauses { result.add(clause) }
    return result
  }

  /// Sizes join those that were asked for before: a page has only one.
  private mutating func add(_ clause: [Literal]) {
    if Self.isOfSizes(clause), let known = clauses.firstIndex(where: Self.isOfSizes) {
      clauses[known] += clause
    } else {
      clauses.append(clause)
    }
  }

  private static func isOfSizes(_ clause: [Literal]) -> Bool {
    clause.allSatisfy { if case .pageShift = $0.property, !$0.isNegated { true } else { false } }
  }

  private static func literal(_ word: Substring) -> Literal? {
    let negation = ["_", "no-"].first(where: word.hasPrefix)
    let name = word.dropFirst(negation?.count ?? 0)
    guard let property = property(name) else { return nil }
    return Literal(property: property, isNegated: negation != nil)
      .simplified(isSupervisor: name == "s")
  }

  private static func property(_ name: Substring) -> Property? {
    switch name {
    case "w", "write": .rights(.write)
    case "x", "execute": .rights(.execute)
    case "u", "user", "s": .rights(.user)
    case "ro": .readOnly
    case "wb": .memoryType([.writeBack])
    case "wt": .memoryType([.writeThrough])
    case "wc": .memoryType([.writeCombining])
    case "uc": .memoryType(Set(MemoryType.allCases.filter(\.isUncached)))
    default: sizes.first { $0.0 == name }.map { .pageShift($0.1) }
    }
  }

  /// Whether everything is shown.
  public var isEmpty: Bool { clauses.isEmpty }

  /// Whether memory types are asked about.
  public var asksMemoryTypes: Bool {
    clauses.joined().contains { if case .memoryType = $0.property { true } else { false } }
  }
}

extension MapFilter.Literal {
  /// `s` is the opposite of `u`.
  fileprivate func simplified(isSupervisor: Bool) -> Self {
    Self(property: property, isNegated: isNegated != isSupervisor)
  }

  /// Whether it is true of pages of these rights, of this size and of this memory type.
  func holds(_ rights: Rights, pageShift: UInt64, _ type: MemoryType?) -> Bool {
    let holds =
      switch property {
      case .rights(let wanted): rights.isSuperset(of: wanted)
      case .readOnly: rights.isDisjoint(with: [.write, .execute])
      case .pageShift(let shift): shift == pageShift
      case .memoryType(let types): type.map(types.contains) ?? false
      }
    return holds != isNegated
  }
}

/// A filter made ready for the pages of one machine.
public struct MapSelection: PageFilter {
  /// For each page size a bit for each memory-type number and each set of rights.
  private let shown: [UInt64]
  private let physical: ClosedRange<UInt64>
  private let state: PagingState
  private let asksMemoryTypes: Bool

  /// Shows the pages of a filter whose frames touch these physical addresses.
  ///
  /// All that a filter asks is a matter of rights, size and memory type, of which there are few: the answers
  /// are worked out once.
  public init(
    _ filter: MapFilter, physical: ClosedRange<UInt64> = 0...UInt64.max, of state: PagingState
  ) {
    self.physical = physical
    self.state = state
    asksMemoryTypes = filter.asksMemoryTypes
    shown = (0..<64 as Range<UInt64>).map { shift in
      (0..<64 as Range<UInt64>).reduce(0) { bits, kind in
        let rights = Rights(rawValue: UInt8(kind & 7))
        let type = state.memoryType(Int(kind >> 3))
        let isShown = filter.clauses.allSatisfy { clause in
          clause.contains { $0.holds(rights, pageShift: shift, type) }
        }
        return isShown ? bits | (1 << kind) : bits
      }
    }
  }

  /// Whether the page is shown.
  public func shows(_ entry: EntryVisit, at page: PhysicalAddress) -> Bool {
    let type =
      asksMemoryTypes
      ? UInt64(state.memoryTypeIndex(of: entry.entry, level: entry.level)) << 3 : 0
    let kind = type | UInt64(entry.rights.intersection(.all).rawValue)
    guard shown[Int(entry.shift)] >> kind & 1 == 1 else { return false }
    let last = page.rawValue | ((1 << entry.shift) &- 1)
    return page.rawValue <= physical.upperBound && last >= physical.lowerBound
  }
}
