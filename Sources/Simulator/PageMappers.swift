/// The entries that map a page, in the order in which they came.
///
/// Most pages have one or two. Of those of which many processes have a copy yet to make, each has its place
/// in a table, so that nobody looks through all of them.
struct PageMappers {
  typealias Mapper = LinuxPage.Mapper

  /// The entries; nil stands for one that is gone.
  private var items: [Mapper?] = []
  /// Where each of many is; empty while there are few.
  private var places: [Mapper: Int] = [:]
  private(set) var count = 0

  /// More than so many are found by the table.
  private static let fewest = 16

  var isEmpty: Bool { count == 0 }

  func contains(_ mapper: Mapper) -> Bool {
    places.isEmpty ? items.contains(mapper) : places[mapper] != nil
  }

  mutating func append(_ mapper: Mapper) {
    if !places.isEmpty { places[mapper] = items.count }
    items.append(mapper)
    count += 1
    if places.isEmpty, count > Self.fewest { arrange() }
  }

  mutating func remove(_ mapper: Mapper) {
    guard !places.isEmpty else {
      items.removeAll { $0 == mapper }
      return count = items.count
    }
    guard let place = places.removeValue(forKey: mapper) else { return }
    items[place] = nil
    count -= 1
    if count * 2 < items.count { arrange() }
  }

  /// Closes the gaps, and makes the table anew where it is of use.
  private mutating func arrange() {
    items.removeAll { $0 == nil }
    places.removeAll()
    guard count > Self.fewest else { return }
    for case (let place, let mapper?) in items.enumerated() { places[mapper] = place }
  }

  /// The ones that came last, at most so many.
  func newest(_ limit: Int) -> some Sequence<Mapper> { items.suffix(limit).lazy.compactMap { $0 } }
}

extension PageMappers: Sequence {
  func makeIterator() -> some IteratorProtocol<Mapper> {
    items.lazy.compactMap { $0 }.makeIterator()
  }
}

extension PageMappers: ExpressibleByArrayLiteral {
  init(arrayLiteral mappers: Mapper...) { for mapper in mappers { append(mapper) } }
}
