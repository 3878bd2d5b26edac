import BitLayout
public import PhysicalMemory

/// Consecutive pages whose pagemap words are equal, or rise by a step.
public struct PagemapRun: Hashable, Sendable {
  /// The first address.
  public var address: UInt64
  /// The number of pages.
  public var pageCount: UInt64
  /// The word of the first page; nil where there is none, or where it is not known.
  public var entry: PagemapEntry?
  /// What each further page adds to the word: 0, or 1 in the frame number or the swap offset.
  public var step: UInt64
  /// The bits of the words that are not known; they are 0 in `entry`.
  public var unknownBits: UInt64 = 0
  /// The address of what the image lacks to know the first page, where that is why there is no word.
  public var missing: PhysicalAddress?

  /// Describes pages.
  public init(address: UInt64, pageCount: UInt64, entry: PagemapEntry?, step: UInt64) {
    self.address = address
    self.pageCount = pageCount
    self.entry = entry
    self.step = step
  }

  /// The word of one of the pages.
  public func entry(at index: UInt64) -> PagemapEntry? {
    entry.map { PagemapEntry(rawValue: $0.rawValue &+ index &* step) }
  }
}
