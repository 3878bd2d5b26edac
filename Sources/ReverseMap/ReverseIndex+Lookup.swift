import Paging
import PhysicalMemory

/// An entry that maps a page: its table and its number in the table.
struct PageEntry: Hashable {
  var node: Int
  var index: Int
}

/// An entry that leads to a table.
struct TableEdge {
  var node: Int
  var index: Int
  var isFirst: Bool
  var isRepeat: Bool
}

extension ReverseIndex {
  private typealias NodeFields = IndexLayout.NodeFields

  /// The number of tables.
  var nodeCount: Int { shape.count(.nodes) }

  /// The level of a table's entries.
  func level(_ node: Int) throws(ReverseMapError) -> Int {
    Int(NodeFields.level.get(try word(.nodes, node)))
  }

  /// The size of a page of a table's level, as a power of 2.
  func pageShift(_ node: Int) throws(ReverseMapError) -> UInt64 {
    NodeFields.pageShift.get(try word(.nodes, node))
  }

  /// How many address spaces have a table where it was met first.
  func sharers(_ node: Int) throws(ReverseMapError) -> Int {
    let sharers = NodeFields.sharers.get(try word(.nodes, node))
    guard sharers == NodeFields.sharers.mask else { return Int(sharers) }
    let fields = IndexLayout.CrowdFields.self
    guard let crowd = try entry(of: node, in: .crowds, fields.node) else { throw inconsistent }
    return Int(fields.sharers.get(crowd.word))
  }

  /// The top table of one of the halves of the address spaces, which must have this key.
  func root(_ number: Int, _ key: TableKey) throws(ReverseMapError) -> Int {
    guard number < shape.roots, try word(.roots, number * 2 + 1) == key.rawValue else {
      throw inconsistent
    }
    return try node(word(.roots, number * 2))
  }

  /// Gives the edges that lead to a table, those that are no repeats first, until `body` returns false.
  func edges(
    to node: Int, _ body: (TableEdge) throws(ReverseMapError) -> Bool
  ) throws(ReverseMapError) {
    let table = try word(.nodes, node)
    let first = try edge(table)
    guard first.node != node, try body(first), NodeFields.isHub.get(table) == 1 else { return }
    let fields = IndexLayout.HubFields.self
    guard let hub = try entry(of: node, in: .hubs, fields.node) else { throw inconsistent }
    let start = fields.edge.get(hub.word)
    let isLast = hub.number + 1 == shape.count(.hubs)
    let end = isLast ? shape.edges : fields.edge.get(try word(.hubs, hub.number + 1))
    guard start <= end, end <= shape.edges else { throw inconsistent }
    for number in Int(start)..<Int(end) {
      guard try body(edge(word(.edges, number))) else { return }
    }
  }

  private func edge(_ word: UInt64) throws(ReverseMapError) -> TableEdge {
    let fields = IndexLayout.EdgeFields.self
    return TableEdge(
      node: try node(fields.node.get(word)), index: Int(fields.index.get(word)),
      isFirst: fields.isFirst.get(word) == 1, isRepeat: fields.isRepeat.get(word) == 1)
  }

  /// The word of a table in a section that has one for some tables, ascending.
  private func entry(
    of node: Int, in section: IndexLayout.Section, _ field: IndexLayout.Field
  ) throws(ReverseMapError) -> (number: Int, word: UInt64)? {
    let count = shape.count(section)
    let number = try (0..<count).partitioningIndex { number throws(ReverseMapError) in
      Int(field.get(try word(section, number))) >= node
    }
    guard number < count else { return nil }
    let found = try word(section, number)
    return Int(field.get(found)) == node ? (number, found) : nil
  }

  func node(_ number: UInt64) throws(ReverseMapError) -> Int {
    guard number < shape.nodes else { throw inconsistent }
    return Int(number)
  }

  /// What is wrong with an index whose checksums are right.
  var inconsistent: ReverseMapError {
    .stale(path: "the index", reason: "its parts contradict each other; --no-cache does without it")
  }
}
