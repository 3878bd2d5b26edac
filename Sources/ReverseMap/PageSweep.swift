import PhysicalMemory

/// Goes through the pages of an index in the order of their addresses: those of buckets, then those of regions.
struct PageSweep {
  private var near: StretchSweep
  private var far: StretchSweep

  init(_ index: ReverseIndex, from page: UInt64) throws(ReverseMapError) {
    near = try StretchSweep(index, .pages, from: page)
    far = try StretchSweep(index, .far, from: page)
  }

  /// The next page and the entry that maps it.
  mutating func next() throws(ReverseMapError) -> (page: UInt64, entry: PageEntry)? {
    if let page = try near.next() { return page }
    return try far.next()
  }
}

/// Goes through the pages of a section, stretch of memory by stretch: its words say where in a stretch a frame is.
private struct StretchSweep {
  private let index: ReverseIndex
  private let section: IndexLayout.Section
  /// The number of stretches, and of the one under way.
  private let count: Int
  private var stretch: Int
  /// The first address of the stretch under way, and its pages that are still to come.
  private var base: UInt64 = 0
  private var pages: Range<Int> = 0..<0

  init(
    _ index: ReverseIndex, _ section: IndexLayout.Section, from page: UInt64
  ) throws(ReverseMapError) {
    (self.index, self.section) = (index, section)
    let shape = index.shape
    if section == .pages {
      count = max(Int(shape.directory), 1) - 1
      stretch = Int(min(page >> shape.bucketShift, UInt64(count)))
    } else {
      count = Int(shape.regions)
      stretch = try (0..<count).partitioningIndex { number throws(ReverseMapError) in
        try index.word(.regions, number * 2) >= page >> IndexLayout.regionShift
      }
    }
    try open()
    guard base < page else { return }
    let frame = (page - base) >> frameShift
    let start = try pages.partitioningIndex { number throws(ReverseMapError) in
      IndexLayout.PageFields.frame.get(try index.word(section, number)) >= frame
    }
    pages = start..<pages.upperBound
  }

  /// The next page and the entry that maps it.
  mutating func next() throws(ReverseMapError) -> (page: UInt64, entry: PageEntry)? {
    while pages.isEmpty, stretch < count {
      stretch += 1
      try open()
    }
    guard let number = pages.first else { return nil }
    pages = number + 1..<pages.upperBound
    let word = try index.word(section, number)
    let fields = IndexLayout.PageFields.self
    let entry = PageEntry(
      node: try index.node(fields.node.get(word)), index: Int(fields.index.get(word)))
    return (base &+ fields.frame.get(word) << frameShift, entry)
  }

  /// Takes the pages of the stretch, of which there are none after the last.
  private mutating func open() throws(ReverseMapError) {
    guard stretch < count else { return }
    let start: UInt64
    let end: UInt64
    if section == .pages {
      base = UInt64(stretch) << index.shape.bucketShift
      start = try index.word(.directory, stretch)
      end = try index.word(.directory, stretch + 1)
    } else {
      base = try index.word(.regions, stretch * 2) << IndexLayout.regionShift
      start = try index.word(.regions, stretch * 2 + 1)
      let isLast = stretch + 1 == count
      end = isLast ? index.shape.far : try index.word(.regions, stretch * 2 + 3)
    }
    guard start <= end, end <= UInt64(index.shape.count(section)) else { throw index.inconsistent }
    pages = Int(start)..<Int(end)
  }
}
