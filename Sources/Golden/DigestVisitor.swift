import Paging
import PhysicalMemory

/// Computes the digests of tables as an enumeration passes through them.
struct DigestVisitor: TableVisitor {
  /// A share of the work: the tables of `level` whose number is `index` modulo `count`.
  struct Shard {
    var level: Int
    var index: Int
    var count: Int
  }

  /// The digests of tables already done, under any root.
  var memo = FoldTable<TranslationDigest>(empty: .nothing)
  /// The share to compute; nil for everything.
  var shard: Shard?
  /// The tables of the shard's level in the order they were met.
  private(set) var nodes: [TableKey] = []
  /// The digests of the top tables that were met, with the first address of each.
  var roots: [(address: UInt64, digest: TranslationDigest)] = []
  private var depth = 0
  private let frames: DigestFrames
  private var numbers = FoldTable<Int>(empty: 0)

  /// The number of tables of the shard's level that were met and not done before.
  var tablesMet: Int { numbers.count }

  /// Prepares for tables of at most `slots` entries.
  init(slots: Int) { frames = DigestFrames(slots: slots) }

  mutating func enter(_ table: TableVisit) -> Bool {
    if let done = memo.value(for: table.key) {
      put(done, of: table)
      return false
    }
    if let shard, table.level == shard.level {
      guard numbers.value(for: table.key) == nil else { return false }
      numbers.store(1, for: table.key)
      guard (numbers.count - 1) % shard.count == shard.index else { return false }
      nodes.append(table.key)
    }
    frames.open(level: table.level, entryCount: table.entryCount)
    depth &+= 1
    return true
  }

  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) {
    frames.page(
      level: entry.level, index: entry.index, page: page.rawValue, entry.rights, entry.shift)
  }

  mutating func reserved(_ entry: EntryVisit, bits: UInt64) {
    frames.put(.reserved, level: entry.level, index: entry.index)
  }

  mutating func missing(_ entry: EntryVisit) {
    frames.put(.missing, level: entry.level, index: entry.index)
  }

  mutating func leave(_ table: TableVisit) {
    let digest = frames.close(level: table.level, seed: table.coverageShift)
    memo.store(digest, for: table.key)
    depth &-= 1
    put(digest, of: table)
  }

  /// Puts the digest of a table into its parent, or among the roots where it has none.
  private mutating func put(_ digest: TranslationDigest, of table: TableVisit) {
    guard depth > 0 else { return roots.append((table.address, digest)) }
    frames.subtree(
      level: table.level + 1, address: table.address, shift: table.coverageShift, digest)
  }
}
