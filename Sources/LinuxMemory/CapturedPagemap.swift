import PhysicalMemory

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
    /// Whether it is not the words that are wrong, but what is said about which pages they are of.
    public let isAboutPlace: Bool
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
  /// - Throws: `Problem` where the bytes are no words of eight bytes, or there are no such pages.
  public init(
    bytes: [UInt8], start: UInt64?, areas: MemoryAreas, pageShift: UInt64 = 12
  ) throws(Problem) {
    guard bytes.count % 8 == 0 else {
      throw Problem(
        isAboutPlace: false,
        description: "\(bytes.count) bytes: a word of pagemap has 8 on every architecture; "
          + "who reads it by `unsigned long` on a 32-bit one gets half of each")
    }
    guard !bytes.isEmpty else {
      throw Problem(
        isAboutPlace: false, description: "the file is empty: it holds no word of pagemap")
    }
    let words = stride(from: 0, to: bytes.count, by: 8).map { offset in
      bytes[offset..<(offset + 8)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
    let order = try Self.order(of: words.count, start: start, areas, pageShift)
    self.init(words, order, areas: areas, pageShift: pageShift)
  }

  private static func order(
    of count: Int, start: UInt64?, _ areas: MemoryAreas, _ pageShift: UInt64
  ) throws(Problem) -> Order {
    let (size, overflows) = UInt64(count).multipliedReportingOverflow(by: 1 << pageShift)
    if let start {
      guard !overflows, !start.addingReportingOverflow(size).overflow else {
        throw Problem(
          isAboutPlace: true,
          description: "\(count) words from \(start.hex) on pass the end of the address space")
      }
      return .from(start)
    }
    let pages = areas.areas.reduce(UInt64(0)) { $0 &+ ($1.end - $1.start) >> pageShift }
    if pages == count { return .areas }
    guard let first = areas.areas.first, first.start >= size else { return .from(0) }
    throw Problem(
      isAboutPlace: true,
      description:
        "there are \(count) words and the areas have \(pages) pages, so that nothing says which "
        + "page the first word is of")
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
