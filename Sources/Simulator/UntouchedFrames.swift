import PhysicalMemory

/// Frames that were never used, as ranges, so that they cost nothing however many they are.
struct UntouchedFrames {
  /// The ranges, ascending.
  private var ranges: [ClosedRange<UInt64>] = []
  /// The number of frames.
  private(set) var count = 0

  /// The frames from `first` on that are installed, without the named ones.
  init(installed: [ClosedRange<UInt64>], from first: UInt64, without named: Set<UInt64>) {
    var cuts = named.sorted()[...]
    for range in installed where range.upperBound >= first {
      var start = max(range.lowerBound, first)
      while let cut = cuts.first(where: { $0 >= start && $0 <= range.upperBound }) {
        if cut > start { ranges.append(start...(cut - 1)) }
        start = cut + 1
        cuts = cuts.drop { $0 <= cut }
      }
      if start <= range.upperBound { ranges.append(start...range.upperBound) }
    }
    count = ranges.reduce(0) { $0 + $1.count }
  }

  mutating func takeFirst() -> UInt64? {
    guard let range = ranges.first else { return nil }
    count -= 1
    if range.count == 1 {
      ranges.removeFirst()
    } else {
      ranges[0] = (range.lowerBound + 1)...range.upperBound
    }
    return range.lowerBound
  }

  mutating func takeLast() -> UInt64? { takeLast(1)?.first?.lowerBound }

  /// Takes as many frames from the end as are wanted, the last ones first; nil where there are not as many.
  mutating func takeLast(_ wanted: UInt64) -> [ClosedRange<UInt64>]? {
    guard wanted <= UInt64(count) else { return nil }
    count -= Int(wanted)
    var taken: [ClosedRange<UInt64>] = []
    var left = wanted
    while left > 0, let range = ranges.popLast() {
      let part = min(left, UInt64(range.count))
      let start = range.upperBound - (part - 1)
      taken.append(start...range.upperBound)
      if start > range.lowerBound { ranges.append(range.lowerBound...(start - 1)) }
      left -= part
    }
    return taken
  }

  /// Takes `size` frames that follow each other from a multiple of `size` on; gives the first.
  mutating func takeAligned(_ size: UInt64) -> UInt64? {
    for (index, range) in ranges.enumerated() {
      let start = (range.lowerBound + (size - 1)) / size * size
      guard start + (size - 1) <= range.upperBound else { continue }
      take(start...(start + (size - 1)), fromRange: index)
      return start
    }
    return nil
  }

  /// Takes this frame; false where it was used already.
  mutating func take(_ frame: UInt64) -> Bool {
    guard let index = ranges.firstIndex(where: { $0.contains(frame) }) else { return false }
    take(frame...frame, fromRange: index)
    return true
  }

  private mutating func take(_ frames: ClosedRange<UInt64>, fromRange index: Int) {
    let range = ranges[index]
    var parts: [ClosedRange<UInt64>] = []
    if frames.lowerBound > range.lowerBound {
      parts.append(range.lowerBound...(frames.lowerBound - 1))
    }
    if frames.upperBound < range.upperBound {
      parts.append((frames.upperBound + 1)...range.upperBound)
    }
    ranges.replaceSubrange(index...index, with: parts)
    count -= frames.count
  }
}
