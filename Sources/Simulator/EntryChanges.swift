import PhysicalMemory

/// The entries of page tables that changed since somebody asked, by the pages that they are about.
struct EntryChanges {
  struct Place: Hashable {
    var address: UInt64
    var pid: UInt64
  }

  private var places: Set<Place> = []

  /// More are not remembered: whoever changes so many can as well look at everything.
  private static let limit = 4096

  mutating func note(_ address: UInt64, of pid: UInt64) {
    guard places.count <= Self.limit else { return }
    places.insert(Place(address: address / frameSize * frameSize, pid: pid))
  }

  /// The places that changed since the last question; nil where they are too many to say.
  mutating func take() -> Set<Place>? {
    defer { places = [] }
    return places.count <= Self.limit ? places : nil
  }
}
