import PhysicalMemory

/// A field of a header: its name in the specification, and where the 32-bit and the 64-bit form of
/// the header have it.
struct HeaderField: Sendable {
  let name: String
  /// Offset and width in bytes in the 32-bit form; a width of 0 says that it is not there.
  let narrow: (offset: UInt64, width: Int)
  /// Offset and width in bytes in the 64-bit form; a width of 0 says that it is not there.
  let wide: (offset: UInt64, width: Int)

  init(_ name: String, _ narrow: (UInt64, Int), _ wide: (UInt64, Int)) {
    self.name = name
    self.narrow = narrow
    self.wide = wide
  }

  /// A field of a header that has one form.
  init(_ name: String, at offset: UInt64, _ width: Int) {
    self.init(name, (offset, width), (offset, width))
  }

  /// Where one form of the header has the field.
  func place(isWide: Bool) -> (offset: UInt64, width: Int) { isWide ? wide : narrow }
}

/// Reads the fields of one header in a file.
struct HeaderReader {
  let bytes: ByteMapping
  let path: String
  let isWide: Bool
  /// Where the header begins in the file.
  var base: UInt64 = 0

  /// The value of a field, or nil where the file ends before it or the header does not have it.
  func load(_ field: HeaderField) -> UInt64? {
    let (offset, width) = field.place(isWide: isWide)
    let (place, overflow) = base.addingReportingOverflow(offset)
    guard !overflow else { return nil }
    switch width {
    case 1: return bytes.load(UInt8.self, at: place).map { UInt64($0) }
    case 2: return bytes.load(UInt16.self, at: place).map { UInt64($0) }
    case 4: return bytes.load(UInt32.self, at: place).map { UInt64($0) }
    case 8: return bytes.load(UInt64.self, at: place)
    default: return nil
    }
  }

  /// The value of a field that has to be there.
  func value(_ field: HeaderField) throws(DumpError) -> UInt64 {
    guard let value = load(field) else {
      throw defect(
        field, expected: "a whole header", found: "the end of the file",
        suggestion: "the file is cut off")
    }
    return value
  }

  /// What is wrong with a field.
  func problem(
    _ field: HeaderField, expected: String, found: String, suggestion: String? = nil
  ) -> DumpDefect {
    let offset = base.addingClamped(field.place(isWide: isWide).offset)
    return DumpDefect(
      field.name, at: offset, expected: expected, found: found, suggestion: suggestion)
  }

  /// What is wrong with a field, as an error.
  func defect(
    _ field: HeaderField, expected: String, found: String, suggestion: String? = nil
  ) -> DumpError {
    .malformed(
      path: path, problem(field, expected: expected, found: found, suggestion: suggestion))
  }
}

/// A header to be filled field by field.
struct HeaderRecord {
  let isWide: Bool
  var bytes: [UInt8]

  init(isWide: Bool, bytes: [UInt8]) {
    self.isWide = isWide
    self.bytes = bytes
  }

  init(isWide: Bool, byteCount: UInt64) {
    self.init(isWide: isWide, bytes: [UInt8](repeating: 0, count: Int(byteCount)))
  }

  /// Sets a field, where this form of the header has it; the value has to fit.
  mutating func set(_ field: HeaderField, _ value: UInt64) {
    let (offset, width) = field.place(isWide: isWide)
    let value = value.littleEndianBytes
    precondition(value[width...].allSatisfy { $0 == 0 } || width == 0, "\(field.name) does not fit")
    bytes.replaceSubrange(Int(offset)..<Int(offset) + width, with: value[..<width])
  }
}

extension FixedWidthInteger {
  /// The bytes of the number, lowest first.
  var littleEndianBytes: [UInt8] {
    (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) }
  }
}
