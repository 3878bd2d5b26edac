public import PhysicalMemory

/// An index as a file has it; what is looked at is checked first.
///
/// Its numbers are trusted no more than those of any file: a place that an index gives is compared with
/// the sizes before anything is read there.
public final class ReverseIndex {
  let shape: IndexShape
  private let bytes: ByteMapping
  private let path: String
  private let isTrusted: Bool
  private var checkedBlocks: [Bool]

  /// Opens the index in `bytes`.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - path: its name, for what is said about it.
  ///   - key: what it must be the index of; nil where that is known.
  ///   - isTrusted: whether the blocks need no checking, for they were just written.
  /// - Throws: `ReverseMapError.stale` or `.damaged`.
  public init(
    _ bytes: ByteMapping, path: String, key: IndexKey? = nil, isTrusted: Bool = false
  ) throws(ReverseMapError) {
    self.bytes = bytes
    self.path = path
    self.isTrusted = isTrusted
    shape = try Self.shape(bytes, path)
    if let key, shape.key != key {
      throw .stale(path: path, reason: "it is the index of another image")
    }
    checkedBlocks = [Bool](repeating: isTrusted, count: shape.blockCount)
  }

  private static func shape(
    _ bytes: ByteMapping, _ path: String
  ) throws(ReverseMapError) -> IndexShape {
    func word(_ field: IndexLayout.Header) throws(ReverseMapError) -> UInt64 {
      let offset = UInt64(field.rawValue * IndexLayout.wordSize)
      guard let word = bytes.load(UInt64.self, at: offset) else {
        throw .damaged(path: path, offset: offset)
      }
      return word
    }
    guard try word(.magic) == IndexLayout.magic, try word(.edition) == IndexLayout.edition else {
      throw .stale(path: path, reason: "it is no index of this edition of mmubench")
    }
    // A section that alone is larger than the file would make the sums overflow.
    let most = UInt64(bytes.count) / UInt64(IndexLayout.wordSize)
    func size(_ field: IndexLayout.Header) throws(ReverseMapError) -> UInt64 {
      let size = try word(field)
      guard size <= most else {
        throw .damaged(path: path, offset: UInt64(field.rawValue * IndexLayout.wordSize))
      }
      return size
    }
    let records = try word(.records)
    // Records without fields would take no room, however many.
    guard let widths = RecordWidths(word: try word(.widths)), widths.total > 0 || records == 0,
      records <= most * UInt64(UInt64.bitWidth)
    else { throw .damaged(path: path, offset: 0) }
    let shape = IndexShape(
      directory: try size(.directory), nodes: try size(.nodes), crowds: try size(.crowds),
      hubs: try size(.hubs), edges: try size(.edges), roots: try size(.roots),
      pages: try size(.pages), regions: try size(.regions), far: try size(.far),
      views: try size(.views), bucketShift: try word(.bucketShift), records: records,
      widths: widths,
      key: IndexKey(high: try word(.keyHigh), low: try word(.keyLow)))
    let checksum = bytes.withBytes(at: 0, count: min(shape.dataStart, bytes.count)) {
      shape.dataStart == $0.byteCount ? shape.headerChecksum($0) : 0
    }
    guard shape.fileSize == UInt64(bytes.count), try word(.fileSize) == shape.fileSize,
      checksum == (try word(.checksum)),
      (frameShift...IndexLayout.regionShift).contains(shape.bucketShift)
    else { throw .damaged(path: path, offset: 0) }
    return shape
  }

  /// The number of bytes of the index.
  public var byteCount: UInt64 { UInt64(bytes.count) }

  /// Whether the index lists mappings one by one, as that of an image with hardly any pages for its tables
  /// does; others have tables, and the entries of tables that map a page.
  public var isList: Bool { shape.isList }

  /// The number of entries that map a page, shared tables counted once, and of pages that views alone
  /// lead to; in a list the number of mappings, which spaces with one and the same root have together.
  public var pageCount: UInt64 { shape.pages + shape.far + shape.views + shape.records }

  /// The number of tables, each counted once; a list has none.
  public var tableCount: UInt64 { shape.nodes }

  /// Compares every block with its checksum.
  public func verify() throws(ReverseMapError) {
    for block in 0..<shape.blockCount { try check(block) }
  }

  /// Whether two indexes are the same, byte for byte.
  public func isEqual(to other: ReverseIndex) -> Bool {
    guard bytes.count == other.bytes.count else { return false }
    let step = 1 << 20
    return stride(from: 0, to: bytes.count, by: step).allSatisfy { start in
      let count = min(step, bytes.count - start)
      func digest(_ bytes: ByteMapping) -> IndexKey? {
        bytes.withBytes(at: UInt64(start), count: count, IndexHash.digest)
      }
      return digest(bytes) == digest(other.bytes)
    }
  }

  /// A word of a section; `index` must be one of its words.
  func word(_ section: IndexLayout.Section, _ index: Int) throws(ReverseMapError) -> UInt64 {
    guard index >= 0, index < shape.count(section) else { throw damaged(0) }
    let offset = (shape.start(section) + index) * IndexLayout.wordSize
    if !isTrusted {
      let block = (offset - shape.dataStart) / IndexLayout.blockSize
      if !checkedBlocks[block] { try check(block) }
    }
    guard let word = bytes.load(UInt64.self, at: UInt64(offset)) else { throw damaged(offset) }
    return word
  }

  private func check(_ block: Int) throws(ReverseMapError) {
    let range = shape.range(ofBlock: block)
    let place = (shape.checksumsStart + block) * IndexLayout.wordSize
    let checksum = bytes.withBytes(
      at: UInt64(range.lowerBound), count: range.count, IndexHash.checksum)
    guard checksum == bytes.load(UInt64.self, at: UInt64(place)) else {
      throw damaged(range.lowerBound)
    }
    checkedBlocks[block] = true
  }

  private func damaged(_ offset: Int) -> ReverseMapError {
    .damaged(path: path, offset: UInt64(offset))
  }
}
