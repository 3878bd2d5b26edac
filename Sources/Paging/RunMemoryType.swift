public import PhysicalMemory

extension PagingState {
  /// For each run the memory type that all its pages have; nil where they differ, and where it is not known.
  ///
  /// A run is of equal rights, and memory types are no rights: so the entries are looked at again, those of many
  /// runs in one go.
  public func memoryTypes(of runs: [MappingRun], in memory: MemoryImage) -> [MemoryType?] {
    var operation = MemoryTypeOperation(runs: runs, visitor: MemoryTypeVisitor(isARM64: isARM64))
    perform(&operation, on: memory)
    let types = (0..<8).map { memoryType($0) }
    return operation.indices.map { indices in
      // Several numbers may stand for one type.
      let found = types.indices.filter { indices & 1 << $0 != 0 }.map { types[$0] }
      return found.allSatisfy { $0 == found[0] } ? found.first ?? nil : nil
    }
  }
}

private struct MemoryTypeOperation: WalkerOperation {
  let runs: [MappingRun]
  var visitor: MemoryTypeVisitor
  /// Of each run a bit for each number that its pages have.
  private(set) var indices: [UInt8] = []

  init(runs: [MappingRun], visitor: MemoryTypeVisitor) {
    self.runs = runs
    self.visitor = visitor
    indices.reserveCapacity(runs.count)
  }

  mutating func run(_ walker: some TableWalker) {
    for run in runs {
      visitor.indices = 0
      walker.scan(run.start.rawValue...run.end.rawValue, visitor: &visitor)
      indices.append(visitor.indices)
    }
  }
}

/// Collects the numbers of the memory types of pages; it is handed from table to table, and so it is small.
private struct MemoryTypeVisitor: TableVisitor {
  let isARM64: Bool
  var indices: UInt8 = 0

  init(isARM64: Bool) { self.isARM64 = isARM64 }

  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) {
    let index = PagingState.memoryTypeIndex(
      of: entry.entry, level: entry.level, isARM64: isARM64)
    indices |= 1 << UInt8(index)
  }

  mutating func enter(_ table: TableVisit) -> Bool { true }
  mutating func leave(_ table: TableVisit) {}
  mutating func reserved(_ entry: EntryVisit, bits: UInt64) {}
  mutating func missing(_ entry: EntryVisit) {}
}
