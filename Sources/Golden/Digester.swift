public import Paging
public import PhysicalMemory

/// Computes digests of address spaces that share memory and registers.
///
/// Tables are done once, also when several roots lead to them, so asking for one root after the
/// other costs little more than asking for the largest.
public struct Digester {
  private let memory: MemoryImage
  private let state: PagingState
  private var visitor = DigestVisitor()

  /// Prepares digests over `memory`; the root in `state` does not matter.
  public init(memory: MemoryImage, state: PagingState) {
    self.memory = memory
    self.state = state
  }

  /// The digest of all translations under a root register.
  public mutating func digest(root register: UInt64) -> TranslationDigest {
    scan(register)
    return visitor.last
  }

  /// The digest of a table that a scan has passed; nil for a table that it has not.
  public func digest(of key: TableKey) -> TranslationDigest? { visitor.memo.value(for: key) }

  /// The share `index` of `count` of the work for these roots, to be brought together by `load`.
  public mutating func nodes(
    of roots: [UInt64], shard index: Int, of count: Int
  ) -> [DigestNode] {
    visitor.shard = DigestVisitor.Shard(
      level: shardLevel, index: index, count: count)
    for root in roots { scan(root) }
    visitor.shard = nil
    let nodes = visitor.nodes.compactMap { key in
      visitor.memo.value(for: key).map { DigestNode(key: key, digest: $0) }
    }
    // The tables above the shard's level were hashed without the other shares.
    visitor = DigestVisitor()
    return nodes
  }

  /// Takes shares that were computed elsewhere as done.
  public mutating func load(_ nodes: [DigestNode]) {
    for node in nodes { visitor.memo.store(node.digest, for: node.key) }
  }

  /// How many tables of the shards' level are not done yet, by `load` or by an earlier digest.
  public func missingNodes(of roots: [UInt64]) -> Int {
    var counter = Digester(memory: memory, state: state)
    counter.visitor.memo = visitor.memo
    // No table has the number -1 modulo 1, so that all are counted and none is read.
    counter.visitor.shard = DigestVisitor.Shard(level: shardLevel, index: -1, count: 1)
    for root in roots { counter.scan(root) }
    return counter.visitor.tablesMet
  }

  /// Two levels below the top, where there are enough tables to share out and few enough to list.
  private var shardLevel: Int { max(1, state.mode.levelCount - 2) }

  private mutating func scan(_ register: UInt64) {
    var state = state
    state.cr3 = register
    var operation = DigestOperation(visitor: visitor)
    visitor = state.perform(&operation, on: memory)
  }
}

private struct DigestOperation: WalkerOperation {
  var visitor: DigestVisitor

  mutating func run<Format, Memory>(_ walker: Walker<Format, Memory>) -> DigestVisitor {
    walker.scan(visitor: &visitor)
    return visitor
  }
}
