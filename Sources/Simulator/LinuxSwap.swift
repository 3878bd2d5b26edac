/// A swap area.
struct LinuxSwap {
  /// The number of pages, the header at 0 included.
  let pageCount: UInt64
  /// What is at each place, and how many entries lead there.
  private(set) var slots: [UInt64: Slot] = [:]
  private var free: [UInt64] = []
  private var next: UInt64 = 1

  struct Slot {
    var content: [UInt8]?
    var entries: Int
    /// The frame of the page, while it is in the swap cache.
    var frame: UInt64?
  }

  init(pages: UInt64) { pageCount = pages }

  /// The number of pages that may hold something, and of those that do not.
  var usableCount: UInt64 { pageCount - 1 }
  var freeCount: UInt64 { usableCount - UInt64(slots.count) }

  /// A place for a page; nil where none is left.
  mutating func take(_ slot: Slot) -> UInt64? {
    let place: UInt64
    if let last = free.popLast() {
      place = last
    } else {
      guard next < pageCount else { return nil }
      place = next
      next += 1
    }
    slots[place] = slot
    return place
  }

  mutating func change(_ place: UInt64, _ change: (inout Slot) -> Void) {
    guard var slot = slots[place] else { return }
    change(&slot)
    slots[place] = slot
    if slot.entries == 0, slot.frame == nil {
      slots[place] = nil
      free.append(place)
    }
  }
}
