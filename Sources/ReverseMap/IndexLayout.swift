/// Where everything is in an index: little-endian words of 64 bits throughout.
///
/// A header, the checksums of the blocks that follow, then sections of words. A question reads a few
/// blocks of many, so each block has a checksum of its own, which is compared when the block is first
/// looked at; the header's checksum covers the header and the table of checksums.
enum IndexLayout {
  /// "MMUBRMAP", and the edition of the layout in the next word.
  static let magic: UInt64 = 0x5041_4d52_4255_4d4d
  static let edition: UInt64 = 2
  static let wordSize = 8
  static let blockSize = 1 << 16

  /// The words of the header.
  enum Header: Int, CaseIterable {
    case magic, edition
    /// The digest of all that the index depends on.
    case keyHigh, keyLow
    case fileSize
    /// The number of words of each section.
    case directory, nodes, edges, roots, pages, far, views
    /// The number of bits of an address within a bucket.
    case bucketShift
    /// The checksum of the header up to here and of the table of checksums.
    case checksum
  }

  /// The sections, in their order in the file.
  enum Section: Int, CaseIterable {
    /// For each bucket the number of its first page; one more for the end.
    case directory
    /// The key of each table, without rights.
    case keys
    /// What else there is to say of each table: `NodeFields`.
    case nodes
    /// For each table the number of the first edge that leads to it; one more for the end.
    case edgeOffsets
    /// Who refers to a table: `EdgeFields`.
    case edges
    /// For each address space and half the number of its top table, or `noTable`.
    case roots
    /// The pages whose frames are in memory, bucket by bucket: `PageFields`.
    case pages
    /// The other pages, two words each: the frame, and `PageFields` with frame 0.
    case far
    /// The pages that views alone lead to, two words each: `ViewFields`, and the virtual page number.
    case views
  }

  /// Stands for a half that is not walked.
  static let noTable = UInt64.max

  /// A field of a word: its lowest bit and its width.
  struct Field {
    let low: UInt64
    let width: UInt64

    var mask: UInt64 { (1 &<< width) &- 1 }
    @inline(__always) func get(_ word: UInt64) -> UInt64 { word &>> low & mask }
    @inline(__always) func put(_ value: UInt64) -> UInt64 { value &<< low }
  }

  /// A page: 19 bits of its frame (those that a bucket does not say), its table, its entry.
  enum PageFields {
    @inline(__always) static var index: Field { Field(low: 0, width: 13) }
    @inline(__always) static var node: Field { Field(low: 13, width: 32) }
    @inline(__always) static var frame: Field { Field(low: 45, width: 19) }
  }

  /// A table: the size of a page of its level, and how many address spaces have it where it was met
  /// first.
  enum NodeFields {
    static var pageShift: Field { Field(low: 0, width: 8) }
    static var sharers: Field { Field(low: 8, width: 32) }
  }

  /// An edge: the referring table and its entry, and how it compares with where the table was met
  /// first.
  enum EdgeFields {
    static var index: Field { Field(low: 0, width: 13) }
    static var node: Field { Field(low: 13, width: 32) }
    /// Leads to where the table was met first.
    static var isFirst: Field { Field(low: 45, width: 1) }
    /// Says in the upper half what another address space says already.
    static var isRepeat: Field { Field(low: 46, width: 1) }
  }

  /// A page that no entry of a table leads to, but the descriptor of a view does: its frame and the
  /// number of the address space.
  enum ViewFields {
    static var space: Field { Field(low: 0, width: 24) }
    static var frame: Field { Field(low: 24, width: 40) }
  }

  /// Memory above this has no place in buckets: 4096 of them with 19 bits of frame each.
  static let bucketLimit = 4096
  static var highestMemory: UInt64 { (UInt64(bucketLimit) << PageFields.frame.width) << 12 }
}
