/// Reads numbers, sizes and ranges from text, as scenario files and the command line write them.
public enum NumberText {
  /// Why a text is not what it should be.
  public enum Failure: Error, Hashable, Sendable {
    /// The text is not a number; the suggestion says what would be, if one is plain.
    case notANumber(suggestion: String?)
    /// The number does not fit 64 bits.
    case tooLarge
    /// The text is not a size.
    case notASize(suggestion: String?)
    /// The text is not a range.
    case notARange(suggestion: String?)
    /// The range ends before it starts.
    case reversed

    /// The failure in words that follow the quoted text: "`1..` is not a range".
    public var explanation: String {
      switch self {
      case .notANumber: "is not a number"
      case .tooLarge: "does not fit 64 bits"
      case .notASize: "is not a size"
      case .notARange: "is not a range"
      case .reversed: "ends before it starts"
      }
    }

    /// What would be right.
    public var suggestion: String {
      switch self {
      case .notANumber(let suggestion):
        suggestion ?? "a number is decimal or `0x` hexadecimal, `_` between digits allowed"
      case .tooLarge: "the largest number is 0xffff_ffff_ffff_ffff"
      case .notASize(let suggestion):
        suggestion ?? "a size is a number of bytes, or a number and one of KiB, MiB, GiB, TiB"
      case .notARange(let suggestion):
        suggestion ?? "a range is `FIRST..LAST`, both ends belong to it"
      case .reversed: "a range is `FIRST..LAST`, both ends belong to it"
      }
    }
  }

  /// Reads a number: decimal, `0x` hexadecimal, or WinDbg's backtick form, `_` between digits allowed.
  public static func number(_ text: some StringProtocol) throws(Failure) -> UInt64 {
    let bytes = Array(text.utf8)
    if bytes.contains(UInt8(ascii: "`")) { return try backtickNumber(bytes) }
    if bytes.starts(with: [0x30, 0x78]) || bytes.starts(with: [0x30, 0x58]) {
      return try digits(bytes.dropFirst(2), radix: 16)
    }
    do throws(Failure) {
      let value = try digits(bytes[...], radix: 10)
      // A leading zero is octal to some and a forgotten `0x` to others.
      if value != 0, bytes.first == UInt8(ascii: "0") {
        throw .notANumber(
          suggestion: "a decimal number has no leading zero; write `0x\(text)` for hexadecimal")
      }
      return value
    } catch .notANumber(suggestion: nil) where (try? digits(bytes[...], radix: 16)) != nil {
      throw .notANumber(suggestion: "write `0x\(text)` for hexadecimal")
    }
  }

