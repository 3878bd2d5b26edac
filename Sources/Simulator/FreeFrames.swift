/// The frames of a Linux that nobody has.
///
/// Those that were never used come first, in ascending order, then those that were given back, in the order
/// in which they were.
struct FreeFrames {
  /// Frames that were never used, as ranges; the named ones are left out.
  private var untouched: [ClosedRange<UInt64>]
  /// Frames that a step of the timeline names and that nobody else takes before.
  private var named: Set<UInt64>
  /// Frames that were given back; those before `start` have been taken again.
  private var returned: [UInt64] = []
  private var start = 0
  /// The number of all of them.
  private(set) var count: Int

  /// The frames from one on; below it, those that are named.
  init(installed: [ClosedRange<UInt64>], from first: UInt64, named: Set<UInt64>) {
    self.named = named.filter { frame in installed.contains { $0.contains(frame) } }
    let ranges = installed.filter { $0.upperBound >= first }.map {
      max($0.lowerBound, first)...$0.upperBound
    }
    untouched = self.named.reduce(ranges) { ranges, frame in
      ranges.flatMap { $0.parts(without: frame...frame) }
    }
    count = untouched.reduce(self.named.count) { $0 + $1.count }
  }

  /// Takes a frame that was never used, whose content is zero.
  mutating func takeUntouched() -> UInt64? {
    guard let range = untouched.first else { return nil }
    if range.count == 1 {
      untouched.removeFirst()
    } else {
      untouched[0] = (range.lowerBound + 1)...range.upperBound
    }
    count -= 1
    return range.lowerBound
  }

  /// Takes a frame that was given back, whose content is what somebody left.
  mutating func takeReturned() -> UInt64? {
    guard start < returned.count else { return nil }
    defer {
      count -= 1
      start += 1
      if start > 4096, start * 2 > returned.count {
        returned.removeFirst(start)
        start = 0
      }
    }
    return returned[start]
  }

  /// Takes a frame that a step names; false where somebody has it.
  mutating func take(named frame: UInt64) -> Bool {
    if named.remove(frame) == nil {
      guard let index = returned[start...].firstIndex(of: frame) else { return false }
      returned.remove(at: index)
    }
    count -= 1
    return true
  }

  /// Takes `length` frames that follow each other from a multiple of `length` on and were never used.
  mutating func takeAligned(_ length: UInt64) -> UInt64? {
    for (index, range) in untouched.enumerated() {
      let first = (range.lowerBound + (length - 1)) / length * length
      guard first + (length - 1) <= range.upperBound else { continue }
      untouched.replaceSubrange(
        index...index, with: range.parts(without: first...first + (length - 1)))
      count -= Int(length)
      return first
    }
    return nil
  }

  /// Nobody has the frame any more.
  mutating func release(_ frame: UInt64) {
    returned.append(frame)
    count += 1
  }
}

extension ClosedRange<UInt64> {
  /// What is left on both sides of a range that is taken out.
  fileprivate func parts(without gone: Self) -> [Self] {
    guard overlaps(gone) else { return [self] }
    var parts: [Self] = []
    if gone.lowerBound > lowerBound { parts.append(lowerBound...(gone.lowerBound - 1)) }
    if gone.upperBound < upperBound { parts.append((gone.upperBound + 1)...upperBound) }
    return parts
  }
}
