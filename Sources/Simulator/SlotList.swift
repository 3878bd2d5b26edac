/// The places of a page file or of a swap area, the header at 0 left out.
///
/// The place that was given back last is taken first, and then the next one that was never used.
struct SlotList {
  /// The number of places, the header included.
  let pageCount: UInt64
  private var free: [UInt64] = []
  private var next: UInt64 = 1

  init(pageCount: UInt64) { self.pageCount = pageCount }

  /// How many places may hold something, and how many of them do not.
  var usableCount: UInt64 { pageCount - 1 }
  var freeCount: UInt64 { pageCount - next + UInt64(free.count) }

  /// A place; nil where none is free.
  mutating func take() -> UInt64? {
    if let last = free.popLast() { return last }
    guard next < pageCount else { return nil }
    defer { next += 1 }
    return next
  }

  /// Gives a place back that was taken.
  mutating func give(_ place: UInt64) { free.append(place) }
}
