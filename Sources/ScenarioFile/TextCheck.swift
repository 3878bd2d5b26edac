/// Checks a file's bytes before anything parses them: UTF-8, and no character that hides or moves text.
package enum TextCheck {
  /// How large a scenario file may be, the steps of its timeline not counted.
  package static let maximumBytes = 4 << 20
  /// How large it may be with them.
  package static let maximumBytesWithSteps = 64 << 20

  /// The bytes as text without a byte order mark, or what is wrong with them.
  static func text(_ bytes: [UInt8]) throws(Diagnostic) -> String {
    guard bytes.count <= maximumBytesWithSteps else { throw tooLarge }
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      let offset = error.byteOffsets.lowerBound
      let isUTF16 = bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff])
      throw Diagnostic(
        .notUTF8, "the byte 0x\(String(bytes[offset], radix: 16)) is not UTF-8",
        at: mark(of: offset, in: bytes),
        notes: isUTF16 ? ["the file looks like UTF-16; save it as UTF-8"] : [])
    }
    let hasMark = bytes.starts(with: [0xef, 0xbb, 0xbf])
    let body = hasMark ? Array(bytes.dropFirst(3)) : bytes
    if let (offset, scalar) = unwelcome(in: body) {
      let number = String(scalar, radix: 16, uppercase: true)
      let digits = String(repeating: "0", count: max(0, 4 - number.count)) + number
      throw Diagnostic(
        .characterNotAllowed, "the character U+\(digits) may not stand in a scenario",
        at: mark(of: offset, in: body),
        notes: scalar == 0x0d ? ["lines end with LF or CR LF"] : [])
    }
    return String(decoding: body, as: UTF8.self)
  }

  /// The answer to a file that is larger than the limit.
  static var tooLarge: Diagnostic {
    Diagnostic(
      .fileTooLarge, "the file is larger than \(maximumBytes >> 20) MiB",
      at: SourceMark(line: 1, column: 1),
      notes: ["bulk layouts and contents are written as rules: ranges, `fill`, `random`"])
  }

  /// The first character that YAML refuses or that some read as a line end and some do not.
  private static func unwelcome(in bytes: [UInt8]) -> (offset: Int, scalar: UInt32)? {
    for (offset, byte) in bytes.enumerated() {
      func next(_ distance: Int) -> UInt8 {
        offset + distance < bytes.count ? bytes[offset + distance] : 0
      }
      switch byte {
      case 0x09, 0x0a: continue
      case 0x0d where next(1) == 0x0a: continue
      case 0..<0x20, 0x7f: return (offset, UInt32(byte))
      case 0xc2 where next(1) < 0xa0: return (offset, UInt32(next(1)))
      case 0xe2 where next(1) == 0x80 && (next(2) == 0xa8 || next(2) == 0xa9):
        return (offset, 0x2000 | UInt32(next(2) & 0x3f))
      case 0xef where next(1) == 0xbb && next(2) == 0xbf: return (offset, 0xfeff)
      case 0xef where next(1) == 0xbf && next(2) >= 0xbe:
        return (offset, 0xffc0 | UInt32(next(2) & 0x3f))
      default: continue
      }
    }
    return nil
  }

  private static func mark(of offset: Int, in bytes: [UInt8]) -> SourceMark {
    let before = bytes[..<offset]
    let line = 1 + before.count { $0 == 0x0a }
    let start = before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
    return SourceMark(line: line, column: 1 + bytes[start..<offset].count { $0 & 0xc0 != 0x80 })
  }
}
