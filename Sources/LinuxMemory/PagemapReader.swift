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
    // The last page of the address space has no address after it.
    let end = last &+ (1 << pageShift) == 0 ? last : last &+ (1 << pageShift)
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
    guard !areas.areas.isEmpty else { return try give(nil, first, end) }
    let isQuestion = first &+ (1 << pageShift) == end
    for area in areas.areas where area.end > first && area.start < end && wantsMore {
      try give(area, max(area.start, first), min(area.end, end))
    }
    // Who asks about one page gets an answer, whether or not an area holds it.
    if isQuestion, areas.area(holding: first) == nil { try give(nil, first, end) }
  }
}

/// Words of pagemap that somebody has saved.
public struct CapturedPagemap: PagemapSource, Sendable {
  /// Which page the first word is about.
  public enum Order: Hashable, Sendable {
    /// The page at this address; the others follow.
    case from(UInt64)
    /// The first page of the first area; the words of the areas follow each other.
    case areas
  }

  /// Why a capture cannot be read.
  public struct Problem: Error, Hashable, CustomStringConvertible {
    /// What is wrong, and what to do.
    public let description: String
  }

  /// The size of a page as a power of 2.
  public let pageShift: UInt64
  /// The areas of the process; empty where they are not known.
  public let areas: MemoryAreas
  private let words: [UInt64]
  private let order: Order

  /// Takes words.
  ///
  /// - Parameters:
  ///   - words: the words, one a page.
  ///   - order: which pages they are about.
  ///   - areas: the areas of the process; none where they are not known.
  ///   - pageShift: the size of a page as a power of 2.
  public init(
    _ words: [UInt64], _ order: Order, areas: MemoryAreas = MemoryAreas([]), pageShift: UInt64 = 12
  ) {
    self.words = words
    self.order = order
    self.areas = areas
    self.pageShift = pageShift
  }

  /// Takes the bytes of a file.
  ///
  /// Without `start`, the words are those of all pages of the areas where there are as many, else
  /// those of all pages from address 0 on, as in `/proc/PID/pagemap` itself.
  ///
  /// - Throws: `Problem` where the bytes are no words of eight bytes.
  public init(
    bytes: [UInt8], start: UInt64?, areas: MemoryAreas, pageShift: UInt64 = 12
  ) throws(Problem) {
    guard bytes.count % 8 == 0 else {
      throw Problem(
        description: "\(bytes.count) bytes: a word of pagemap has 8 on every architecture; "
          + "who reads it by `unsigned long` on a 32-bit one gets half of each")
    }
    let words = stride(from: 0, to: bytes.count, by: 8).map { offset in
      bytes[offset..<(offset + 8)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
    let pages = areas.areas.reduce(UInt64(0)) { $0 &+ ($1.end - $1.start) >> pageShift }
    let order: Order = start.map { .from($0) } ?? (pages == words.count ? .areas : .from(0))
    self.init(words, order, areas: areas, pageShift: pageShift)
  }

  /// The words, for the question which format they have.
  public var sample: ArraySlice<UInt64> { words.prefix(1 << 16) }

  /// All addresses that words are about; nil where there are none.
  public var extent: ClosedRange<UInt64>? {
    guard case .from(let start) = order, !words.isEmpty else { return nil }
    let (count, overflows) = UInt64(words.count).multipliedReportingOverflow(by: 1 << pageShift)
    return overflows || start > UInt64.max - (count - 1) ? nil : start...(start + (count - 1))
  }

  /// Gives the words of the pages of an area.
  public func read(_ area: MemoryArea, _ emit: (PagemapPiece) -> Bool) {
    var coalescer = PagemapCoalescer(pageShift: pageShift)
    var address = area.start
    while address < area.end {
      let index = index(of: address)
      let known = index.flatMap { words.indices.contains($0) ? words[$0] : nil }
      let count = known == nil ? unknownCount(from: address, index, in: area) : 1
      coalescer.add(
        PagemapRun(
          address: address, pageCount: count, entry: known.map { PagemapEntry(rawValue: $0) },
          step: 0))
      let (next, overflows) = address.addingReportingOverflow(count << pageShift)
      if overflows { break }
      address = next
    }
    for run in coalescer.finish() {
      guard emit(PagemapPiece(run)) else { return }
    }
  }

  /// How many pages from `address` on have no word: up to the first word, or to the end.
  private func unknownCount(from address: UInt64, _ index: Int?, in area: MemoryArea) -> UInt64 {
    var end = area.end
    if index == nil, case .from(let start) = order, start > address { end = min(end, start) }
    return max(1, (end - address) >> pageShift)
  }

  private func index(of address: UInt64) -> Int? {
    switch order {
    case .from(let start):
      return address >= start ? Int(exactly: (address - start) >> pageShift) : nil
    case .areas:
      var before: UInt64 = 0
      for area in areas.areas {
        if area.contains(address) { return Int(before + (address - area.start) >> pageShift) }
        before += (area.end - area.start) >> pageShift
      }
      return nil
    }
  }
}
