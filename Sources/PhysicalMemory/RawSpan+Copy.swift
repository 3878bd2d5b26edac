extension RawSpan {
  /// The bytes as an array of their own.
  public func copied() -> [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }
}
