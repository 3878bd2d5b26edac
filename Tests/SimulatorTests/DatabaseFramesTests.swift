import Simulator
import TestSupport
import Testing

/// The frames of the PFN database follow from its addresses: they are those that a database has which is
/// mapped whole, page after page.
@Suite struct DatabaseFramesTests {
  /// A table, or at level 0 a page, by its number.
  private struct Place: Hashable {
    var level: Int
    var number: UInt64
  }

  /// Pages in a few stretches, close together and far apart.
  private static func pages(_ random: inout SeededGenerator) -> [ClosedRange<UInt64>] {
    var next = UInt64.random(in: 0..<100, using: &random)
    return (0..<Int.random(in: 1...5, using: &random)).map { _ in
      let end = next + UInt64.random(in: 0..<40, using: &random)
      defer { next = end + 1 + UInt64.random(in: 0..<60, using: &random) }
      return next...end
    }
  }

  /// What gets a frame, in order: each page, and after it the tables that are missing above it, from the top.
  private static func order(
    _ pages: [ClosedRange<UInt64>], _ shifts: [UInt64]
  ) -> [Place] {
    var order: [Place] = []
    var made: Set<Place> = []
    for page in pages.joined() {
      order.append(Place(level: 0, number: page))
      for (index, shift) in shifts.enumerated().reversed() {
        let table = Place(level: index + 1, number: page >> shift)
        if made.insert(table).inserted { order.append(table) }
      }
    }
    return order
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func everyPageAndTableHasTheFrameThatMappingInOrderGivesIt(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let pages = Self.pages(&random)
    let choices: [[UInt64]] = [[], [3], [3, 5], [2, 4, 6]]
    let shifts = choices.randomElement(using: &random) ?? []
    let order = Self.order(pages, shifts)
    var database = DatabaseFrames(pages: pages, tableShifts: shifts)
    #expect(database.count == UInt64(order.count))
    // The last frames of memory, which has a hole.
    let count = UInt64(order.count)
    let split = UInt64.random(in: 0..<count, using: &random)
    let last = split == 0 ? [] : [(3000 - split)...2999]
    let ranges = last + [2000...(1999 + count - split)]
    database.take(ranges)
    for (place, frame) in zip(order, ranges.flatMap { $0.reversed() }) {
      let shift = place.level == 0 ? 0 : shifts[place.level - 1]
      #expect(database.frame(ofTable: place.level, above: place.number << shift) == frame)
    }
    for level in 1..<(shifts.count + 1) {
      let tables = order.filter { $0.level == level }.map { $0.number << shifts[level - 1] }
      #expect(database.firstPages(ofTables: level) == tables)
    }
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func whatIsNoneOfTheDatabaseHasNoFrameOfIt(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let pages = Self.pages(&random)
    let shifts: [UInt64] = [3, 5]
    var database = DatabaseFrames(pages: pages, tableShifts: shifts)
    database.take([1...database.count])
    let order = Set(Self.order(pages, shifts))
    for page in 0..<700 as Range<UInt64> {
      for (level, shift) in ([0] + shifts).enumerated() {
        let isThere = order.contains(Place(level: level, number: page >> shift))
        #expect((database.frame(ofTable: level, above: page) != nil) == isThere)
      }
    }
    #expect(database.frame(ofTable: 3, above: pages[0].lowerBound) == nil)
  }
}
