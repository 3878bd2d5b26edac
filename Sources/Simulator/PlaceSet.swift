import PhysicalMemory

/// Places of entries in page tables: a bit for each four bytes of the frames that have any.
struct PlaceSet {
  private static let wordsOfFrame = Int(frameSize) / 4 / UInt64.bitWidth
  private var words: [UInt64] = []
  /// Where the words of a frame begin.
  private var starts: [UInt64: Int] = [:]
  /// The frame that was asked for last, as most places follow each other.
  private var last: (frame: UInt64, start: Int)?
  /// The number of places.
  private(set) var count = 0

  /// Adds a place; false where it is there already.
  mutating func insert(_ place: UInt64) -> Bool {
    let bit = Int(place % frameSize / 4)
    let word = start(of: place / frameSize) + bit / UInt64.bitWidth
    let mask: UInt64 = 1 << UInt64(bit % UInt64.bitWidth)
    guard words[word] & mask == 0 else { return false }
    words[word] |= mask
    count += 1
    return true
  }

  private mutating func start(of frame: UInt64) -> Int {
    if let last, last.frame == frame { return last.start }
    let start = starts[frame] ?? words.count
    if start == words.count {
      starts[frame] = start
      words += repeatElement(0, count: Self.wordsOfFrame)
    }
    last = (frame, start)
    return start
  }

  mutating func removeAll() { self = PlaceSet() }
}
