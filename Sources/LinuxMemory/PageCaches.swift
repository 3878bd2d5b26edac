import PhysicalMemory

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

  /// A page of a file, or of memory that processes share.
  public struct FilePage: Hashable, Sendable {
    /// The number of the device that holds the file; 0 for file systems without one.
    public var deviceMajor: UInt64
    /// The number of the file.
    public var inode: UInt64
    /// The page of the file.
    public var page: UInt64

    /// Names a page.
    public init(deviceMajor: UInt64, inode: UInt64, page: UInt64) {
      (self.deviceMajor, self.inode, self.page) = (deviceMajor, inode, page)
    }
  }

  /// The swap areas of which every page that is in memory all the same is in `swapped`.
  public var knownAreas: Set<UInt64> = []
  /// Pages that are in the swap cache: a fault finds them in memory.
  public var swapped: Set<SwapPlace> = []
  /// How many entries have a page of a swap area, counted those that lead to the area and those that
  /// map the page from the swap cache.
  public var swapUsers: [SwapPlace: Int] = [:]
  /// Whether the next two sets name all pages of files that they are about.
  public var areFilesKnown = false
  /// Pages of files in the page cache.
  public var cached: Set<FilePage> = []
  /// Pages of shared memory that are in swap and not in memory.
  public var sharedInSwap: Set<FilePage> = []

  /// Knows nothing.
  public init() {}

  /// Whether a page of a swap area is in memory; nil where it is not known.
  func holds(_ place: SwapPlace) -> Bool? {
    swapped.contains(place) ? true : knownAreas.contains(place.type) ? false : nil
  }

  /// Whether one entry alone has a page of a swap area; nil where that is not known.
  func isAlone(_ place: SwapPlace) -> Bool? { swapUsers[place].map { $0 == 1 } }

  /// Whether a fault finds a page of a file without reading anything; nil where it is not known.
  func holds(_ page: FilePage) -> Bool? {
    if cached.contains(page) { return true }
    guard areFilesKnown else { return nil }
    // What nobody wrote to shared memory is zeros, which nobody reads.
    return page.deviceMajor == 0 && !sharedInSwap.contains(page)
  }
}

extension MemoryArea {
  /// The page of its file behind an address.
  func filePage(at address: UInt64) -> PageCaches.FilePage {
    PageCaches.FilePage(
      deviceMajor: deviceMajor, inode: inode, page: (fileOffset &+ (address - start)) / frameSize)
  }
}
