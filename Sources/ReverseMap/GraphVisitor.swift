import Paging
import PhysicalMemory

/// Where the pages of an index go: first they are counted by bucket, then put in their places.
///
/// Buffers of its own, because an array inside a visitor would be checked for uniqueness at each of
/// the entries.
@safe final class PageBuckets {
  /// The number of bits of an address within a bucket.
  let shift: UInt64
  /// The number of buckets; one more is for the pages beyond them.
  let count: Int
  /// Pages at or above this address are in no bucket.
  let limit: UInt64
  private let ends: UnsafeMutablePointer<UInt64>
  private let next: UnsafeMutablePointer<UInt64>

  /// Covers memory up to `end`.
  init(memoryEnd end: UInt64) {
    let end = min(max(end, 1), IndexLayout.highestMemory)
    var shift: UInt64 = 12
    while (end - 1) >> shift >= UInt64(IndexLayout.bucketLimit) { shift += 1 }
    self.shift = shift
    count = Int((end - 1) >> shift) + 1
    limit = UInt64(count) << shift
    unsafe ends = .allocate(capacity: count + 1)
    unsafe next = .allocate(capacity: count + 1)
    unsafe next.initialize(repeating: 0, count: count + 1)
    unsafe ends.initialize(repeating: 0, count: count + 1)
  }

  deinit {
    unsafe ends.deallocate()
    unsafe next.deallocate()
  }

  @inline(__always)
  private func bucket(of page: UInt64) -> Int {
    page < limit ? Int(truncatingIfNeeded: page &>> shift) : count
  }

  @inline(__always)
  func count(_ page: UInt64) { unsafe next[bucket(of: page)] &+= 1 }

  /// The number of pages in buckets, and of those beyond them.
  var totals: (near: UInt64, far: UInt64) {
    let near = (0..<count).reduce(0 as UInt64) { unsafe $0 + next[$1] }
    return (near, unsafe next[count])
  }

  /// For each bucket the number of its first page, and the end; ends counting.
  func open() -> [UInt64] {
    var starts: [UInt64] = []
    starts.reserveCapacity(count + 1)
    var start: UInt64 = 0
    for bucket in 0..<count {
      starts.append(start)
      let size = unsafe next[bucket]
      unsafe next[bucket] = start
      start += size
      unsafe ends[bucket] = start
    }
    starts.append(start)
    unsafe ends[count] = next[count]
    unsafe next[count] = 0
    return starts
  }

  /// Where pages are put once the buckets are open: into `pages`, those beyond the buckets into `far`.
  func places(
    pages: UnsafeMutablePointer<UInt64>, far: UnsafeMutablePointer<UInt64>
  ) -> PagePlaces {
    unsafe PagePlaces(
      shift: shift, count: count, limit: limit, next: next, ends: ends, pages: pages, far: far)
  }

  /// Whether as many pages came as had been counted.
  var isFull: Bool { (0...count).allSatisfy { unsafe next[$0] == ends[$0] } }
}

/// The places of pages in an index under way; good for as long as its buckets and its file are.
@safe struct PagePlaces {
  let shift: UInt64
  let count: Int
  let limit: UInt64
  let next: UnsafeMutablePointer<UInt64>
  let ends: UnsafeMutablePointer<UInt64>
  let pages: UnsafeMutablePointer<UInt64>
  let far: UnsafeMutablePointer<UInt64>
  /// Whether there were more pages than had been counted.
  private(set) var isOverfull = false

  init(
    shift: UInt64, count: Int, limit: UInt64, next: UnsafeMutablePointer<UInt64>,
    ends: UnsafeMutablePointer<UInt64>, pages: UnsafeMutablePointer<UInt64>,
    far: UnsafeMutablePointer<UInt64>
  ) {
    self.shift = shift
    self.count = count
    self.limit = limit
    unsafe self.next = next
    unsafe self.ends = ends
    unsafe self.pages = pages
    unsafe self.far = far
  }

  @inline(__always)
  mutating func put(_ page: UInt64, node: UInt64, index: Int) {
    let bucket = page < limit ? Int(truncatingIfNeeded: page &>> shift) : count
    let place = unsafe next[bucket]
    // An image that changes under us may have more pages than were counted.
    guard unsafe place < ends[bucket] else {
      isOverfull = true
      return
    }
    unsafe next[bucket] = place &+ 1
    let entry =
      IndexLayout.PageFields.node.put(node)
      | IndexLayout.PageFields.index.put(UInt64(truncatingIfNeeded: index))
    if bucket < count {
      let frame = (page & ((1 &<< shift) &- 1)) &>> 12
      unsafe pages[Int(truncatingIfNeeded: place)] =
        entry | IndexLayout.PageFields.frame.put(frame)
    } else {
      unsafe far[Int(truncatingIfNeeded: place &* 2)] = page &>> 12
      unsafe far[Int(truncatingIfNeeded: place &* 2 &+ 1)] = entry
    }
  }
}

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

  init(graph: TableGraph, buckets: PageBuckets, software: Software) {
    self.graph = graph
    self.buckets = buckets
    self.software = software
  }

  mutating func enter(_ table: TableVisit) -> Bool {
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

  init(numbers: FoldTable<UInt32>, places: PagePlaces, software: Software) {
    self.numbers = numbers
    self.places = places
    self.software = software
  }

  mutating func enter(_ table: TableVisit) -> Bool {
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
