public import PhysicalMemory

extension PagingState {
  /// The memory type that all pages of a run have; nil where they differ, and where it is not known.
  ///
  /// A run is of equal rights, and memory types are no rights: so the entries are looked at again.
  public func memoryType(of run: MappingRun, in memory: MemoryImage) -> MemoryType? {
    var operation = MemoryTypeOperation(
      range: run.start.rawValue...run.end.rawValue, visitor: MemoryTypeVisitor(state: self))
    perform(&operation, on: memory)
    // Several numbers may stand for one type.
    let types = Set(operation.visitor.indices.map { memoryType($0) })
    return types.count == 1 ? types.first ?? nil : nil
  }
}

private struct MemoryTypeOperation: WalkerOperation {
  let range: ClosedRange<UInt64>
  var visitor: MemoryTypeVisitor

  mutating func run(_ walker: some TableWalker) { walker.scan(range, visitor: &visitor) }
}

/// Collects the numbers of the memory types of pages.
private struct MemoryTypeVisitor: TableVisitor {
  let state: PagingState
  private(set) var indices: Set<Int> = []
  private var last = -1

  init(state: PagingState) { self.state = state }

  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) {
    let index = state.memoryTypeIndex(of: entry.entry, level: entry.level)
    guard index != last else { return }
    last = index
    indices.insert(index)
  }

  mutating func enter(_ table: TableVisit) -> Bool { true }
  mutating func leave(_ table: TableVisit) {}
  mutating func reserved(_ entry: EntryVisit, bits: UInt64) {}
  mutating func missing(_ entry: EntryVisit) {}
}
