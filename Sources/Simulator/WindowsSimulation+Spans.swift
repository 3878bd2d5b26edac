import Paging
import PhysicalMemory

/// Pages that follow each other and whose entries are in one page table, or that no table is above.
struct PageSpan {
  let pages: ClosedRange<UInt64>
  /// The place of the first page's entry; nil where no table is above the pages.
  fileprivate let start: UInt64?
  fileprivate let entrySize: UInt64

  /// Whether the entries of the pages are in memory; all of them are zero where they are not.
  var hasTable: Bool { start != nil }

  /// The pages with the places of their entries.
  var entries: some Sequence<(page: UInt64, place: UInt64)> {
    let first = pages.lowerBound
    let pages = start == nil ? first..<first : Range(pages)
    return pages.lazy.map { [start, entrySize] page in
      (page, (start ?? 0) + (page - first) * entrySize)
    }
  }
}

/// The pages of a range by page table, as the tables are when each is asked for.
///
/// A table that is missing at any level is one step, so that an empty range costs nothing, however large.
struct PageSpans: Sequence, IteratorProtocol {
  private let simulation: WindowsSimulation
  private let root: UInt64
  private let last: UInt64
  private var page: UInt64

  init(_ simulation: WindowsSimulation, root: UInt64, _ pages: ClosedRange<UInt64>) {
    (self.simulation, self.root) = (simulation, root)
    (page, last) = (pages.lowerBound, pages.upperBound)
  }

  mutating func next() -> PageSpan? {
    guard page <= last else { return nil }
    let (place, level) = simulation.lowestPlace(of: page * frameSize, root: root)
    // An entry above the page table says that it and all others below are missing.
    let span = level == 1 ? simulation.pagesOfTable : simulation.pages(ofEntryAt: level)
    let end = Swift.min(page | (span - 1), last)
    defer { page = end + 1 }
    return PageSpan(
      pages: page...end, start: level == 1 ? place : nil,
      entrySize: UInt64(simulation.state.entrySize))
  }
}

extension WindowsSimulation {
  /// The pages that one page table translates.
  var pagesOfTable: UInt64 { pages(ofEntryAt: 2) }

  /// The pages that an entry of a level translates.
  func pages(ofEntryAt level: Int) -> UInt64 { (1 << state.pageShift(level)) / frameSize }

  func spans(of pages: ClosedRange<UInt64>, _ process: WindowsProcessState) -> PageSpans {
    PageSpans(self, root: process.root, pages)
  }

  /// Makes the page tables of all pages of a range, so that what changes their entries is done wholly or,
  /// where there is no room for a table, not at all.
  func makeTables(
    of pages: ClosedRange<UInt64>, _ process: WindowsProcessState
  ) throws(StepFailure) {
    var page = pages.lowerBound
    while page <= pages.upperBound {
      _ = try makePlace(of: page * frameSize, root: process.root, process: process)
      page = (page | (pagesOfTable - 1)) + 1
    }
  }
}
