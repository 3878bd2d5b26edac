import Paging
import PhysicalMemory

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
    next = try (0..<Int(index.shape.views)).partitioningIndex {
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
  mutating func take(of page: UInt64) throws(ReverseMapError) -> [Way] {
    var views: [Way] = []
    while try self.page() == page {
      let space = IndexLayout.ViewFields.space.get(try index.word(.views, next * 2))
      let start = try index.word(.views, next * 2 + 1) &* frameSize
      views.append(Way(sharing: .view, owner: Int(space), start: start))
      next += 1
    }
    return views
  }
}
