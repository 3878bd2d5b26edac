/// Bytes to look for, some of which may be anything.
public struct BytePattern: Hashable, Sendable {
  /// Why a text is no pattern.
  public enum Problem: Error, Hashable, Sendable {
    /// There is nothing to look for.
    case empty
    /// There is no byte that is given.
    case onlyWildcards
    /// There are more bytes than this.
    case tooLong(limit: Int)
    /// This word is neither a byte nor `??`.
    case notAByte(String)
  }

  /// The most bytes of a pattern, so that no image makes a search slow.
  public static let lengthLimit = 256

  /// The bytes; nil for any byte.
  public let bytes: [UInt8?]
  /// The place of the byte that is least common in memory.
  let anchor: Int

  /// Takes the bytes; nil stands for any byte.
  public init(_ bytes: [UInt8?]) throws(Problem) {
    guard !bytes.isEmpty else { throw .empty }
    guard bytes.count <= Self.lengthLimit else { throw .tooLong(limit: Self.lengthLimit) }
    let given = bytes.indices.filter { bytes[$0] != nil }
    guard let anchor = given.min(by: { Self.frequency(bytes[$0]) < Self.frequency(bytes[$1]) })
    else { throw .onlyWildcards }
    self.bytes = bytes
    self.anchor = anchor
  }

  /// Takes the bytes of a text as UTF-8.
  public init(text: String) throws(Problem) { try self.init(Array(text.utf8)) }

  /// Takes the bytes of a text as UTF-16, little-endian, as Windows keeps it.
  public init(utf16 text: String) throws(Problem) {
    try self.init(
      text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] })
  }

  /// Reads hexadecimal bytes, two digits each, with `??` for any byte and blanks between if wanted.
  public init(hex text: String) throws(Problem) {
    let digits = text.filter { !$0.isWhitespace }
    var bytes: [UInt8?] = []
    var rest = digits[...]
    while !rest.isEmpty {
      let word = rest.prefix(2)
      rest = rest.dropFirst(2)
      if word == "??" {
        bytes.append(nil)
      } else if word.count == 2, word.allSatisfy(\.isHexDigit), let byte = UInt8(word, radix: 16) {
        bytes.append(byte)
      } else {
        throw .notAByte(String(word))
      }
    }
    try self.init(bytes)
  }

  /// How common a byte is in memory, roughly: zeros before all, then 0xff and text.
  private static func frequency(_ byte: UInt8?) -> Int {
    guard let byte else { return 9 }
    return switch byte {
    case 0: 8
    case 0xff: 7
    case 0x20, 0x65, 0x74, 0x61, 0x6f, 0x69, 0x6e, 0x73, 0x72: 6
    case 0x30...0x39, 0x61...0x7a: 5
    case 0x01...0x10, 0x48, 0x8b, 0xe8, 0x89: 4
    case 0x41...0x5a: 3
    case 0x21...0x7e: 2
    default: 1
    }
  }
}
