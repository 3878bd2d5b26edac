/// Bytes at physical addresses, some of which may be absent.
///
/// Absent memory is nil, never zero: a dump that lacks a page says nothing about its contents.
public protocol PhysicalMemory: Sendable {
  /// The little-endian word at `address`, or nil where any of its bytes is absent.
  func load<Word: FixedWidthInteger & BitwiseCopyable>(
    _ type: Word.Type, at address: PhysicalAddress
  ) -> Word?

  /// Calls `body` with `count` bytes from `address` on, or returns nil where any is absent or the
  /// bytes do not lie together; `count` is at most `frameSize`.
  func withBytes<Result>(
    at address: PhysicalAddress, count: Int, _ body: (RawSpan) -> Result
  ) -> Result?

  /// The number of bytes from `address` on that are present and known to be zero without a look.
  ///
  /// 0 says that nothing is known. Whoever copies memory can leave known zeros out.
  func knownZeroCount(at address: PhysicalAddress) -> UInt64

  /// The numbers of the frames of which some byte is present and not known to be zero, in ascending stretches.
  ///
  /// Whoever looks for something in all of memory need not look into others, nor ask for each frame.
  var dataFrames: [Range<UInt64>] { get }

  /// Copies the bytes that are present from `address` on into an array, nil for each absent byte.
  func bytes(at address: PhysicalAddress, count: Int) -> [UInt8?]

  /// Whether every byte of the 4-KiB frame that holds `address` is present.
  func holdsFrame(of address: PhysicalAddress) -> Bool

  /// The stretches of present memory in ascending order, neither touching nor overlapping.
  var runs: [MemoryRun] { get }
}

/// A stretch of physical memory that is present.
public struct MemoryRun: Hashable, Sendable {
  /// The first address.
  public var start: PhysicalAddress
  /// The number of bytes, at least 1.
  public var byteCount: UInt64

  /// Describes the stretch of `byteCount` bytes from `start` on.
  public init(start: PhysicalAddress, byteCount: UInt64) {
    self.start = start
    self.byteCount = byteCount
  }

  /// The last address, inclusive.
  public var last: PhysicalAddress { start.advanced(by: byteCount &- 1) }
}

extension PhysicalMemory {
  /// Whether every byte of the 4-KiB frame that holds `address` is present.
  @inlinable
  public func holdsFrame(of address: PhysicalAddress) -> Bool {
    let frame = PhysicalAddress(address.rawValue & ~0xfff)
    // A frame may be present in several pieces, which no span shows at once.
    return withBytes(at: frame, count: 4096) { _ in true } ?? holdsPieces(of: frame)
  }

  @usableFromInline
  func holdsPieces(of frame: PhysicalAddress) -> Bool {
    load(UInt8.self, at: frame) != nil
      && stride(from: 0, to: frameSize, by: 8).allSatisfy {
        load(UInt64.self, at: frame.advanced(by: $0)) != nil
      }
  }

  /// Knows of no zeros.
  public func knownZeroCount(at address: PhysicalAddress) -> UInt64 { 0 }

  /// The number of bytes present.
  public var byteCount: UInt64 { runs.reduce(0) { $0 + $1.byteCount } }

  /// Copies the bytes that are present from `address` on into an array, nil for each absent byte.
  public func bytes(at address: PhysicalAddress, count: Int) -> [UInt8?] {
    bytesByFrame(at: address, count: count) { place, count in
      withBytes(at: place, count: count) { $0.copied() }
        ?? (0..<UInt64(count)).map { load(UInt8.self, at: place.advanced(by: $0)) }
    }
  }

  /// Puts together what `body` gives of each frame.
  func bytesByFrame(
    at address: PhysicalAddress, count: Int,
    _ body: (_ place: PhysicalAddress, _ count: Int) -> [UInt8?]
  ) -> [UInt8?] {
    var bytes: [UInt8?] = []
    bytes.reserveCapacity(max(0, count))
    while bytes.count < count {
      let place = address.advanced(by: UInt64(bytes.count))
      bytes += body(place, min(count - bytes.count, Int(frameSize - place.rawValue % frameSize)))
    }
    return bytes
  }
}
