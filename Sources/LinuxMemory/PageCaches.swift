/// What is known of the kernel's caches of pages, which page tables do not show.
public struct PageCaches: Sendable {
  /// A page in a swap area.
  public struct SwapPlace: Hashable, Sendable {
    /// The number of the area.
    public var type: UInt64
    /// The page of the area.
    public var offset: UInt64

    /// Names a page.
    public init(type: UInt64, offset: UInt64) { (self.type, self.offset) = (type, offset) }
  }

  /// The swap areas of which every page that is in memory all the same is in `swapped`.
  public var knownAreas: Set<UInt64> = []
  /// Pages that are in the swap cache: a fault finds them in memory.
  public var swapped: Set<SwapPlace> = []

  /// Knows nothing.
  public init() {}

  /// Whether a page of a swap area is in memory; nil where it is not known.
  func holds(_ place: SwapPlace) -> Bool? {
    swapped.contains(place) ? true : knownAreas.contains(place.type) ? false : nil
  }
}
