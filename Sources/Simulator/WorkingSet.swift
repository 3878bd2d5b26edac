/// The pages of a working set: each has an index, and they are kept in the order in which they entered.
///
/// Indexes are used again, so they say nothing of that order.
struct WorkingSet {
  private struct Member {
    var index: UInt64
    var older: UInt64?
    var newer: UInt64?
  }

  private var members: [UInt64: Member] = [:]
  /// The page that has been in it for longest.
  private(set) var oldest: UInt64?
  private var newest: UInt64?
  private var nextIndex: UInt64
  private var freeIndexes: [UInt64] = []

  init(firstIndex: UInt64) { nextIndex = firstIndex }

  var count: Int { members.count }

  func contains(_ page: UInt64) -> Bool { members[page] != nil }

  /// The page that entered next after one that is in it.
  func next(after page: UInt64) -> UInt64? { members[page]?.newer }

  /// The pages, from the oldest on.
  var pages: [UInt64] {
    Array(
      sequence(state: oldest) { next in
        defer { next = next.flatMap { members[$0]?.newer } }
        return next
      })
  }

  /// Enters a page, unless it is there; the index that was given back last is taken first.
  mutating func enter(_ page: UInt64) -> UInt64 {
    if let index = members[page]?.index { return index }
    let index = freeIndexes.popLast() ?? nextIndex
    if index == nextIndex { nextIndex += 1 }
    members[page] = Member(index: index, older: newest)
    if let newest { members[newest]?.newer = page } else { oldest = page }
    newest = page
    return index
  }

  mutating func leave(_ page: UInt64) {
    guard let member = members.removeValue(forKey: page) else { return }
    freeIndexes.append(member.index)
    if let older = member.older {
      members[older]?.newer = member.newer
    } else {
      oldest = member.newer
    }
    if let newer = member.newer {
      members[newer]?.older = member.older
    } else {
      newest = member.older
    }
  }
}
