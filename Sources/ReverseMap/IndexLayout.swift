import PhysicalMemory

/// Where everything is in an index: little-endian words of 64 bits throughout.
///
/// A header, the checksums of the blocks that follow, then sections of words. The sections are those of a
/// graph, the tables and the entries of tables that map a page; or, where a graph would take more for each
/// mapping than an index may, one section alone: the mappings one by one. A question reads a few
/// blocks of many, so each block has a checksum of its own, which is compared when the block is first
/// looked at; the header's checksum covers the header and the table of checksums.
enum IndexLayout {
  /// "MMUBRMAP", and the edition of the layout in the next word.
  static let magic: UInt64 = 0x5041_4d52_4255_4d4d
  static let edition: UInt64 = 4
  static let wordSize = 8
  static let blockSize = 1 << 16

  /// The words of the header.
  enum Header: Int, CaseIterable {
    case magic, edition
    /// The digest of all that the index depends on.
    case keyHigh, keyLow
    case fileSize
    /// The number of words of each section, or of what it has two words for.
    case directory, nodes, crowds, hubs, edges, roots, pages, regions, far, views
    /// The number of bits of an address within a bucket.
    case bucketShift
    /// The number of records of the list, and the widths of their fields: `WidthFields`.
    case records, widths
    /// The checksum of the header up to here and of the table of checksums.
    case checksum
  }

  /// The sections, in their order in the file.
  enum Section: Int, CaseIterable {
    /// For each bucket the number of its first page; one more for the end.
    case directory
    /// Each table, and the edge that leads to it first: `NodeFields`.
    case nodes
    /// The tables that more address spaces share than their word can say, ascending: `CrowdFields`.
    case crowds
    /// The tables that more than one edge leads to, ascending, with the number of the first of those in
    /// `edges`: `HubFields`. The last of them ends where the section of edges does.
    case hubs
    /// The edges beyond the first of each table, table by table: `EdgeFields`.
    case edges
    /// For each address space and half the number of its top table and that table's key, two words.
    case roots
    /// The pages whose frames are in memory, bucket by bucket: `PageFields`.
    case pages
    /// The stretches of 2 GiB with frames that are not in memory, ascending, two words each:
    /// the number of the stretch, and that of its first page in `far`.
    case regions
    /// The pages of those stretches: `PageFields`.
    case far
    /// The pages that views alone lead to, two words each: `ViewFields`, and the virtual page number.
    case views
    /// Mappings one by one, ascending by page, their fields one after the other across the words:
    /// `MappingRecord`.
    case list
  }

  /// A field of a word: its lowest bit and its width.
  struct Field {
    let low: UInt64
    let width: UInt64

    var mask: UInt64 { (1 &<< width) &- 1 }
    @inline(__always) func get(_ word: UInt64) -> UInt64 { word &>> low & mask }
    @inline(__always) func put(_ value: UInt64) -> UInt64 { value &<< low }
  }

  /// A page: 19 bits of its frame (those that a bucket or region does not say), its table, its entry.
  enum PageFields {
    @inline(__always) static var index: Field { Field(low: 0, width: 13) }
    @inline(__always) static var node: Field { Field(low: 13, width: 32) }
    @inline(__always) static var frame: Field { Field(low: 45, width: 19) }
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

  /// A table: beside the first edge to it, which of a top table that nothing else leads to is from itself,
  /// its level, the size of a page of that level, and how many address spaces have the table where it
  /// was met first.
  enum NodeFields {
    static var level: Field { Field(low: 47, width: 3) }
    static var pageShift: Field { Field(low: 50, width: 6) }
    /// Whether the table is among `hubs`.
    static var isHub: Field { Field(low: 56, width: 1) }
    /// All ones where `crowds` says it.
    static var sharers: Field { Field(low: 57, width: 7) }
  }

  /// A table that many share.
  enum CrowdFields {
    static var sharers: Field { Field(low: 0, width: 32) }
    static var node: Field { Field(low: 32, width: 32) }
  }

  /// A table with several edges.
  enum HubFields {
    static var edge: Field { Field(low: 0, width: 32) }
    static var node: Field { Field(low: 32, width: 32) }
  }

  /// A page that no entry of a table leads to, but the descriptor of a view does: its frame and the
  /// number of the address space.
  enum ViewFields {
    static var space: Field { Field(low: 0, width: 24) }
    static var frame: Field { Field(low: 24, width: 40) }
  }

  /// How wide a field of the records of a list is.
  enum WidthFields {
    static func width(_ field: MappingRecord.Field) -> Field {
      Field(low: UInt64(field.rawValue) * 8, width: 8)
    }
  }

  /// An index takes at most `mappingSize` bytes for each mapping, and these for its header.
  static let fixedSize: UInt64 = 256
  static let mappingSize: UInt64 = 16

  /// Memory above this has no place in buckets: 4096 of them with 19 bits of frame each.
  static let bucketLimit = 4096
  static var highestMemory: UInt64 { UInt64(bucketLimit) << regionShift }

  /// As large as a region, and a bucket at most, is what the bits of a frame in a page's word reach over.
  static var regionShift: UInt64 { PageFields.frame.width + frameShift }
  /// Fewer buckets than one for so many pages make the directory small beside them.
  static let pagesOfBucket: UInt64 = 64
}
