public import PhysicalMemory

/// A piece of the map of an address space.
public enum MapPiece: Hashable, Sendable {
  /// Pages that continue each other.
  case run(MappingRun)
  /// The addresses from `start` to `end` translate as those `stride` bytes before them do, because
  /// they use the same tables; `count` such copies, each `stride` after the one before.
  case copies(start: VirtualAddress, end: VirtualAddress, stride: UInt64, count: UInt64)
}

/// Enumerates an address space as maximal runs, and says each shared table once.
///
/// A table that is reached again at the same level with the same rights becomes a `copies` piece,
/// so the output is bounded by the tables, even where four of them translate 2 to the 39 addresses.
struct MapVisitor: TableVisitor {
  private let expandsCopies: Bool
  private let emit: (MapPiece) -> Bool
  private var coalescer = RunCoalescer()
  /// Where a table was met last, and whether any page lies under it.
  private var seen = FoldTable<Occurrence>(empty: Occurrence(address: 0, hasPages: false))
  private var copies: (start: UInt64, length: UInt64, key: TableKey, stride: UInt64, count: UInt64)?
  private var pagesAtEntry: [UInt64] = []
  private var pages: UInt64 = 0
  private var wantsMore = true

  private struct Occurrence: BitwiseCopyable, Sendable {
    var address: UInt64
    var hasPages: Bool
  }

  /// Gives pieces to `emit` until it returns false.
  init(expandsCopies: Bool, emit: @escaping (MapPiece) -> Bool) {
    self.expandsCopies = expandsCopies
    self.emit = emit
  }

  mutating func enter(_ table: TableVisit) -> Bool {
    guard wantsMore else { return false }
    if !expandsCopies, table.isWhole, let earlier = seen.value(for: table.key) {
      if earlier.hasPages { copy(table, of: earlier) }
      return false
    }
    pagesAtEntry.append(pages)
    return true
  }

  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) {
    pages &+= 1
    if copies != nil { flushCopies() }
    if let run = coalescer.add(entry, at: page) { give(.run(run)) }
  }

  mutating func reserved(_ entry: EntryVisit, bits: UInt64) {}

  mutating func missing(_ entry: EntryVisit) {}

  mutating func leave(_ table: TableVisit) {
    let hasPages = pages > (pagesAtEntry.popLast() ?? 0)
    guard !expandsCopies, table.isWhole else { return }
    seen.store(Occurrence(address: table.address, hasPages: hasPages), for: table.key)
  }

  /// Gives what is still held back.
  mutating func finish() {
    flushRun()
    flushCopies()
  }

  private mutating func copy(_ table: TableVisit, of earlier: Occurrence) {
    flushRun()
    pages &+= 1
    let stride = table.address &- earlier.address
    let length: UInt64 = 1 << table.coverageShift
    seen.store(Occurrence(address: table.address, hasPages: true), for: table.key)
    if var row = copies, row.key == table.key, row.stride == stride,
      table.address == row.start &+ row.count &* stride
    {
      row.count += 1
      copies = row
      return
    }
    flushCopies()
    copies = (table.address, length, table.key, stride, 1)
  }

  private mutating func flushRun() {
    if let run = coalescer.finish() { give(.run(run)) }
  }

  private mutating func flushCopies() {
    guard let row = copies else { return }
    copies = nil
    give(
      .copies(
        start: VirtualAddress(row.start), end: VirtualAddress(row.start &+ (row.length - 1)),
        stride: row.stride, count: row.count))
  }

  private mutating func give(_ piece: MapPiece) {
    if wantsMore { wantsMore = emit(piece) }
  }
}

private struct MapOperation: WalkerOperation {
  let range: ClosedRange<UInt64>
  var visitor: MapVisitor

  mutating func run<Format, Memory>(_ walker: Walker<Format, Memory>) {
    walker.scan(range, visitor: &visitor)
    visitor.finish()
  }
}

extension PagingState {
  /// Gives the map of the address space to `emit`, in ascending order, until it returns false.
  public func map(
    _ memory: MemoryImage, range: ClosedRange<UInt64> = 0...UInt64.max,
    expandingCopies: Bool = false, emit: @escaping (MapPiece) -> Bool
  ) {
    var operation = MapOperation(
      range: range, visitor: MapVisitor(expandsCopies: expandingCopies, emit: emit))
    perform(&operation, on: memory)
  }
}
