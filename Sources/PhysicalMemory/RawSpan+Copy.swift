extension RawSpan {
  /// The bytes as an array of their own.
  public func copied() -> [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }

  /// Copies 64-bit little-endian words into an array, as many as it has; the span has as many.
  func copy(into words: inout [UInt64]) {
    for index in words.indices {
      words[index] = UInt64(
        littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
    }
  }
}
