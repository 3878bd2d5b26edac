import ScenarioFile

/// The text of an address as it is written into a file, piece by piece.
///
/// A write at the beginning begins anew. One behind it changes digits, or goes on with what was written since the
/// file was opened: what is appended to the digits that the file shows would make a number that nobody means. Digits alone are hexadecimal, as the file shows them; `0x`, `_`
/// between digits and the debugger's backtick may be there.
struct AddressText: Sendable {
  /// What a text is so far.
  enum Meaning: Equatable {
    /// This address.
    case address(UInt64)
    /// The beginning of one.
    case incomplete
    /// Neither.
    case wrong
  }

  /// More than this is no address.
  private static let lengthLimit = 64

  private(set) var bytes: [UInt8]
  /// Whether something was written since the file was opened.
  private(set) var isTouched = false

  init(_ text: String) { bytes = Array(text.utf8) }

  /// Forgets the text, as a file that is truncated.
  mutating func clear() { bytes = [] }

  /// Puts bytes at a place of the text; false where the place lies beyond its end, or they would go on with digits
  /// that the file shows.
  mutating func put(_ new: [UInt8], at offset: UInt64) -> Bool {
    guard offset <= UInt64(bytes.count), new.count + Int(offset) <= Self.lengthLimit else {
      return false
    }
    let start = Int(offset)
    let isShown = start > 0 && !isTouched
    let appended = new.dropFirst(bytes.count - start)
    guard !isShown || start < bytes.count, !isShown || appended.allSatisfy(Self.isSpace) else {
      return false
    }
    if start == 0 {
      bytes = new
    } else {
      bytes.replaceSubrange(start..<min(bytes.count, start + new.count), with: new)
    }
    isTouched = true
    return true
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    Unicode.Scalar(byte).properties.isWhitespace
  }

  /// What the text is.
  var meaning: Meaning {
    let lines = String(decoding: bytes, as: UTF8.self).split(
      separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
    let isEnded = lines.count > 1
    guard lines.dropFirst().allSatisfy({ $0.allSatisfy(\.isWhitespace) }) else { return .wrong }
    let text = lines[0].trimmed
    if let number = Self.number(text) { return .address(number) }
    let isBeginning =
      text.isEmpty || text == "0x" || text == "0X"
      || (text.hasSuffix("_") || text.hasSuffix("`")) && Self.number(text + "0") != nil
    return isBeginning && !isEnded ? .incomplete : .wrong
  }

  private static func number(_ text: String) -> UInt64? {
    let isMarked = text.hasPrefix("0x") || text.hasPrefix("0X") || text.contains("`")
    return try? NumberText.number(isMarked ? text : "0x" + text)
  }
}

extension Substring {
  fileprivate var trimmed: String {
    let start = drop(while: \.isWhitespace)
    return String(start.reversed().drop(while: \.isWhitespace).reversed())
  }
}
