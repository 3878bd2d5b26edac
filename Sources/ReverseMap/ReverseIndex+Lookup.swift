/// An entry that maps a page: its table and its number in the table.
struct PageEntry: Hashable {
  var node: Int
  var index: Int
}

/// An entry that leads to a table.
struct TableEdge {
  var node: Int
  var index: Int
  var isFirst: Bool
  var isRepeat: Bool
}

extension ReverseIndex {
  /// The number of tables.
  var nodeCount: Int { shape.count(.keys) }

  /// The key of a table.
  func key(_ node: Int) throws(ReverseMapError) -> UInt64 { try word(.keys, node) }

  /// The size of a page of a table's level, as a power of 2.
  func pageShift(_ node: Int) throws(ReverseMapError) -> UInt64 {
    IndexLayout.NodeFields.pageShift.get(try word(.nodes, node))
  }

  /// How many address spaces have a table where it was met first.
  func sharers(_ node: Int) throws(ReverseMapError) -> Int {
    Int(IndexLayout.NodeFields.sharers.get(try word(.nodes, node)))
  }

  /// The top tables, in the order of the address spaces and their halves.
  func root(_ number: Int) throws(ReverseMapError) -> Int { try node(word(.roots, number)) }

  /// Gives the edges that lead to a table, those that are no repeats first, until `body` returns false.
  func edges(
    to node: Int, _ body: (TableEdge) throws(ReverseMapError) -> Bool
  ) throws(ReverseMapError) {
    let first = try word(.edgeOffsets, node)
    let end = try word(.edgeOffsets, node + 1)
    guard first <= end, end <= shape.edges else { throw inconsistent }
    for number in Int(first)..<Int(end) {
      let word = try word(.edges, number)
      let edge = TableEdge(
        node: try self.node(IndexLayout.EdgeFields.node.get(word)),
        index: Int(IndexLayout.EdgeFields.index.get(word)),
        isFirst: IndexLayout.EdgeFields.isFirst.get(word) == 1,
        isRepeat: IndexLayout.EdgeFields.isRepeat.get(word) == 1)
      guard try body(edge) else { return }
    }
  }

  /// The entries that map the page that begins at `page`, of whatever size, without repetition and in
  /// the order of tables.
  func entries(mapping page: UInt64) throws(ReverseMapError) -> [PageEntry] {
    var entries: [PageEntry] = []
    var sweep = try PageSweep(self, from: page)
    while let next = try sweep.next(), next.page == page { entries.append(next.entry) }
    return entries
  }

  /// All pages from one that begins at `page` or after it, in ascending order.
  func pages(from page: UInt64) throws(ReverseMapError) -> MappedPages {
    try MappedPages(self, from: page)
  }

  /// More address spaces than any index is of: the number of one is compared with those of the machine.
  var spaceLimit: UInt64 { shape.roots }

  func node(_ number: UInt64) throws(ReverseMapError) -> Int {
    guard number < shape.nodes else { throw inconsistent }
    return Int(number)
  }

  /// What is wrong with an index whose checksums are right.
  var inconsistent: ReverseMapError {
    .stale(path: "the index", reason: "its parts contradict each other; --no-cache does without it")
  }
}

/// Goes through the pages of an index in the order of their addresses.
struct PageSweep {
  private let index: ReverseIndex
  private var bucket: Int
  private var position: UInt64
  private var end: UInt64
  private var far: Int

  init(_ index: ReverseIndex, from page: UInt64) throws(ReverseMapError) {
    self.index = index
    let shape = index.shape
    bucket = Int(min(page >> shape.bucketShift, shape.directory - 1))
    (position, end, far) = (0, 0, 0)
    if bucket < Int(shape.directory) - 1 {
      try open()
      let frame = (page >> 12) & ((1 << (shape.bucketShift - 12)) - 1)
      position = try Self.first(in: Int(position)..<Int(end)) { number throws(ReverseMapError) in
        IndexLayout.PageFields.frame.get(try index.word(.pages, number)) >= frame
      }
    } else {
      far = Int(
        try Self.first(in: 0..<Int(shape.far)) { number throws(ReverseMapError) in
          try index.word(.far, number * 2) >= page >> 12
        })
    }
  }

  /// The next page and the entry that maps it.
  mutating func next() throws(ReverseMapError) -> (page: UInt64, entry: PageEntry)? {
    while position == end, bucket < Int(index.shape.directory) - 1 {
      bucket += 1
      if bucket < Int(index.shape.directory) - 1 { try open() }
    }
    guard bucket < Int(index.shape.directory) - 1 else { return try nextFar() }
    let word = try index.word(.pages, Int(position))
    position += 1
    let frame = IndexLayout.PageFields.frame.get(word)
    return (UInt64(bucket) << index.shape.bucketShift + frame << 12, try entry(word))
  }

  private mutating func nextFar() throws(ReverseMapError) -> (page: UInt64, entry: PageEntry)? {
    guard far < Int(index.shape.far) else { return nil }
    let frame = try index.word(.far, far * 2)
    let word = try index.word(.far, far * 2 + 1)
    far += 1
    return (frame << 12, try entry(word))
  }

  private func entry(_ word: UInt64) throws(ReverseMapError) -> PageEntry {
    PageEntry(
      node: try index.node(IndexLayout.PageFields.node.get(word)),
      index: Int(IndexLayout.PageFields.index.get(word)))
  }

  private mutating func open() throws(ReverseMapError) {
    position = try index.word(.directory, bucket)
    end = try index.word(.directory, bucket + 1)
    guard position <= end, end <= index.shape.pages else { throw index.inconsistent }
  }

  /// The first number for which `holds` is true, as it is for all after it.
  static func first(
    in range: Range<Int>, _ holds: (Int) throws(ReverseMapError) -> Bool
  ) throws(ReverseMapError) -> UInt64 {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = low + (high - low) / 2
      if try holds(middle) { high = middle } else { low = middle + 1 }
    }
    return UInt64(low)
  }
}
