import Paging
import PhysicalMemory

/// A page that an address space has by a view alone: no entry of its tables leads there.
struct ViewPage: Hashable {
  /// The number of the address space.
  var space: Int
  /// The first virtual address of the page.
  var address: UInt64
}

extension IndexBuilder {
  /// The number of pages that views alone lead to.
  func count(viewsOf software: [some SoftwarePages]) throws(ReverseMapError) -> UInt64 {
    var count: UInt64 = 0
    var steps = 0
    for software in software {
      guard software.views(steps: &steps, { _, _ in count += 1 }) else { throw .tooManyViews }
    }
    guard count == 0 || software.count <= IndexLayout.ViewFields.space.mask else {
      throw .tooManyViews
    }
    return count
  }
}

/// Goes through the pages of views in the order of their frames.
struct ViewSweep {
  private let index: ReverseIndex
  private var next: Int

  init(_ index: ReverseIndex, from page: UInt64) throws(ReverseMapError) {
    self.index = index
    next = try ReverseIndex.first(in: 0..<Int(index.shape.views)) {
      number throws(ReverseMapError) in
      try Self.page(index, number) >= page
    }
  }

  private static func page(_ index: ReverseIndex, _ number: Int) throws(ReverseMapError) -> UInt64 {
    IndexLayout.ViewFields.frame.get(try index.word(.views, number * 2)) &* frameSize
  }

  /// The page that comes next; nil at the end.
  func page() throws(ReverseMapError) -> UInt64? {
    next < Int(index.shape.views) ? try Self.page(index, next) : nil
  }

  /// Takes all that lead to a page.
  mutating func take(of page: UInt64) throws(ReverseMapError) -> [ViewPage] {
    var views: [ViewPage] = []
    while try self.page() == page {
      let space = IndexLayout.ViewFields.space.get(try index.word(.views, next * 2))
      guard space < index.spaceLimit else { throw index.inconsistent }
      let address = try index.word(.views, next * 2 + 1) &* frameSize
      views.append(ViewPage(space: Int(space), address: address))
      next += 1
    }
    return views
  }
}

/// A page, and all that leads to it.
struct MappedPage {
  var page: UInt64
  var entries: [PageEntry] = []
  var views: [ViewPage] = []
}

/// Goes through all pages that anything leads to, each once, in ascending order.
struct MappedPages {
  private var sweep: PageSweep
  private var views: ViewSweep
  private var entry: (page: UInt64, entry: PageEntry)?

  init(_ index: ReverseIndex, from page: UInt64) throws(ReverseMapError) {
    sweep = try PageSweep(index, from: page)
    views = try ViewSweep(index, from: page)
    entry = try sweep.next()
  }

  mutating func next() throws(ReverseMapError) -> MappedPage? {
    let view = try views.page()
    guard let page = [entry?.page, view].compactMap(\.self).min() else { return nil }
    var mapped = MappedPage(page: page)
    while let found = entry, found.page == page {
      mapped.entries.append(found.entry)
      entry = try sweep.next()
    }
    if view == page { mapped.views = try views.take(of: page) }
    return mapped
  }
}
