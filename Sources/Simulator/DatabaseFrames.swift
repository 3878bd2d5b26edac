/// Which frames the pages of the PFN database have, and the page tables above them.
///
/// They are those that the database would get if it were mapped when the machine begins, page after
/// page, each followed by the tables that are missing above it. As they follow from the addresses,
/// none of them needs to be touched before the first frame whose entry is on the page.
package struct DatabaseFrames {
  /// Pages that follow each other.
  private struct Stretch {
    var pages: ClosedRange<UInt64>
    /// How many frames the stretches before it have.
    var before: UInt64
    /// For each level the number of the first table that is above no stretch before.
    var firsts: [UInt64]
  }

  private var stretches: [Stretch] = []
  /// For each level, the pages themselves at 0, what gives the number of its table from that of a page.
  private let shifts: [UInt64]
  /// How many frames there are.
  package private(set) var count: UInt64 = 0
  /// The frames, the last ones first, each range with how many are before it.
  private var frames: [(range: ClosedRange<UInt64>, before: UInt64)] = []

  /// Counts the frames.
  ///
  /// - Parameters:
  ///   - pages: the pages by their numbers, ascending.
  ///   - tableShifts: for each level that has tables of its own, from that of page tables on, the
  ///     binary logarithm of the number of pages that a table translates.
  package init(pages: [ClosedRange<UInt64>], tableShifts: [UInt64]) {
    shifts = [0] + tableShifts
    for pages in pages {
      let firsts = shifts.map { shift in
        let next = stretches.last.map { ($0.pages.upperBound >> shift) + 1 } ?? 0
        return max(pages.lowerBound >> shift, next)
      }
      stretches.append(Stretch(pages: pages, before: count, firsts: firsts))
      for (first, shift) in zip(firsts, shifts) where pages.upperBound >> shift >= first {
        count += (pages.upperBound >> shift) - first + 1
      }
    }
  }

  /// Takes the frames, as many as there have to be, the last ones first.
  package mutating func take(_ ranges: [ClosedRange<UInt64>]) {
    var before: UInt64 = 0
    for range in ranges {
      frames.append((range, before))
      before += UInt64(range.count)
    }
  }

  /// The frame of a page, by the page's number; nil where it is none of the database.
  package func frame(ofPage page: UInt64) -> UInt64? { frame(ofTable: 0, above: page) }

  /// The frame of the table of a level that translates a page; nil where it is none of the database's.
  package func frame(ofTable level: Int, above page: UInt64) -> UInt64? {
    guard shifts.indices.contains(level) else { return nil }
    let number = page >> shifts[level]
    let index = stretches.firstIndex { $0.pages.upperBound >> shifts[level] >= number }
    guard let stretch = index.map({ stretches[$0] }) else { return nil }
    // The first page below the table is what it is made for.
    let first = max(stretch.pages.lowerBound, number << shifts[level])
    guard first >> shifts[level] == number else { return nil }
    let above = shifts.indices.count { $0 > level && isNew($0, above: first, in: stretch) }
    return frame(at: framesBefore(first, in: stretch) + UInt64(level == 0 ? 0 : 1 + above))
  }

  /// The pages that the tables of a level begin with, of those that the database has.
  package func firstPages(ofTables level: Int) -> [UInt64] {
    stretches.flatMap { stretch in
      let last = stretch.pages.upperBound >> shifts[level]
      return stretch.firsts[level] > last
        ? [] : (stretch.firsts[level]...last).map { $0 << shifts[level] }
    }
  }

  /// Whether the table of a level above a page is above no page before.
  private func isNew(_ level: Int, above page: UInt64, in stretch: Stretch) -> Bool {
    let number = page >> shifts[level]
    guard number >= stretch.firsts[level] else { return false }
    return page == stretch.pages.lowerBound || (page - 1) >> shifts[level] < number
  }

  /// How many frames the pages before a page and the tables above them have.
  private func framesBefore(_ page: UInt64, in stretch: Stretch) -> UInt64 {
    guard page > stretch.pages.lowerBound else { return stretch.before }
    return zip(stretch.firsts, shifts).reduce(stretch.before) { count, level in
      let end = ((page - 1) >> level.1) + 1
      return end > level.0 ? count + end - level.0 : count
    }
  }

  private func frame(at position: UInt64) -> UInt64? {
    guard let (range, before) = frames.last(where: { $0.before <= position }) else { return nil }
    let offset = position - before
    return offset < UInt64(range.count) ? range.upperBound - offset : nil
  }
}
