import PhysicalMemory

/// Reads the format of the LiME module, version 1: for each range of memory a header and its bytes.
///
/// Only the header of a range says where the next one is: behind a damaged one nothing is found.
struct LimeFile {
  private(set) var segments: [RunMemory.Segment] = []
  private(set) var warnings = Warnings()

  /// Whether the bytes begin with LiME's magic number.
  static func recognises(_ bytes: ByteMapping) -> Bool {
    LimeHeader.begins(bytes, at: 0)
  }

  init(_ bytes: ByteMapping, path: String, limits: DumpLimits) throws(DumpError) {
    let fileEnd = UInt64(bytes.count)
    var offset: UInt64 = 0
    while offset < fileEnd {
      guard segments.count < limits.runs else {
        throw .malformed(
          path: path,
          DumpDefect(
            "range", at: offset, expected: "at most \(limits.runs) ranges", found: "one more"))
      }
      if !LimeHeader.begins(bytes, at: offset), bytes.isZero(from: offset) {
        warnings.add("\(fileEnd - offset) zero bytes from byte \(offset.hex) on end the file")
        break
      }
      guard fileEnd - offset >= LimeHeader.byteCount else {
        warnings.add("header at byte \(offset.hex): the file ends within it")
        break
      }
      do throws(DumpDefect) {
        let header = try LimeHeader(bytes, at: offset)
        offset = add(header, at: offset + LimeHeader.byteCount, fileEnd: fileEnd)
      } catch {
        guard !segments.isEmpty else { throw .malformed(path: path, error) }
        warnings.add("\(error); the rest of the file is missing")
        break
      }
    }
    warnings.addOverlaps(segments)
    guard !segments.isEmpty else {
      throw .malformed(
        path: path,
        DumpDefect(
          "range", at: LimeHeader.byteCount, expected: "a range of memory",
          found: "the end of the file", suggestion: "the file is cut off"))
    }
  }

  /// Adds a range and tells where the next header is.
  private mutating func add(_ header: LimeHeader, at offset: UInt64, fileEnd: UInt64) -> UInt64 {
    let start = header.start
    // The last address of the address space is no memory; without it the size fits.
    var count = (header.last - start).addingClamped(1)
    let available = fileEnd - offset
    if count > available {
      warnings.add(
        "range \(start.hex)-\(header.last.hex): the file ends within it; \((count - available).hex)"
          + " bytes from \((start + available).hex) on are missing")
      count = available
    }
    if count > 0 {
      segments.append(
        RunMemory.Segment(
          start: PhysicalAddress(start), byteCount: count, source: .mapping(offset: offset)))
    }
    return offset + count
  }
}

/// `lime_mem_range_header` of LiME's lime.h, packed and little-endian.
struct LimeHeader {
  /// The fields, but for 8 reserved bytes at the end.
  private enum Layout {
    static let magic = HeaderField("magic", at: 0, 4)
    static let version = HeaderField("version", at: 4, 4)
    static let start = HeaderField("s_addr", at: 8, 8)
    static let last = HeaderField("e_addr", at: 16, 8)
  }

  static let magic: UInt64 = 0x4c69_4d45
  static let version: UInt64 = 1
  static let byteCount: UInt64 = 32

  /// The first address.
  var start: UInt64
  /// The last address, inclusive.
  var last: UInt64

  init(start: UInt64, last: UInt64) {
    self.start = start
    self.last = last
  }

  init(_ bytes: ByteMapping, at offset: UInt64) throws(DumpDefect) {
    let header = HeaderReader(bytes: bytes, path: "", isWide: true, base: offset)
    for (field, expected) in [(Layout.magic, Self.magic), (Layout.version, Self.version)] {
      let found = header.load(field) ?? 0
      guard found == expected else {
        throw header.problem(field, expected: expected.hex, found: found.hex)
      }
    }
    start = header.load(Layout.start) ?? 0
    last = header.load(Layout.last) ?? 0
    guard start <= last else {
      throw header.problem(
        Layout.last, expected: "the last address, not below s_addr \(start.hex)", found: last.hex)
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

extension ByteMapping {
  /// Whether all bytes from `offset` to the end are zero; holes of the file are, unread.
  fileprivate func isZero(from offset: UInt64) -> Bool {
    data(in: offset..<UInt64(count)).allSatisfy(isZero)
  }

  private func isZero(_ range: Range<UInt64>) -> Bool {
    var offset = range.lowerBound
    while range.upperBound - offset >= 8 {
      guard load(UInt64.self, at: offset) == 0 else { return false }
      offset += 8
    }
    return (offset..<range.upperBound).allSatisfy { load(UInt8.self, at: $0) == 0 }
  }
}
