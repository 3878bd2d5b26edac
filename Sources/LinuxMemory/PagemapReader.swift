/// Consecutive pages and what pagemap says of them.
public struct PagemapPiece: Hashable, Sendable {
  /// The pages and their words.
  public var run: PagemapRun
  /// What PAGEMAP_SCAN says besides; nil where it was not asked.
  public var categories: PageCategories?

  /// Describes pages.
  public init(_ run: PagemapRun, categories: PageCategories? = nil) {
    self.run = run
    self.categories = categories
  }
}

/// What PAGEMAP_SCAN says of pages (Linux include/uapi/linux/fs.h, PAGE_IS_WPALLOWED and following).
public struct PageCategories: OptionSet, Hashable, Sendable {
  /// The categories as bits.
  public var rawValue: UInt64

  /// Wraps the bits of the kernel.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Tracking of writes is possible (userfaultfd, asynchronous write protection).
  public static let writesTracked = Self(rawValue: 1 << 0)
  /// The page was written since it was write-protected.
  public static let written = Self(rawValue: 1 << 1)
  /// The page is of a file or shared.
  public static let file = Self(rawValue: 1 << 2)
  /// The page is in memory.
  public static let present = Self(rawValue: 1 << 3)
  /// The page is in swap, or wherever a special swap type says.
  public static let swapped = Self(rawValue: 1 << 4)
  /// The page is the one of zeros.
  public static let zero = Self(rawValue: 1 << 5)
  /// The page is mapped by an entry above the PTE, or by many as one.
  public static let huge = Self(rawValue: 1 << 6)
  /// The page was written since the last clearing.
  public static let softDirty = Self(rawValue: 1 << 7)
  /// The page is in a guard region (6.15).
  public static let guardRegion = Self(rawValue: 1 << 8)

  /// What kernels can be asked for, the newest first; one that is asked for more than it knows refuses.
  static let sets: [Self] = {
    let first: Self = [.writesTracked, .written, .file, .present, .swapped, .zero, .huge]
    let second = first.union(.softDirty)
    return [second.union(.guardRegion), second, first]
  }()

  /// The names of those that a word of pagemap does not say.
  public static let names: [(name: String, category: Self)] = [
    ("zero", .zero), ("huge", .huge), ("written", .written),
  ]
}

/// Reads the words of pagemap of some pages, from wherever they are.
public protocol PagemapSource {
  /// The size of a page as a power of 2.
  var pageShift: UInt64 { get }
  /// The areas of the process; empty where they are not known.
  var areas: MemoryAreas { get }
  /// Gives what is known of the pages of an area, in ascending order, until `emit` returns false.
  func read(_ area: MemoryArea, _ emit: (PagemapPiece) -> Bool) throws
}

extension PagemapSource {
  /// Gives the pages in a range, area by area; nil as the area stands for pages that none has.
  ///
  /// Addresses need not be those of whole pages. Where no areas are known, the range is taken as one.
  ///
  /// - Parameters:
  ///   - range: the addresses, both ends inclusive.
  ///   - emit: receives the area and the pages; false ends the reading.
  /// - Throws: what the source throws where it cannot be read.
  public func read(
    in range: ClosedRange<UInt64>, _ emit: (MemoryArea?, PagemapPiece) -> Bool
  ) throws {
    let first = (range.lowerBound >> pageShift) << pageShift
    let last = (range.upperBound >> pageShift) << pageShift
    // The last page of the address space has no address after it, and no word.
    let (after, isLast) = last.addingReportingOverflow(1 << pageShift)
    let end = isLast ? last : after
    var wantsMore = true
    func give(_ area: MemoryArea?, _ start: UInt64, _ end: UInt64) throws {
      guard start < end else { return }
      var part = area ?? MemoryArea(start: start, end: end, flags: [])
      part.fileOffset &+= area == nil ? 0 : start - part.start
      (part.start, part.end) = (start, end)
      try read(part) { piece in
        wantsMore = emit(area, piece)
        return wantsMore
      }
    }
    // Who asks about one page gets an answer, whether or not an area holds it.
    if first == last, isLast {
      _ = emit(nil, PagemapPiece(PagemapRun(address: first, pageCount: 1, entry: nil, step: 0)))
    } else if areas.areas.isEmpty || first == last && areas.area(holding: first) == nil {
      try give(nil, first, end)
    } else {
      for area in areas.areas where area.end > first && area.start < end && wantsMore {
        try give(area, max(area.start, first), min(area.end, end))
      }
    }
  }
}
