import PhysicalMemory

/// Addresses or frame numbers as ascending ranges that neither overlap nor touch.
struct RangeList: Hashable, Sendable {
  private(set) var ranges: [ClosedRange<UInt64>]

  /// Joins ranges given in any order.
  init(_ unsorted: [ClosedRange<UInt64>] = []) {
    ranges = []
    for range in unsorted.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = ranges.last, range.lowerBound <= last.upperBound &+ 1 || last.upperBound == .max
      {
        ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        ranges.append(range)
      }
    }
  }

  var isEmpty: Bool { ranges.isEmpty }

  /// The first range that ends at or after `value`.
  private func index(endingFrom value: UInt64) -> Int {
    ranges.partitioningIndex { $0.upperBound >= value }
  }

  /// The ranges that share a number with `range`.
  func touching(_ range: ClosedRange<UInt64>) -> ArraySlice<ClosedRange<UInt64>> {
    let first = index(endingFrom: range.lowerBound)
    var end = first
    while end < ranges.count, ranges[end].lowerBound <= range.upperBound { end += 1 }
    return ranges[first..<end]
  }

  func overlaps(_ range: ClosedRange<UInt64>) -> Bool { !touching(range).isEmpty }

  func contains(_ range: ClosedRange<UInt64>) -> Bool {
    guard let first = touching(range).first else { return false }
    return first.lowerBound <= range.lowerBound && first.upperBound >= range.upperBound
  }

  func contains(_ value: UInt64) -> Bool { contains(value...value) }

  func union(_ other: RangeList) -> RangeList { RangeList(ranges + other.ranges) }

  func intersection(_ other: RangeList) -> RangeList {
    RangeList(ranges.flatMap { range in other.touching(range).map { $0.clamped(to: range) } })
  }

  func subtracting(_ other: RangeList) -> RangeList {
    RangeList(
      ranges.flatMap { range in
        var rest: [ClosedRange<UInt64>] = []
        var start = range.lowerBound
        for hole in other.touching(range) {
          if hole.lowerBound > start { rest.append(start...(hole.lowerBound - 1)) }
          if hole.upperBound >= range.upperBound { return rest }
          start = hole.upperBound + 1
        }
        return rest + [start...range.upperBound]
      })
  }

  /// The numbers of the 4-KiB frames that lie wholly within the addresses.
  var wholeFrames: RangeList {
    RangeList(
      ranges.compactMap { range in
        let (first, overflow) = range.lowerBound.addingReportingOverflow(0xfff)
        let end = range.upperBound >> 12
        guard !overflow, let last = range.upperBound & 0xfff == 0xfff ? end : end.checkedDecrement,
          first >> 12 <= last
        else { return nil }
        return (first >> 12)...last
      })
  }

  /// The numbers of the 4-KiB frames that the addresses touch.
  var touchedFrames: RangeList {
    RangeList(ranges.map { ($0.lowerBound >> 12)...($0.upperBound >> 12) })
  }
}

extension UInt64 {
  /// One less, or nil for 0.
  var checkedDecrement: UInt64? { self == 0 ? nil : self - 1 }

  /// The range of `count` numbers from here on, or nil where it is empty or passes the last one.
  func range(count: UInt64) -> ClosedRange<UInt64>? {
    guard let rest = count.checkedDecrement else { return nil }
    let (last, overflow) = addingReportingOverflow(rest)
    return overflow ? nil : self...last
  }
}
