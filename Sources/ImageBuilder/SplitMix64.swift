/// The generator behind everything random in an image: SplitMix64 (Steele, Lea, Flood, "Fast
/// Splittable Pseudorandom Number Generators", 2014).
///
/// It is the same on every machine, and any of its numbers can be had without those before it.
package struct SplitMix64: Sendable {
  private static let gamma: UInt64 = 0x9e37_79b9_7f4a_7c15
  private var state: UInt64

  /// Starts the sequence of a seed.
  package init(seed: UInt64) { state = seed }

  /// The next number of the sequence.
  package mutating func next() -> UInt64 {
    state &+= Self.gamma
    return Self.mix(state)
  }

  /// Number `index` of the sequence that `seed` starts, counted from 0.
  package static func number(_ index: UInt64, seed: UInt64) -> UInt64 {
    mix(seed &+ (index &+ 1) &* gamma)
  }

  /// Number `index` of the sequence, spread over 0 ..< `count`, which is not 0.
  static func number(_ index: UInt64, seed: UInt64, below count: UInt64) -> UInt64 {
    number(index, seed: seed).multipliedFullWidth(by: count).high
  }

  /// The next number, spread over 0 ..< `count`, which is not 0.
  package mutating func next(below count: UInt64) -> UInt64 {
    next().multipliedFullWidth(by: count).high
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

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
