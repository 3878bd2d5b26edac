public import Paging

/// The digest of all translations under a table, and how many there are.
///
/// It is a Merkle tree over the page tables: the digest of a table is the XXH3 of its slots, where
/// a slot holds the effective translation (frame and rights left over all levels) or the digest of
/// the table below. Where tables lie in memory does not enter, nor do slots that lead nowhere.
@frozen public struct TranslationDigest: Hashable, Sendable, BitwiseCopyable {
  /// The digest.
  public var digest: Digest128
  /// The number of pages.
  public var mappings: UInt64
  /// The sum of their sizes in bytes.
  public var bytes: UInt64

  /// Describes what is under a table.
  public init(digest: Digest128, mappings: UInt64, bytes: UInt64) {
    self.digest = digest
    self.mappings = mappings
    self.bytes = bytes
  }

  /// What an absent table and a table without translations have in common.
  public static var nothing: Self { Self(digest: .nothing, mappings: 0, bytes: 0) }
}

/// One table's digest, in a form that can be stored and brought together with others.
public struct DigestNode: Hashable, Sendable {
  /// The table, its level and the rights above it.
  public var key: TableKey
  /// What is under it.
  public var digest: TranslationDigest

  /// Describes a node.
  public init(key: TableKey, digest: TranslationDigest) {
    self.key = key
    self.digest = digest
  }
}
