import Paging

/// The tables that address spaces lead to, each once, and who refers to whom.
///
/// A table that several entries lead to is one node, so the graph is as large as the tables are,
/// however many addresses they translate.
struct TableGraph {
  /// An entry that leads to a table.
  struct Edge {
    var child: UInt32
    var parent: UInt32
    var index: UInt16
    /// Leads to where the child was met first.
    var isFirst: Bool
    /// Leads to the child at the address of the upper half, and with the rights, with which it
    /// was met first, from another table: the kernel's half of another process.
    var isRepeat: Bool
  }

  /// Where a table was met first.
  struct Place {
    var address: UInt64
    var rights: Rights
  }

  private(set) var numbers = FoldTable<UInt32>(empty: 0)
  private(set) var keys: [UInt64] = []
  private(set) var pageShifts: [UInt8] = []
  private(set) var places: [Place] = []
  var edges: [Edge] = []
  /// The address spaces of each top table; 0 for other tables.
  private(set) var owners: [UInt32] = []
  /// The number of tables of the first address space, which come first.
  private(set) var firstSpaceCount = 0
  /// The tables that were met as a top table at two places.
  private(set) var ambiguous: Set<UInt32> = []
  /// The first address of the upper half.
  let upperHalf: UInt64

  var count: Int { keys.count }

  init(_ mode: PagingMode) { upperHalf = Self.upperHalf(of: mode) }

  /// The first address of the upper half in a mode: the highest bit says the half.
  static func upperHalf(of mode: PagingMode) -> UInt64 {
    mode.virtualAddressBits == 32 ? 1 << 31 : 1 << 63
  }

  /// The number of a table, and whether it is met for the first time.
  mutating func meet(_ table: TableVisit) -> (number: UInt32, isNew: Bool) {
    let key = table.key.withoutRights
    if let number = numbers.value(for: key) { return (number, false) }
    let number = UInt32(truncatingIfNeeded: count)
    numbers.store(number, for: key)
    keys.append(key.rawValue)
    pageShifts.append(
      UInt8(truncatingIfNeeded: Int(table.coverageShift) - table.entryCount.trailingZeroBitCount))
    places.append(Place(address: table.address, rights: table.rights))
    owners.append(0)
    return (number, true)
  }

  /// A table was met as the top table of an address space.
  mutating func addOwner(of number: UInt32, at table: TableVisit) {
    owners[Int(number)] += 1
    if places[Int(number)].address != table.address { ambiguous.insert(number) }
  }

  /// All tables of the first address space were met.
  mutating func endFirstSpace() { firstSpaceCount = count }

  /// A table was met through entry `index` of `parent`.
  mutating func addEdge(
    to child: UInt32, from parent: UInt32, index: Int, _ table: TableVisit, isFirst: Bool
  ) {
    let place = places[Int(child)]
    let isSame = place.address == table.address && place.rights == table.rights
    edges.append(
      Edge(
        child: child, parent: parent, index: UInt16(truncatingIfNeeded: index), isFirst: isFirst,
        isRepeat: !isFirst && isSame && table.address >= upperHalf))
  }

  /// The level of a table's entries.
  func level(_ number: UInt32) -> Int { TableKey(rawValue: keys[Int(number)]).level }
}

/// The graph in the form that questions need: edges by the table they lead to.
struct SortedGraph {
  /// For each table the number of its first edge; one more for the end.
  private(set) var offsets: [UInt64]
  /// The edges; of each table those that are no repeats come first.
  private(set) var edges: [TableGraph.Edge]
  /// How many address spaces have each table where it was met first.
  private(set) var sharers: [UInt32]

  /// The number of tables that several edges lead to.
  private(set) var hubCount = 0
  /// The number of edges that are not the first of their table.
  private(set) var extraCount = 0
  /// The number of tables that more address spaces share than a word of the index can say.
  var crowdCount: Int { sharers.count { $0 >= IndexLayout.NodeFields.sharers.mask } }

