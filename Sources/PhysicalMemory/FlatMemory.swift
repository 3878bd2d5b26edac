/// Physical memory that lies in one piece: a raw image.
@frozen public struct FlatMemory: PhysicalMemory {
  @usableFromInline let bytes: ByteMapping
  @usableFromInline let base: UInt64

  /// Takes the bytes as the memory from physical address `base` on.
  public init(_ bytes: ByteMapping, base: PhysicalAddress = PhysicalAddress(0)) {
    self.bytes = bytes
    self.base = base.rawValue
  }

  /// The little-endian word at `address`, or nil outside the image.
  @inlinable
  public func load<Word: FixedWidthInteger & BitwiseCopyable>(
    _ type: Word.Type, at address: PhysicalAddress
  ) -> Word? {
    // An address below `base` wraps to a huge offset, which the mapping refuses.
    bytes.load(type, at: address.rawValue &- base)
  }

  /// Calls `body` with `count` bytes from `address` on, or returns nil outside the image.
  @inlinable
  public func withBytes<Result>(
    at address: PhysicalAddress, count: Int, _ body: (RawSpan) -> Result
  ) -> Result? {
    bytes.withBytes(at: address.rawValue &- base, count: count, body)
  }

  /// The number of bytes from `address` on that are a hole of the file.
  public func knownZeroCount(at address: PhysicalAddress) -> UInt64 {
    bytes.holeCount(at: address.rawValue &- base)
  }

  /// The frames of which the file has data.
  public var dataFrames: [Range<UInt64>] {
    runs.reduce(into: []) { $0.appendFrames(of: $1, in: bytes, at: 0) }
  }

  /// The one stretch of the image; none where it is empty.
  public var runs: [MemoryRun] {
    bytes.count == 0
      ? [] : [MemoryRun(start: PhysicalAddress(base), byteCount: UInt64(bytes.count))]
  }
}
