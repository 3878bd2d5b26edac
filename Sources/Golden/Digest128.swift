internal import CXXHash

/// An XXH3 digest of 128 bits.
@frozen public struct Digest128: Hashable, Sendable, BitwiseCopyable {
  /// The upper 64 bits.
  public var high: UInt64
  /// The lower 64 bits.
  public var low: UInt64

  /// The digest that stands for "nothing is there".
  public static var nothing: Self { Self(high: 0, low: 0) }

  /// Takes the two halves.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Hashes bytes; `seed` separates kinds of content that could have equal bytes.
  public init(hashing bytes: RawSpan, seed: UInt64 = 0) {
    let hash = unsafe bytes.withUnsafeBytes {
      unsafe XXH3_128bits_withSeed($0.baseAddress, $0.count, seed)
    }
    self.init(high: hash.high64, low: hash.low64)
  }

  /// Hashes words as they lie in memory.
  init(hashing words: [UInt64], seed: UInt64) {
    unsafe self.init(hashing: words.span.bytes, seed: seed)
  }
}

extension Digest128: CustomStringConvertible {
  /// The digest as output and goldens have it: `xxh3-128:` and 32 hexadecimal digits.
  public var description: String { Self.prefix + Self.digits(high) + Self.digits(low) }

  /// Reads what `description` writes.
  public init?(_ text: some StringProtocol) {
    let digits = text.dropFirst(Self.prefix.count)
    guard text.hasPrefix(Self.prefix), digits.utf8.count == 32,
      let high = UInt64(digits.prefix(16), radix: 16),
      let low = UInt64(digits.suffix(16), radix: 16)
    else { return nil }
    self.init(high: high, low: low)
  }

  private static let prefix = "xxh3-128:"

  private static func digits(_ half: UInt64) -> String {
    let text = String(half, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }
}
