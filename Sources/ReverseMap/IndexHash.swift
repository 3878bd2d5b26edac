internal import CXXHash

/// The checksums and digests of an index.
enum IndexHash {
  /// The checksum of a block.
  static func checksum(_ bytes: RawSpan) -> UInt64 {
    unsafe bytes.withUnsafeBytes { unsafe XXH3_64bits($0.baseAddress, $0.count) }
  }

  /// The digest of bytes, of 128 bits.
  static func digest(_ bytes: RawSpan) -> IndexKey {
    let hash = unsafe bytes.withUnsafeBytes { unsafe XXH3_128bits($0.baseAddress, $0.count) }
    return IndexKey(high: hash.high64, low: hash.low64)
  }

  /// The digest of bytes, of 128 bits.
  static func digest(_ bytes: [UInt8]) -> IndexKey { unsafe digest(bytes.span.bytes) }
}

/// A digest of all that an index depends on.
public struct IndexKey: Hashable, Sendable {
  /// The upper 64 bits.
  public var high: UInt64
  /// The lower 64 bits.
  public var low: UInt64

  /// Takes the two halves.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The digest of a text.
  public init(of text: String) {
    self = IndexHash.digest(Array(text.utf8))
  }
}
