import Paging
import PhysicalMemory

/// Meets each table once and counts its pages.
struct CountingVisitor<Software: SoftwarePages>: TableVisitor {
  static var seesAbsent: Bool { Software.exist }

  /// A table under way.
  struct Frame {
    var number: UInt32
    var indexMask: UInt64
  }

  var graph: TableGraph
  let buckets: PageBuckets
  /// Finds the pages of the address space under way that the processor does not see.
  var software: Software
  /// The top tables in the order of the address spaces and halves.
  private(set) var roots: [UInt32] = []
  private var stack: [Frame] = []
  private let interest: Interest

  init(
    graph: TableGraph, buckets: PageBuckets, software: Software, interest: Interest
  ) {
    self.graph = graph
    self.buckets = buckets
    self.software = software
    self.interest = interest
  }

  mutating func enter(_ table: TableVisit) -> Bool {
    guard interest.lasts else { return false }
    let (number, isNew) = graph.meet(table)
    if let parent = stack.last {
      let index = Int(truncatingIfNeeded: table.address &>> table.coverageShift & parent.indexMask)
      graph.addEdge(to: number, from: parent.number, index: index, table, isFirst: isNew)
    } else {
      graph.addOwner(of: number, at: table)
      roots.append(number)
    }
    guard isNew else { return false }
    stack.append(Frame(number: number, indexMask: UInt64(table.entryCount) &- 1))
    return true
  }

  @inline(__always)
  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) { buckets.count(page.rawValue) }

  mutating func absent(_ entry: EntryVisit) {
    if let page = software.page(of: entry) { buckets.count(page) }
  }

  func table(behind entry: EntryVisit) -> PhysicalAddress? { software.table(behind: entry) }

  mutating func reserved(_ entry: EntryVisit, bits: UInt64) {}

  mutating func missing(_ entry: EntryVisit) {}

  mutating func leave(_ table: TableVisit) { stack.removeLast() }
}

/// Meets the tables in the same order again and puts their pages in their places.
struct PlacingVisitor<Software: SoftwarePages>: TableVisitor {
  static var seesAbsent: Bool { Software.exist }

  let numbers: FoldTable<UInt32>
  /// Finds the pages of the address space under way that the processor does not see.
  var software: Software
  private(set) var places: PagePlaces
  private var next: UInt32 = 0
  private var current: UInt64 = 0
  private var stack: [UInt64] = []
  /// Whether a table was met that was not there before.
  private(set) var isStrange = false
  private let interest: Interest

  init(
    numbers: FoldTable<UInt32>, places: PagePlaces, software: Software, interest: Interest
  ) {
    self.numbers = numbers
    self.places = places
    self.software = software
    self.interest = interest
  }

  mutating func enter(_ table: TableVisit) -> Bool {
    guard interest.lasts else { return false }
    guard let number = numbers.value(for: table.key.withoutRights) else {
      isStrange = true
      return false
    }
    // Numbers were given in the order of the first visits.
    guard number == next else { return false }
    next &+= 1
    stack.append(current)
    current = UInt64(number)
    return true
  }

  @inline(__always)
  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) {
    places.put(page.rawValue, node: current, index: entry.index)
  }

  mutating func absent(_ entry: EntryVisit) {
    guard let page = software.page(of: entry) else { return }
    places.put(page, node: current, index: entry.index)
  }

  func table(behind entry: EntryVisit) -> PhysicalAddress? { software.table(behind: entry) }

  mutating func reserved(_ entry: EntryVisit, bits: UInt64) {}

  mutating func missing(_ entry: EntryVisit) {}

  mutating func leave(_ table: TableVisit) { current = stack.popLast() ?? 0 }
}

/// Lets a visitor through all address spaces.
struct ScanOperation<Visitor: TableVisitor>: WalkerOperation {
  var visitor: Visitor

  mutating func run(_ walker: some TableWalker) { walker.scan(visitor: &visitor) }
}
