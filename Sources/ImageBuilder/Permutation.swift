import ScenarioFile

/// An order of the numbers 0 ..< `count` that a seed determines, each number once.
///
/// A Feistel network over the next power of four, walked until it falls below `count`: any place of
/// the order can be had at once, and millions of frames need no list of them.
struct Permutation: Hashable, Sendable {
  let count: UInt64
  private let seed: UInt64
  private let halfBits: UInt64

  init(count: UInt64, seed: UInt64) {
    self.count = count
    self.seed = seed
    let bits = UInt64(64 - (max(count, 2) - 1).leadingZeroBitCount)
    halfBits = (bits + 1) / 2
  }

  /// The number at `place`, which is below `count`.
  subscript(place: UInt64) -> UInt64 {
    var value = place
    repeat { value = shuffle(value) } while value >= count
    return value
  }

  private func shuffle(_ value: UInt64) -> UInt64 {
    let mask: UInt64 = 1 << halfBits - 1
    var left = value >> halfBits
    var right = value & mask
    for round in 0..<4 as Range<UInt64> {
      let mixed = SplitMix64.number(right << 2 | round, seed: seed) & mask
      (left, right) = (right, left ^ mixed)
    }
    return left << halfBits | right
  }
}
