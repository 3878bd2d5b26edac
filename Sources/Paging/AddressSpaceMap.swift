public import PhysicalMemory

/// A piece of the map of an address space.
@frozen public enum MapPiece: Hashable, Sendable {
  /// Pages that continue each other.
  case run(MappingRun)
  /// The addresses from `start` to `end` translate as those `stride` bytes before them do, because
  /// they use the same tables; `count` such copies, each `stride` after the one before.
  case copies(start: VirtualAddress, end: VirtualAddress, stride: UInt64, count: UInt64)
}

/// Receives the pieces of a map, in ascending order.
public protocol MapSink {
  /// Takes a piece; false ends the enumeration.
  mutating func receive(_ piece: MapPiece) -> Bool
}

/// Which pages a map has; the others count as not mapped.
public protocol PageFilter: Sendable {
  /// Whether the map has the page at `page` that the entry maps; the rights in `entry` are the
  /// effective ones. The address of the entry must not matter, because tables are read once wherever they are.
  func shows(_ entry: EntryVisit, at page: PhysicalAddress) -> Bool
}

/// Lets every page into a map; it compiles to the same code as a map without filters.
@frozen public struct EveryPage: PageFilter {
  /// Creates the filter.
  @inlinable public init() {}
  /// True.
  @inlinable public func shows(_ entry: EntryVisit, at page: PhysicalAddress) -> Bool { true }
}

/// Enumerates an address space as maximal runs, and says each shared table once.
///
/// A table that is reached again at the same level with the same rights becomes a `copies` piece,
/// so the output is bounded by the tables, even where four of them translate 2 to the 39 addresses.
@usableFromInline
struct MapVisitor<Filter: PageFilter, Sink: MapSink>: TableVisitor {
  @usableFromInline let filter: Filter
  @usableFromInline let expandsCopies: Bool
  @usableFromInline var sink: Sink
  @usableFromInline var coalescer = RunCoalescer()
  /// Where a table was met last, and whether any page lies under it.
  @usableFromInline var seen = FoldTable<MapOccurrence>(empty: .nowhere)
  /// Copies that are held back; they lie before the run that the coalescer holds.
  @usableFromInline var copies: MapCopies?
  @usableFromInline var pagesAtEntry: [UInt64] = []
  @usableFromInline var pages: UInt64 = 0
  @usableFromInline var wantsMore = true

  /// Gives pieces to `sink` until it returns false.
  @inlinable
  init(filter: Filter, expandsCopies: Bool, sink: Sink) {
    self.filter = filter
    self.expandsCopies = expandsCopies
    self.sink = sink
  }

  @inlinable
  mutating func enter(_ table: TableVisit) -> Bool {
    guard wantsMore else { return false }
    if table.isWhole, let earlier = seen.value(for: table.key) {
      // Nothing is nothing again, however often it is written out.
      guard earlier.hasPages else { return false }
      if !expandsCopies {
        copy(table, of: earlier)
        return false
      }
    }
    pagesAtEntry.append(pages)
    return true
  }

