/// Text under way to its reader, as bytes: what every report writes into.
///
/// It formats numbers without intermediate strings, because `map` and `translate` write millions of
/// lines.
public struct TextBuffer: TextOutputStream, Sendable {
  /// The text so far, as UTF-8.
  public private(set) var bytes: [UInt8] = []
  /// Whether styles are written as terminal colours.
  public let isColored: Bool

  /// Creates an empty buffer.
  public init(isColored: Bool = false) { self.isColored = isColored }

  /// The text so far.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Forgets the text, keeping the memory for the next.
  public mutating func clear() { bytes.removeAll(keepingCapacity: true) }

  /// Appends text.
  public mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

  /// Appends bytes of UTF-8.
  public mutating func write(_ text: [UInt8]) { bytes.append(contentsOf: text) }

  /// Appends one byte of ASCII.
  public mutating func write(_ scalar: Unicode.Scalar) {
    bytes.append(UInt8(truncatingIfNeeded: scalar.value))
  }

  /// Appends a line end.
  public mutating func endLine() { bytes.append(0x0a) }

  /// Appends blanks.
  public mutating func spaces(_ count: Int) {
    for _ in 0..<max(0, count) { bytes.append(0x20) }
  }

  /// Appends `0x` and a number in hexadecimal, of `digits` digits at least.
  public mutating func hex(_ number: UInt64, digits: Int = 1) {
    let needed = max(1, digits, (67 &- number.leadingZeroBitCount) / 4)
    bytes.append(0x30)
    bytes.append(0x78)
    var shift = UInt64(needed) &* 4
    while shift > 0 {
      shift &-= 4
      let digit = shift < 64 ? UInt8(truncatingIfNeeded: number &>> shift) & 15 : 0
      bytes.append(digit < 10 ? 0x30 &+ digit : 0x57 &+ digit)
    }
  }

  /// Appends a number in decimal.
  public mutating func decimal(_ number: UInt64) {
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var span = digits.mutableSpan
    var rest = number
    var first = 20
    repeat {
      first &-= 1
      span[first] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest > 0
    let all = digits.span
    for index in first..<20 { bytes.append(all[index]) }
  }
}
