/// A swap area.
struct LinuxSwap {
  private(set) var places: SlotList
  /// What is at each place that is in use, and how many entries lead there.
  private(set) var slots: [UInt64: Slot] = [:]

  struct Slot {
    var content: [UInt8]?
    var entries: Int
    /// The frame of the page, while it is in the swap cache.
    var frame: UInt64?
  }

  init(pages: UInt64) { places = SlotList(pageCount: pages) }

  /// Puts a page at a place; nil where none is free.
  mutating func take(_ slot: Slot) -> UInt64? {
    guard let place = places.take() else { return nil }
    slots[place] = slot
    return place
  }

  mutating func change(_ place: UInt64, _ change: (inout Slot) -> Void) {
    guard var slot = slots[place] else { return }
    change(&slot)
    slots[place] = slot
    if slot.entries == 0, slot.frame == nil {
      slots[place] = nil
      places.give(place)
    }
  }
}
