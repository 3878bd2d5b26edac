public import PhysicalMemory

/// How many pages of each kind an address space has.
public struct MapCounts: Sendable {
  /// What pages have in common that are counted together.
  public struct Kind: Hashable, Comparable, Sendable {
    /// The size of the pages as a power of 2.
    public var pageShift: UInt64
    /// The effective rights.
    public var rights: Rights
    /// The number of the memory type in the entries; `PagingState.memoryType` says what it stands for.
    public var memoryTypeIndex: Int

    /// Orders by size, then rights, then memory type.
    public static func < (a: Self, b: Self) -> Bool {
      (a.pageShift, a.rights.rawValue, a.memoryTypeIndex)
        < (b.pageShift, b.rights.rawValue, b.memoryTypeIndex)
    }
  }

  /// The pages of each kind that there is; where tables lead to each other, modulo 2 to the 64.
  public let pages: [Kind: UInt64]

  /// Takes the pages of each kind.
  public init(pages: [Kind: UInt64]) { self.pages = pages }
}

extension PagingState {
  /// Counts the pages of an address space, each as often as it is mapped.
  ///
  /// - Complexity: proportional to the tables, however many addresses lead to them.
  public func countPages(
    _ memory: MemoryImage, range: ClosedRange<UInt64> = 0...UInt64.max,
    only filter: some PageFilter = EveryPage()
  ) -> MapCounts {
    var operation = CountOperation(range: range, visitor: CountVisitor(filter: filter, state: self))
    perform(&operation, on: memory)
    return MapCounts(pages: operation.visitor.pages)
  }
}

private struct CountOperation<Filter: PageFilter>: WalkerOperation {
  let range: ClosedRange<UInt64>
  var visitor: CountVisitor<Filter>

  mutating func run(_ walker: some TableWalker) { walker.scan(range, visitor: &visitor) }
}

/// Counts pages, and remembers of each table what it came to.
private struct CountVisitor<Filter: PageFilter>: TableVisitor {
  let filter: Filter
  let state: PagingState
  /// A slot for each half, level, memory-type number and set of rights; the halves of arm64 can have
  /// granules of different sizes.
  private var counts = [UInt64](repeating: 0, count: slotsPerHalf * 2)
  private var atEntry: [[UInt64]] = []
  private var done: [TableKey: [Count]] = [:]

  private static var slotsPerLevel: Int { 64 }
  private static var slotsPerHalf: Int { slotsPerLevel * 6 }

  private struct Count {
    var slot: UInt16
    var pages: UInt64
  }

  init(filter: Filter, state: PagingState) {
    self.filter = filter
    self.state = state
  }

  mutating func enter(_ table: TableVisit) -> Bool {
    guard table.isWhole, let known = done[table.key] else {
      atEntry.append(counts)
      return true
    }
    for count in known { counts[Int(count.slot)] &+= count.pages }
    return false
  }

  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) {
    guard filter.shows(entry, at: page) else { return }
    let type = state.memoryTypeIndex(of: entry.entry, level: entry.level)
    let rights = Int(entry.rights.intersection(.all).rawValue)
    let half = Int(entry.address >> 63) * Self.slotsPerHalf
    counts[half + entry.level * Self.slotsPerLevel + type * 8 + rights] &+= 1
  }

  mutating func leave(_ table: TableVisit) {
    guard let before = atEntry.popLast(), table.isWhole else { return }
    done[table.key] = counts.indices.compactMap { slot in
      let pages = counts[slot] &- before[slot]
      return pages == 0 ? nil : Count(slot: UInt16(slot), pages: pages)
    }
  }

  mutating func reserved(_ entry: EntryVisit, bits: UInt64) {}
  mutating func missing(_ entry: EntryVisit) {}

  var pages: [MapCounts.Kind: UInt64] {
    var pages: [MapCounts.Kind: UInt64] = [:]
    for (slot, count) in counts.enumerated() where count != 0 {
      let half = state.of(slot < Self.slotsPerHalf ? .lower : .upper)
      let kind = MapCounts.Kind(
        pageShift: half.pageShift(slot % Self.slotsPerHalf / Self.slotsPerLevel),
        rights: Rights(rawValue: UInt8(slot % 8)),
        memoryTypeIndex: slot % Self.slotsPerLevel / 8)
      pages[kind, default: 0] &+= count
    }
    return pages
  }
}
