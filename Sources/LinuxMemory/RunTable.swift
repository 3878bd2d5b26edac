import PhysicalMemory

/// Values of consecutive numbers, run by run.
public struct RunTable<Value: Sendable>: Sendable {
  private var starts: [UInt64] = []
  private var runs: [(end: UInt64, value: Value)] = []

  /// An empty table.
  public init() {}

  /// The number of runs.
  public var count: Int { starts.count }

  /// Adds the run from `start` up to, but without `end`; false where it begins before the end of
  /// the last one or is empty.
  public mutating func append(from start: UInt64, to end: UInt64, _ value: Value) -> Bool {
    guard start < end, runs.last.map({ $0.end <= start }) ?? true else { return false }
    starts.append(start)
    runs.append((end, value))
    return true
  }

  /// The value of a number, and the first number above it that may have another.
  ///
  /// - Complexity: logarithmic in the number of runs.
  public func value(at number: UInt64) -> (value: Value?, end: UInt64) {
    let next = starts.partitioningIndex { $0 > number }
    if next > 0, number < runs[next - 1].end { return (runs[next - 1].value, runs[next - 1].end) }
    return (nil, next < starts.count ? starts[next] : UInt64.max)
  }
}

/// Counts how often each number is covered by ranges.
public struct CoverageCount: Sendable {
  private var changes: [(at: UInt64, by: Int)] = []

  /// Counts nothing yet.
  public init() {}

  /// Adds a range of `count` numbers.
  public mutating func add(_ start: UInt64, count: UInt64) {
    let (end, overflows) = start.addingReportingOverflow(count)
    guard count > 0, !overflows else { return }
    changes.append((start, 1))
    changes.append((end, -1))
  }

  /// The counts, run by run; numbers that nothing covers are left out.
  public func table() -> RunTable<Int> {
    var table = RunTable<Int>()
    var (count, start) = (0, UInt64(0))
    for change in changes.sorted(by: { $0.at < $1.at }) {
      if change.at > start, count > 0 { _ = table.append(from: start, to: change.at, count) }
      start = change.at
      count += change.by
    }
    return table
  }
}
