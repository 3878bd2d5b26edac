import Machine
import Paging

/// The ways of a graph from the entries that map a page up to the top tables, and down again.
struct PageTrace {
  /// What a table on the way leads to.
  private struct Branch {
    var index: Int
    /// The table below; nil where the entry maps the page.
    var child: Int?
    var isFirst: Bool
  }

  private let map: ReverseMap
  /// Of each table on the way the entries that go on.
  private var branches: [Int: [Branch]] = [:]

  init(_ map: ReverseMap, _ entries: [PageEntry]) throws(ReverseMapError) {
    self.map = map
    var waiting: [Int] = []
    for entry in entries {
      if branches[entry.node] == nil { waiting.append(entry.node) }
      branches[entry.node, default: []].append(
        Branch(index: entry.index, child: nil, isFirst: false))
    }
    try climb(from: waiting)
    for node in branches.keys { branches[node]?.sort { $0.index < $1.index } }
  }

  /// Goes up from table to table, each once; what another address space says already is left out.
  private mutating func climb(from tables: [Int]) throws(ReverseMapError) {
    var waiting = tables
    while let node = waiting.popLast() {
      var found: [TableEdge] = []
      try map.index.edges(to: node) { edge throws(ReverseMapError) in
        if !edge.isRepeat { found.append(edge) }
        return !edge.isRepeat
      }
      for edge in found {
        if branches[edge.node] == nil { waiting.append(edge.node) }
        branches[edge.node, default: []].append(
          Branch(index: edge.index, child: node, isFirst: edge.isFirst))
      }
    }
  }

  /// Gives the ways, by top table and address; false when no more are wanted.
  func run(_ body: (Way) throws(ReverseMapError) -> Bool) throws(ReverseMapError) -> Bool {
    for (number, root) in map.roots.enumerated() {
      guard let node = root.node, branches[node] != nil else { continue }
      guard
        try descend(
          node, level: root.half.topLevel, address: root.half.firstAddress, number, isFirst: true,
          body)
      else { return false }
    }
    return true
  }

  /// Goes down from a table that translates from `address` on.
  private func descend(
    _ node: Int, level: Int, address: UInt64, _ root: Int, isFirst: Bool,
    _ body: (Way) throws(ReverseMapError) -> Bool
  ) throws(ReverseMapError) -> Bool {
    for branch in branches[node] ?? [] {
      let start = map.roots[root].half.address(address, level: level, index: branch.index)
      guard let child = branch.child else {
        let sharing = try sharing(start, node, isFirst: isFirst)
        guard try body(Way(sharing: sharing, owner: root, start: start)) else { return false }
        continue
      }
      // Tables lead to tables of the level below; an index that says otherwise would not end.
      guard level > 1 else { throw map.index.inconsistent }
      guard
        try descend(
          child, level: level - 1, address: start, root, isFirst: isFirst && branch.isFirst, body)
      else { return false }
    }
    return true
  }

  /// Who has what a table maps at an address, where `isFirst` says whether it was met there first.
  private func sharing(
    _ start: UInt64, _ node: Int, isFirst: Bool
  ) throws(ReverseMapError) -> Way.Sharing {
    guard start >= map.upperHalf else { return .own }
    guard isFirst, try map.index.sharers(node) == map.upperOwners.count else { return .shared }
    return .common
  }
}