  /// Reads a size in bytes: a number, alone or with `K M G T` or `KiB MiB GiB TiB`.
  public static func size(_ text: some StringProtocol) throws(Failure) -> UInt64 {
    if let bytes = try? number(text) { return bytes }
    let isHexadecimal = text.utf8.starts(with: [0x30, 0x78])
    let split = text.utf8.firstIndex { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): false
      case UInt8(ascii: "x"), UInt8(ascii: "a")...UInt8(ascii: "f"),
        UInt8(ascii: "A")...UInt8(ascii: "F"):
        !isHexadecimal
      default: true
      }
    }
    let end = split ?? text.endIndex
    let value: UInt64
    do throws(Failure) {
      value = try number(text[..<end])
    } catch {
      throw error == .tooLarge ? .tooLarge : .notASize(suggestion: nil)
    }
    let unit = text[end...].drop { $0 == " " }.lowercased()
    let shift: UInt64
    switch unit {
    case "": shift = 0
    case "k", "kib": shift = 10
    case "m", "mib": shift = 20
    case "g", "gib": shift = 30
    case "t", "tib": shift = 40
    case "kb", "mb", "gb", "tb":
      let first = unit.prefix(1).uppercased()
      throw .notASize(suggestion: "write `\(text[..<end]) \(first)iB`: sizes are powers of two")
    default: throw .notASize(suggestion: nil)
    }
    guard value <= UInt64.max >> shift else { throw .tooLarge }
    return value << shift
  }

  /// Reads an address as the command line has it: a number, or one with a unit as sizes have it (`4G`).
  public static func address(_ text: some StringProtocol) throws(Failure) -> UInt64 {
    do throws(Failure) { return try number(text) } catch let problem {
      do throws(Failure) { return try size(text) } catch {
        throw error == .tooLarge ? .tooLarge : problem
      }
    }
  }

  /// Reads a range `FIRST..LAST` of numbers, both ends inclusive; with `hasUnits` the ends are as `address`
  /// has them.
  public static func range(
    _ text: some StringProtocol, hasUnits: Bool = false
  ) throws(Failure) -> ClosedRange<UInt64> {
    guard let (first, last) = ends(text) else { throw .notARange(suggestion: nil) }
    let lower = try end(first, hasUnits)
    let upper = try end(last, hasUnits)
    guard lower <= upper else { throw .reversed }
    return lower...upper
  }

  /// Whether a text is written as a range rather than as one number.
  public static func looksLikeRange(_ text: some StringProtocol) -> Bool { ends(text) != nil }

  /// Reads hexadecimal bytes, two digits each, blanks between bytes allowed; nil for anything else.
  public static func bytes(_ text: some StringProtocol) -> [UInt8]? {
    guard let bytes = bytesOrGaps(text), !bytes.contains(nil) else { return nil }
    return bytes.compactMap(\.self)
  }

  /// Reads hexadecimal bytes, of which `??` is one that is not there: nil in the result.
  public static func bytesOrGaps(_ text: some StringProtocol) -> [UInt8?]? {
    var result: [UInt8?] = []
    // The first of two characters that belong together.
    var first: UInt8?
    for byte in text.utf8 {
      guard isGap(byte) || digit(byte).map({ $0 < 16 }) == true else {
        guard first == nil, [0x20, 0x09, 0x0a, 0x0d].contains(byte) else { return nil }
        continue
      }
      guard let high = first else {
        first = byte
        continue
      }
      guard isGap(high) == isGap(byte) else { return nil }
      result.append(digit(high).flatMap { high in digit(byte).map { high << 4 | $0 } })
      first = nil
    }
    return first == nil ? result : nil
  }

  private static func isGap(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "?") }

  // MARK: - Parts

  private static func end(
    _ text: some StringProtocol, _ hasUnits: Bool
  ) throws(Failure) -> UInt64 {
    do throws(Failure) {
      return try hasUnits ? address(text) : number(text)
    } catch .notANumber(let suggestion) {
      throw .notARange(suggestion: suggestion)
    }
  }

  /// The trimmed texts before and after the first `..`.
  private static func ends(_ text: some StringProtocol) -> (Substring, Substring)? {
    let bytes = Substring(text).utf8
    let dot = UInt8(ascii: ".")
    guard let first = bytes.firstIndex(of: dot) else { return nil }
    let second = bytes.index(after: first)
    guard second < bytes.endIndex, bytes[second] == dot else { return nil }
    return (trimmed(bytes[..<first]), trimmed(bytes[bytes.index(after: second)...]))
  }

  private static func trimmed(_ bytes: Substring.UTF8View) -> Substring {
    var rest = bytes.drop { $0 == 0x20 || $0 == 0x09 }
    while let last = rest.last, last == 0x20 || last == 0x09 { rest.removeLast() }
    return Substring(rest)
  }

  /// ``fffff800`12345678``: up to eight hexadecimal digits, then exactly eight.
  private static func backtickNumber(_ bytes: [UInt8]) throws(Failure) -> UInt64 {
    let parts = bytes.split(separator: UInt8(ascii: "`"), omittingEmptySubsequences: false)
    var high = parts[0]
    if high.starts(with: [0x30, 0x78]) { high = high.dropFirst(2) }
    guard parts.count == 2, (1...8).contains(high.count), parts[1].count == 8,
      !bytes.contains(UInt8(ascii: "_"))
    else {
      throw .notANumber(suggestion: "the backtick form has up to 8 and then 8 hexadecimal digits")
    }
    return try digits(high, radix: 16) << 32 | digits(parts[1], radix: 16)
  }

  private static func digits(_ bytes: ArraySlice<UInt8>, radix: UInt8) throws(Failure) -> UInt64 {
    var value: UInt64 = 0
    var overflowed = false
    var lastWasDigit = false
    for byte in bytes {
      if byte == UInt8(ascii: "_"), lastWasDigit {
        lastWasDigit = false
        continue
      }
      guard let digit = digit(byte), digit < radix else { throw .notANumber(suggestion: nil) }
      let (product, highPart) = value.multipliedReportingOverflow(by: UInt64(radix))
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      value = sum
      overflowed = overflowed || highPart || carry
      lastWasDigit = true
    }
    guard lastWasDigit else { throw .notANumber(suggestion: nil) }
    guard !overflowed else { throw .tooLarge }
    return value
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
