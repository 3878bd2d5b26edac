public import Paging
public import PhysicalMemory

/// Computes digests of address spaces that share memory and registers.
///
/// Tables are done once, also when several roots lead to them, so asking for one root after the
/// other costs little more than asking for the largest.
public struct Digester {
  private let memory: MemoryImage
  private let state: PagingState
  private var visitor: DigestVisitor

  /// Prepares digests over `memory`; the root in `state` does not matter.
  public init(memory: MemoryImage, state: PagingState) {
    self.memory = memory
    self.state = state
    visitor = DigestVisitor(slots: Self.slots(state))
  }

  /// The digest of all translations under a root register.
  public mutating func digest(root register: UInt64) -> TranslationDigest {
    scan(register)
    return state.isARM64 ? Self.joined(visitor.roots) : visitor.roots.last?.digest ?? .nothing
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
    visitor = DigestVisitor(slots: Self.slots(state))
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
  private var shardLevel: Int {
    let levels = state.halves.map(\.topLevel)
    return max(1, (levels.min() ?? 1) - 2)
  }

  /// The most entries that a table of any level has.
  private static func slots(_ state: PagingState) -> Int {
    state.halves.map { state in (1...state.topLevel).map(state.entryCount).max() ?? 0 }.max() ?? 0
  }

  /// What the two halves of arm64 translate: a table of two slots, over the top tables.
  private static func joined(
    _ roots: [(address: UInt64, digest: TranslationDigest)]
  ) -> TranslationDigest {
    var words = [UInt64](repeating: 0, count: 4)
    var (mappings, bytes) = (0 as UInt64, 0 as UInt64)
    for (address, digest) in roots {
      let slot = ARM64Half(of: address) == .lower ? 0 : 2
      (words[slot], words[slot + 1]) = (digest.digest.high, digest.digest.low)
      mappings &+= digest.mappings
      bytes &+= digest.bytes
    }
    guard words.contains(where: { $0 != 0 }) else { return .nothing }
    return TranslationDigest(
      digest: Digest128(hashing: words, seed: 64), mappings: mappings, bytes: bytes)
  }

  private mutating func scan(_ register: UInt64) {
    var state = state
    state.cr3 = register
    var operation = DigestOperation(visitor: visitor)
    operation.visitor.roots.removeAll()
    visitor = state.perform(&operation, on: memory)
  }
}

private struct DigestOperation: WalkerOperation {
  var visitor: DigestVisitor

  mutating func run(_ walker: some TableWalker) -> DigestVisitor {
    walker.scan(visitor: &visitor)
    return visitor
  }
}
