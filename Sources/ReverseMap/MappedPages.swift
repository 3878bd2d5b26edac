/// A page, and all that leads to it.
struct MappedPage {
  var page: UInt64
  /// Of a graph, the entries that map the page.
  var entries: [PageEntry] = []
  /// Views; of a list, all mappings.
  var ways: [Way] = []
}

/// Goes through all pages that anything leads to, each once, in ascending order.
struct MappedPages {
  private var sweep: PageSweep
  private var views: ViewSweep
  private var list: ListSweep
  private var entry: (page: UInt64, entry: PageEntry)?
  private var record: MappingRecord?

  init(_ index: ReverseIndex, from page: UInt64) throws(ReverseMapError) {
    sweep = try PageSweep(index, from: page)
    views = try ViewSweep(index, from: page)
    list = try ListSweep(index, from: page)
    entry = try sweep.next()
    record = try list.next()
  }

  mutating func next() throws(ReverseMapError) -> MappedPage? {
    let view = try views.page()
    let pages = [entry?.page, record?.page, view].compactMap(\.self)
    guard let page = pages.min() else { return nil }
    var mapped = MappedPage(page: page)
    while let found = entry, found.page == page {
      mapped.entries.append(found.entry)
      entry = try sweep.next()
    }
    while let found = record, found.page == page {
      mapped.ways.append(found.way)
      record = try list.next()
    }
    if view == page { mapped.ways += try views.take(of: page) }
    return mapped
  }
}

extension ReverseIndex {
  /// All pages from one that begins at `page` or after it, in ascending order.
  func pages(from page: UInt64) throws(ReverseMapError) -> MappedPages {
    try MappedPages(self, from: page)
  }

  /// What maps the page that begins at `page` and holds the byte at `offset` in it.
  func page(_ page: UInt64, holding offset: UInt64) throws(ReverseMapError) -> MappedPage {
    // Adding the size to the page could pass the end of the address space.
    var mapped = MappedPage(page: page)
    var sweep = try PageSweep(self, from: page)
    while let next = try sweep.next(), next.page == page {
      if try offset < 1 << pageShift(next.entry.node) { mapped.entries.append(next.entry) }
    }
    var list = try ListSweep(self, from: page)
    while let next = try list.next(), next.page == page {
      if offset < 1 << next.pageShift { mapped.ways.append(next.way) }
    }
    return mapped
  }
}
