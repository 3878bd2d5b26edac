import Synchronization

/// The page of the map that was asked for last.
final class KeptMap: Sendable {
  /// All that the page depends on.
  struct Place: Hashable {
    private let exploration: Exploration
    private let isMap: Bool

    init(_ exploration: Exploration, _ isMap: Bool) {
      (self.exploration, self.isMap) = (exploration, isMap)
    }
  }

  private let kept = Mutex<(place: Place, page: Explorer.Page)?>(nil)

  /// The page at a place, where it is the one that is kept.
  func page(at place: Place) -> Explorer.Page? {
    kept.withLock { $0?.place == place ? $0?.page : nil }
  }

  /// Keeps a page instead of the one before.
  func keep(_ page: Explorer.Page, at place: Place) { kept.withLock { $0 = (place, page) } }
}