  /// The edges that lead to a table.
  func edges(to number: Int) -> ArraySlice<TableGraph.Edge> {
    edges[Int(offsets[number])..<Int(offsets[number + 1])]
  }

  init(_ graph: TableGraph) {
    offsets = [UInt64](repeating: 0, count: graph.count + 1)
    edges = graph.edges
    sharers = graph.owners
    sort(graph)
    settle(graph)
    sort(graph)
    count(graph)
    for number in 0..<graph.count {
      let count = edges(to: number).count
      hubCount += count > 1 ? 1 : 0
      extraCount += max(0, count - 1)
    }
  }

  /// Counting sort by child; a second count of those that are no repeats puts them first.
  private mutating func sort(_ graph: TableGraph) {
    var kept = [UInt64](repeating: 0, count: graph.count + 1)
    var all = [UInt64](repeating: 0, count: graph.count + 1)
    for edge in edges {
      all[Int(edge.child) + 1] += 1
      if !edge.isRepeat { kept[Int(edge.child)] += 1 }
    }
    for number in 0..<graph.count { all[number + 1] += all[number] }
    offsets = all
    var next = all
    var nextRepeat = zip(all, kept).map { $0 + $1 }
    var sorted = edges
    for edge in edges {
      let child = Int(edge.child)
      if edge.isRepeat {
        sorted[Int(nextRepeat[child])] = edge
        nextRepeat[child] += 1
      } else {
        sorted[Int(next[child])] = edge
        next[child] += 1
      }
    }
    edges = sorted
  }

  /// A table at several places has no first one that its tables could be compared with.
  ///
  /// Tables lead to tables of the level below only, so one pass from the top level down is enough.
  private mutating func settle(_ graph: TableGraph) {
    var isAmbiguous = [Bool](repeating: false, count: graph.count)
    for number in graph.ambiguous { isAmbiguous[Int(number)] = true }
    for number in byLevel(graph) {
      let range = Int(offsets[number])..<Int(offsets[number + 1])
      var keptCount = 0
      for index in range {
        if isAmbiguous[Int(edges[index].parent)] {
          edges[index].isFirst = false
          edges[index].isRepeat = false
          isAmbiguous[number] = true
        }
        if !edges[index].isRepeat { keptCount += 1 }
      }
      if keptCount > 1 { isAmbiguous[number] = true }
    }
  }

  private mutating func count(_ graph: TableGraph) {
    for number in byLevel(graph) {
      for index in Int(offsets[number])..<Int(offsets[number + 1])
      where edges[index].isFirst || edges[index].isRepeat {
        sharers[number] &+= sharers[Int(edges[index].parent)]
      }
    }
  }

  /// For each table how many ways lead to it each of which is a mapping of all its pages, up to 2 to the 32.
  ///
  /// Those of the first address space are, and those in the lower halves of the others, of whose top tables
  /// the first `lowerCount` entries are; in their upper halves they may have what others have there already.
  func certainWays(_ graph: TableGraph, lowerCount: Int) -> [UInt64] {
    var ways = [UInt64](repeating: 0, count: graph.count)
    for number in byLevel(graph) {
      guard graph.owners[number] == 0 else {
        ways[number] = number < graph.firstSpaceCount ? 1 : 0
        continue
      }
      for edge in edges(to: number) where !edge.isRepeat {
        let parent = Int(edge.parent)
        let isLower =
          graph.owners[parent] > 0 && graph.places[parent].address < graph.upperHalf
          && edge.index < lowerCount
        ways[number] = min(ways[number] + (isLower ? 1 : ways[parent]), 1 << 32)
      }
    }
    return ways
  }

  private func byLevel(_ graph: TableGraph) -> [Int] {
    let levels = (0..<graph.count).map { graph.level(UInt32($0)) }
    return (1...7).reversed().flatMap { level in levels.indices.filter { levels[$0] == level } }
  }
}
