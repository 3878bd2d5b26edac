import HeapModule

extension RunMemory {
  /// Sorts segments and cuts away what an earlier one already covers or what does not exist.
  static func disjoint(_ segments: [Segment], mappingCount: UInt64) -> [Entry] {
    let entries = segments.compactMap { clip($0, mappingCount: mappingCount) }
    let sorted = entries.indices.sorted {
      (entries[$0].start, $0) < (entries[$1].start, $1)
    }
    let overlap = zip(sorted, sorted.dropFirst()).contains { earlier, later in
      entries[later].start - entries[earlier].start < entries[earlier].count
    }
    return joined(overlap ? sweep(entries, sorted) : sorted.map { entries[$0] })
  }

  /// Joins neighbours that also are neighbours in the mapping, so that no load straddles them.
  private static func joined(_ entries: [Entry]) -> [Entry] {
    var result: [Entry] = []
    result.reserveCapacity(entries.count)
    for entry in entries {
      if let last = result.last, last.start + last.count == entry.start,
        last.isZero == entry.isZero, last.delta == entry.delta
      {
        result[result.count - 1].count += entry.count
      } else {
        result.append(entry)
      }
    }
    return result
  }

  private static func clip(_ segment: Segment, mappingCount: UInt64) -> Entry? {
    let start = segment.run.start.rawValue
    var count = min(segment.run.byteCount, UInt64.max - start)
    guard case .mapping(let offset) = segment.source else {
      return count == 0 ? nil : Entry(start: start, count: count, delta: 0, isZero: true)
    }
    guard offset < mappingCount else { return nil }
    count = min(count, mappingCount - offset)
    return count == 0
      ? nil : Entry(start: start, count: count, delta: offset &- start, isZero: false)
  }

  /// Goes through the address range from one boundary to the next; of the entries that reach into
  /// a stretch, the one that stands first in the file holds.
  private static func sweep(_ entries: [Entry], _ sorted: [Int]) -> [Entry] {
    let boundaries = Set(entries.flatMap { [$0.start, $0.start + $0.count] }).sorted()
    var active = Heap<Int>()
    var waiting = sorted[...]
    var result: [Entry] = []
    for (start, end) in zip(boundaries, boundaries.dropFirst()) {
      while let next = waiting.first, entries[next].start <= start {
        active.insert(next)
        waiting.removeFirst()
      }
      while let top = active.min, entries[top].start + entries[top].count <= start {
        active.removeMin()
      }
      guard let top = active.min else { continue }
      var piece = entries[top]
      piece.start = start
      piece.count = end - start
      result.append(piece)
    }
    return result
  }
}
