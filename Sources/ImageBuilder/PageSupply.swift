import PhysicalMemory

/// Hands out frames for automatic pages, as many together as there are.
struct PageSupply {
  /// Free frame numbers in the order of preference; some of the ranges become empty.
  private var ranges: [Range<UInt64>]
  /// By the size of a page in frames, the first range that can have room for one.
  private var cursors: [UInt64: Int] = [:]
  /// The addresses of all frames that were given.
  private(set) var given: [ClosedRange<UInt64>] = []

  init(_ frames: [ClosedRange<UInt64>]) {
    ranges = frames.map { $0.lowerBound..<($0.upperBound + 1) }
  }

  /// Takes frames for `count` pages of `size` bytes, or gives nil where there are not so many.
  mutating func take(count: UInt64, size: UInt64) -> [FrameSequence.Piece]? {
    let step = size >> 12
    var index = cursors[step] ?? 0
    var pieces: [FrameSequence.Piece] = []
    var found: UInt64 = 0
    while found < count, index < ranges.count {
      let range = ranges[index]
      let first = (range.lowerBound + (step - 1)) / step * step
      guard first + step <= range.upperBound else {
        index += 1
        continue
      }
      let pages = min((range.upperBound - first) / step, count - found)
      let end = first + pages * step
      pieces.append(FrameSequence.Piece(before: found, start: first << 12))
      given.append((first << 12)...(end << 12 - 1))
      found += pages
      ranges[index] = end..<range.upperBound
      if first > range.lowerBound { keep(range.lowerBound..<first, at: index) }
    }
    cursors[step] = index
    return found == count ? pieces : nil
  }

  /// Puts back what lies before an aligned page, for smaller pages.
  private mutating func keep(_ rest: Range<UInt64>, at index: Int) {
    ranges.insert(rest, at: index)
    for (step, cursor) in cursors where cursor > index { cursors[step] = cursor + 1 }
  }
}
