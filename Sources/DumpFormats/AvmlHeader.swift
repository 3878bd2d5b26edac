import PhysicalMemory

/// The header of a block, which is LiME's with other names, another magic number and another version.
struct AvmlHeader {
  private enum Layout {
    static let magic = HeaderField("magic", at: 0, 4)
    static let version = HeaderField("version", at: 4, 4)
    static let start = HeaderField("start", at: 8, 8)
    static let last = HeaderField("end", at: 16, 8)
    static let padding = HeaderField("padding", at: 24, 8)
  }

  static let magic: UInt64 = 0x4c4d_5641
  static let version: UInt64 = 2
  static let byteCount: UInt64 = 32
  /// No snappy data are smaller than their contents by more: copies give 64 bytes for 3.
  static let greatestRatio: UInt64 = 32
  /// The bytes of the stream's length, behind the stream.
  static let lengthSize: UInt64 = 8

  var start: UInt64
  /// The last address, inclusive.
  var last: UInt64
  var isCompressed = true

  init(start: UInt64, last: UInt64) {
    self.start = start
    self.last = last
  }

  init(_ bytes: ByteMapping, at offset: UInt64) throws(DumpDefect) {
    guard offset <= UInt64(bytes.count), UInt64(bytes.count) - offset >= Self.byteCount else {
      throw DumpDefect(
        "header", at: offset, expected: "a header of 32 bytes", found: "the end of the file")
    }
    let header = HeaderReader(bytes: bytes, path: "", isWide: true, base: offset)
    let magic = header.load(Layout.magic) ?? 0
    let version = header.load(Layout.version) ?? 0
    guard magic == Self.magic || magic == LimeHeader.magic else {
      throw header.problem(
        Layout.magic, expected: "\(Self.magic.hex) (AVML)", found: magic.hex)
    }
    isCompressed = magic == Self.magic
    let expected = isCompressed ? Self.version : LimeHeader.version
    guard version == expected else {
      throw header.problem(Layout.version, expected: "\(expected)", found: "\(version)")
    }
    start = header.load(Layout.start) ?? 0
    last = header.load(Layout.last) ?? 0
    guard start <= last else {
      throw header.problem(
        Layout.last, expected: "the last address, not below start \(start.hex)", found: last.hex)
    }
    let padding = header.load(Layout.padding) ?? 0
    guard padding == 0 || !isCompressed else {
      throw header.problem(Layout.padding, expected: "0", found: padding.hex)
    }
  }

  /// Whether a header begins at `offset`, by its magic number.
  static func begins(_ bytes: ByteMapping, at offset: UInt64) -> Bool {
    HeaderReader(bytes: bytes, path: "", isWide: true, base: offset).load(Layout.magic) == magic
  }

  /// The header as the file has it.
  var encoded: [UInt8] {
    var record = HeaderRecord(isWide: true, byteCount: Self.byteCount)
    record.set(Layout.magic, Self.magic)
    record.set(Layout.version, Self.version)
    record.set(Layout.start, start)
    record.set(Layout.last, last)
    return record.bytes
  }
}