  @inlinable @inline(__always)
  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) {
    guard filter.shows(entry, at: page) else { return }
    pages &+= 1
    if let run = coalescer.add(entry, at: page) { give(run) }
  }

  @inlinable
  mutating func reserved(_ entry: EntryVisit, bits: UInt64) {}

  @inlinable
  mutating func missing(_ entry: EntryVisit) {}

  @inlinable
  mutating func leave(_ table: TableVisit) {
    let hasPages = pages > (pagesAtEntry.popLast() ?? 0)
    guard table.isWhole else { return }
    seen.store(MapOccurrence(address: table.address, hasPages: hasPages), for: table.key)
  }

  /// Gives what is still held back.
  @inlinable
  mutating func finish() {
    if let run = coalescer.finish() { give(run) }
    flushCopies()
  }

  @inlinable
  mutating func copy(_ table: TableVisit, of earlier: MapOccurrence) {
    if let run = coalescer.finish() { give(run) }
    pages &+= 1
    let stride = table.address &- earlier.address
    seen.store(MapOccurrence(address: table.address, hasPages: true), for: table.key)
    if let row = copies, row.key == table.key, row.stride == stride,
      table.address == row.start &+ row.count &* stride
    {
      copies?.count += 1
      return
    }
    flushCopies()
    copies = MapCopies(
      start: table.address, length: 1 << table.coverageShift, key: table.key, stride: stride,
      count: 1)
  }

  @inlinable
  mutating func give(_ run: MappingRun) {
    if copies != nil { flushCopies() }
    if wantsMore { wantsMore = sink.receive(.run(run)) }
  }

  @inlinable
  mutating func flushCopies() {
    guard let row = copies else { return }
    copies = nil
    guard wantsMore else { return }
    wantsMore = sink.receive(
      .copies(
        start: VirtualAddress(row.start), end: VirtualAddress(row.start &+ (row.length &- 1)),
        stride: row.stride, count: row.count))
  }
}

/// Where a table was met, and whether any page lies under it.
@usableFromInline
struct MapOccurrence: BitwiseCopyable, Sendable {
  @usableFromInline var address: UInt64
  @usableFromInline var hasPages: Bool

  @inlinable
  init(address: UInt64, hasPages: Bool) {
    self.address = address
    self.hasPages = hasPages
  }

  @inlinable static var nowhere: Self { Self(address: 0, hasPages: false) }
}

/// Copies of one table at equal distances.
@usableFromInline
struct MapCopies: Sendable {
  @usableFromInline var start: UInt64
  @usableFromInline var length: UInt64
  @usableFromInline var key: TableKey
  @usableFromInline var stride: UInt64
  @usableFromInline var count: UInt64

  @inlinable
  init(start: UInt64, length: UInt64, key: TableKey, stride: UInt64, count: UInt64) {
    self.start = start
    self.length = length
    self.key = key
    self.stride = stride
    self.count = count
  }
}

@usableFromInline
struct MapOperation<Filter: PageFilter, Sink: MapSink>: WalkerOperation {
  @usableFromInline let range: ClosedRange<UInt64>
  @usableFromInline var visitor: MapVisitor<Filter, Sink>

  @inlinable
  init(range: ClosedRange<UInt64>, visitor: MapVisitor<Filter, Sink>) {
    self.range = range
    self.visitor = visitor
  }

  @inlinable
  mutating func run(_ walker: some TableWalker) {
    walker.scan(range, visitor: &visitor)
    visitor.finish()
  }
}

private struct ClosureSink: MapSink {
  let emit: (MapPiece) -> Bool

  mutating func receive(_ piece: MapPiece) -> Bool { emit(piece) }
}

extension PagingState {
  /// Gives the map of the address space to `sink`, in ascending order, until it returns false.
  ///
  /// The loop is compiled together with filter and sink: this is the way where time matters.
  @inlinable
  public func map<Sink: MapSink>(
    _ memory: MemoryImage, range: ClosedRange<UInt64> = 0...UInt64.max,
    only filter: some PageFilter = EveryPage(), expandingCopies: Bool = false,
    into sink: inout Sink
  ) {
    var operation = MapOperation(
      range: range,
      visitor: MapVisitor(filter: filter, expandsCopies: expandingCopies, sink: sink))
    perform(&operation, on: memory)
    sink = operation.visitor.sink
  }

  /// Gives the map of the address space to `emit`, in ascending order, until it returns false.
  public func map(
    _ memory: MemoryImage, range: ClosedRange<UInt64> = 0...UInt64.max,
    only filter: some PageFilter = EveryPage(), expandingCopies: Bool = false,
    emit: @escaping (MapPiece) -> Bool
  ) {
    var sink = ClosureSink(emit: emit)
    map(memory, range: range, only: filter, expandingCopies: expandingCopies, into: &sink)
  }
}
