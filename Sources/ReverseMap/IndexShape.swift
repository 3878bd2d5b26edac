import PhysicalMemory

/// How large the parts of an index are, and so where each of them begins.
struct IndexShape: Hashable, Sendable {
  var directory: UInt64 = 0
  var nodes: UInt64 = 0
  var crowds: UInt64 = 0
  var hubs: UInt64 = 0
  var edges: UInt64 = 0
  var roots: UInt64 = 0
  var pages: UInt64 = 0
  var regions: UInt64 = 0
  var far: UInt64 = 0
  var views: UInt64 = 0
  var bucketShift: UInt64 = frameShift
  var records: UInt64 = 0
  var widths = RecordWidths()
  var key: IndexKey

  /// Whether the index is a list of mappings; a graph has buckets, if only one.
  var isList: Bool { directory == 0 }

  /// The number of words of a section.
  func count(_ section: IndexLayout.Section) -> Int {
    switch section {
    case .directory: Int(directory)
    case .nodes: Int(nodes)
    case .crowds: Int(crowds)
    case .hubs: Int(hubs)
    case .edges: Int(edges)
    case .roots: Int(roots) * 2
    case .pages: Int(pages)
    case .regions: Int(regions) * 2
    case .far: Int(far)
    case .views: Int(views) * 2
    case .list: (Int(records) * widths.total + UInt64.bitWidth - 1) / UInt64.bitWidth
    }
  }

  /// The number of words in all sections.
  private var dataWords: Int { IndexLayout.Section.allCases.reduce(0) { $0 + count($1) } }

  /// The number of blocks that have a checksum.
  var blockCount: Int {
    (dataWords * IndexLayout.wordSize + IndexLayout.blockSize - 1) / IndexLayout.blockSize
  }

  /// The word at which the table of checksums begins.
  var checksumsStart: Int { IndexLayout.Header.allCases.count }

  /// The byte at which the first block begins.
  var dataStart: Int { (checksumsStart + blockCount) * IndexLayout.wordSize }

  /// The number of bytes of the file.
  var fileSize: UInt64 { UInt64(dataStart + dataWords * IndexLayout.wordSize) }

  /// The least number of mappings for which the index is no larger than it may be.
  var leastMappings: UInt64 {
    let beyond = max(fileSize, IndexLayout.fixedSize) - IndexLayout.fixedSize
    return (beyond + IndexLayout.mappingSize - 1) / IndexLayout.mappingSize
  }

  /// The word at which a section begins.
  func start(_ section: IndexLayout.Section) -> Int {
    var start = checksumsStart + blockCount
    for earlier in IndexLayout.Section.allCases.prefix(section.rawValue) { start += count(earlier) }
    return start
  }

  /// The bytes of a block.
  func range(ofBlock block: Int) -> Range<Int> {
    let start = dataStart + block * IndexLayout.blockSize
    return start..<min(start + IndexLayout.blockSize, Int(fileSize))
  }

  /// What a word of the header is, but for the checksum.
  func word(_ field: IndexLayout.Header) -> UInt64 {
    switch field {
    case .magic: IndexLayout.magic
    case .edition: IndexLayout.edition
    case .keyHigh: key.high
    case .keyLow: key.low
    case .fileSize: fileSize
    case .directory: directory
    case .nodes: nodes
    case .crowds: crowds
    case .hubs: hubs
    case .edges: edges
    case .roots: roots
    case .pages: pages
    case .regions: regions
    case .far: far
    case .views: views
    case .bucketShift: bucketShift
    case .records: records
    case .widths: widths.word
    case .checksum: 0
    }
  }

  /// The checksum of header and table of checksums, in the bytes before the data.
  func headerChecksum(_ head: RawSpan) -> UInt64 {
    let header = IndexLayout.Header.checksum.rawValue * IndexLayout.wordSize
    let fields = IndexHash.checksum(head.extracting(first: header))
    let table = IndexHash.checksum(
      head.extracting(droppingFirst: checksumsStart * IndexLayout.wordSize))
    return fields ^ (table &* 0x9e37_79b9_7f4a_7c15)
  }
}
