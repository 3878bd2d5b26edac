/// The pages of a working set: each has an index, and they are kept in the order in which they entered.
///
/// Indexes are used again, so they say nothing of that order.
struct WorkingSet {
  private struct Member {
    var index: UInt64 = 0
    /// The pages that entered before and after it; `nobody` at the ends.
    var older = nobody
    var newer = nobody
  }

  /// No page of a program has this number.
  private static let nobody = UInt64.max

  private var members = NumberMap(filler: Member())
  private var first = nobody
  private var last = nobody
  private var nextIndex: UInt64
  private var freeIndexes: [UInt64] = []

  init(firstIndex: UInt64) { nextIndex = firstIndex }

  var count: Int { members.count }

  /// The page that has been in it for longest.
  var oldest: UInt64? { first == Self.nobody ? nil : first }

  func contains(_ page: UInt64) -> Bool { members.contains(page) }

  /// The page that entered next after one that is in it.
  func next(after page: UInt64) -> UInt64? {
    members[page].flatMap { $0.newer == Self.nobody ? nil : $0.newer }
  }

  /// The pages, from the oldest on.
  var pages: [UInt64] {
    Array(
      sequence(state: oldest) { [self] next in
        defer { next = next.flatMap { self.next(after: $0) } }
        return next
      })
  }

  /// Enters a page, unless it is there; the index that was given back last is taken first.
  mutating func enter(_ page: UInt64) -> UInt64 {
    if let index = members[page]?.index { return index }
    let index = freeIndexes.popLast() ?? nextIndex
    if index == nextIndex { nextIndex += 1 }
    members[page] = Member(index: index, older: last)
    if last == Self.nobody { first = page } else { members[filled: last].newer = page }
    last = page
    return index
  }

  mutating func leave(_ page: UInt64) {
    guard let member = members[page] else { return }
    members[page] = nil
    freeIndexes.append(member.index)
    if member.older == Self.nobody {
      first = member.newer
    } else {
      members[filled: member.older].newer = member.newer
    }
    if member.newer == Self.nobody {
      last = member.older
    } else {
      members[filled: member.newer].older = member.older
    }
  }
}
