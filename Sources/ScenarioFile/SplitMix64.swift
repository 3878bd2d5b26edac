/// The generator behind everything that a scenario has at random, by a seed: SplitMix64 (Steele, Lea, Flood, "Fast
/// Splittable Pseudorandom Number Generators", 2014).
///
/// It is the same on every machine, and any of its numbers can be had without those before it.
package struct SplitMix64: RandomNumberGenerator, Sendable {
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
  package static func number(_ index: UInt64, seed: UInt64, below count: UInt64) -> UInt64 {
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
