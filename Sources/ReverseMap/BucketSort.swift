/// Sorts the pages of a bucket by frame: a counting sort, of which two passes are enough.
@safe struct BucketSort {
  private let passes: Int
  private let digitBits: UInt64
  private var counts: [UInt32]
  private var scratch: [UInt64] = []

  /// Digits of this size have counters that stay in the nearest cache.
  private static let widestDigit: UInt64 = 12

  /// Prepares for buckets with `frameBits` bits of frame.
  init(frameBits: UInt64) {
    passes = Int((frameBits + Self.widestDigit - 1) / Self.widestDigit)
    digitBits = passes == 0 ? 0 : (frameBits + UInt64(passes) - 1) / UInt64(passes)
    counts = [UInt32](repeating: 0, count: 1 << Int(digitBits))
  }

  /// Sorts `count` words; pages of the same frame keep their order.
  mutating func sort(_ words: UnsafeMutablePointer<UInt64>, count: Int) {
    guard count > 1 else { return }
    if scratch.count < count { scratch = [UInt64](repeating: 0, count: count + count / 4) }
    let digitBits = digitBits
    let passes = passes
    unsafe scratch.withUnsafeMutableBufferPointer { scratch in
      unsafe counts.withUnsafeMutableBufferPointer { counts in
        guard let copy = scratch.baseAddress, let counts = counts.baseAddress else { return }
        for pass in 0..<passes {
          let low = IndexLayout.PageFields.frame.low &+ UInt64(pass) &* digitBits
          let isSorted = unsafe Self.distribute(
            words, into: copy, count, counts, low: low, bits: digitBits)
          if !isSorted { unsafe words.update(from: copy, count: count) }
        }
      }
    }
  }

  /// Distributes words by one digit; true where all have the same one, and nothing was done.
  private static func distribute(
    _ words: UnsafeMutablePointer<UInt64>, into copy: UnsafeMutablePointer<UInt64>, _ count: Int,
    _ counts: UnsafeMutablePointer<UInt32>, low: UInt64, bits: UInt64
  ) -> Bool {
    let mask: UInt64 = (1 &<< bits) &- 1
    let digits = Int(truncatingIfNeeded: mask &+ 1)
    unsafe counts.update(repeating: 0, count: digits)
    for index in 0..<count {
      unsafe counts[Int(truncatingIfNeeded: words[index] &>> low & mask)] &+= 1
    }
    let first = unsafe Int(truncatingIfNeeded: words[0] &>> low & mask)
    if unsafe Int(counts[first]) == count { return true }
    var start: UInt32 = 0
    for digit in 0..<digits {
      let size = unsafe counts[digit]
      unsafe counts[digit] = start
      start &+= size
    }
    for index in 0..<count {
      let word = unsafe words[index]
      let digit = Int(truncatingIfNeeded: word &>> low & mask)
      let place = unsafe counts[digit]
      unsafe counts[digit] = place &+ 1
      unsafe copy[Int(truncatingIfNeeded: place)] = word
    }
    return false
  }

  /// Sorts pages beyond the buckets, two words each, by frame and entry.
  static func sortPairs(_ words: UnsafeMutablePointer<UInt64>, count: Int) {
    unsafe words.withMemoryRebound(to: Pair.self, capacity: count) { pairs in
      var all = unsafe UnsafeMutableBufferPointer(start: pairs, count: count)
      unsafe all.sort { ($0.frame, $0.entry) < ($1.frame, $1.entry) }
    }
  }

  private struct Pair {
    var frame: UInt64
    var entry: UInt64
  }
}
