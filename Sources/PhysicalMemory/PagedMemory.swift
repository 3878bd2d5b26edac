/// Where frames come from that have to be decoded before they can be read.
public protocol FrameSource: Sendable {
  /// Decodes the frame with number `frame` and gives `take` what this brings to light.
  ///
  /// That may be more than the frame, where several are compressed together, or less, where the
  /// source holds only parts of it. Stretches do not overlap. What cannot be decoded is not given.
  func decode(_ frame: UInt64, _ take: (PhysicalAddress, RawSpan) -> Void)

  /// Whether the source holds every byte of the frame with number `frame`, without decoding it.
  func holds(_ frame: UInt64) -> Bool

  /// The stretches that the source says it holds, ascending, neither touching nor overlapping.
  var runs: [MemoryRun] { get }

  /// What was found to be damaged so far: stretches that are in `runs` and absent all the same.
  var damage: [String] { get }

  /// The number of bytes from `address` on that are present and known to be zero without decoding.
  func knownZeroCount(at address: PhysicalAddress) -> UInt64

  /// The frames of which some byte is present and not known to be zero, in ascending stretches.
  var dataFrames: [Range<UInt64>] { get }
}

extension FrameSource {
  /// Knows of no zeros.
  public func knownZeroCount(at address: PhysicalAddress) -> UInt64 { 0 }

  /// The frames of all runs.
  public var dataFrames: [Range<UInt64>] { runs.reduce(into: []) { $0.appendFrames(of: $1) } }
}

/// Physical memory whose frames are decoded when they are first needed, and kept within a bound.
@frozen public struct PagedMemory: PhysicalMemory {
  @usableFromInline let cache: FrameCache
  /// Asked only where the cache does not know, so that its kind does not matter to speed.
  @usableFromInline let source: any FrameSource

  /// Takes frames from `source` and keeps as many as `cache` has room for.
  public init(_ source: any FrameSource, cache: FrameCache) {
    self.source = source
    self.cache = cache
  }

  /// The little-endian word at `address`, or nil where any of its bytes is absent.
  @inlinable
  public func load<Word: FixedWidthInteger & BitwiseCopyable>(
    _ type: Word.Type, at address: PhysicalAddress
  ) -> Word? {
    let offset = address.rawValue & (frameSize &- 1)
    let size = UInt64(MemoryLayout<Word>.size)
    if offset <= frameSize &- size,
      let word = cache.load(type, frame: address.frame, offset: offset)
    {
      return word
    }
    return loadDecoded(at: address, count: size).map { Word(truncatingIfNeeded: $0) }
  }

  /// Loads up to 8 bytes, lowest first, by way of the source.
  @usableFromInline @inline(never)
  func loadDecoded(at address: PhysicalAddress, count: UInt64) -> UInt64? {
    precondition(count <= 8, "words have at most 8 bytes")
    let (last, overflow) = address.rawValue.addingReportingOverflow(count - 1)
    guard !overflow else { return nil }
    guard PhysicalAddress(last).frame == address.frame else {
      let low = frameSize - address.rawValue % frameSize
      guard let first = loadDecoded(at: address, count: low),
        let second = loadDecoded(at: address.advanced(by: low), count: count - low)
      else { return nil }
      return first | second << (low * 8)
    }
    var value: UInt64 = 0
    var missing = count
    decode(address.frame) { start, bytes in
      for index in 0..<count {
        let position = address.rawValue + index &- start.rawValue
        guard position < UInt64(bytes.byteCount) else { continue }
        let byte = unsafe bytes.unsafeLoad(fromByteOffset: Int(position), as: UInt8.self)
        value |= UInt64(byte) << (index * 8)
        missing -= 1
      }
    }
    return missing == 0 ? value : nil
  }

  /// Calls `body` with `count` bytes from `address` on, or returns nil where they are not in one
  /// frame and one stretch.
  @inlinable
  public func withBytes<Result>(
    at address: PhysicalAddress, count: Int, _ body: (RawSpan) -> Result
  ) -> Result? {
    let offset = Int(truncatingIfNeeded: address.rawValue & (frameSize &- 1))
    guard count >= 0, count <= Int(frameSize) &- offset else { return nil }
    return cache.withBytes(frame: address.frame, offset: offset, count: count, body)
      ?? withDecodedBytes(at: address, count: count, body)
  }

  @usableFromInline
  func withDecodedBytes<Result>(
    at address: PhysicalAddress, count: Int, _ body: (RawSpan) -> Result
  ) -> Result? {
    var result: Result?
    decode(address.frame) { start, bytes in
      let position = address.rawValue &- start.rawValue
      guard position <= UInt64(bytes.byteCount), count <= bytes.byteCount - Int(position) else {
        return
      }
      // An empty stretch may end one piece and begin the next.
      if result == nil { result = body(bytes.extracting(Int(position)..<Int(position) + count)) }
    }
    return result
  }

  /// Copies the bytes that are present, decoding each frame once, however little of it can be decoded.
  public func bytes(at address: PhysicalAddress, count: Int) -> [UInt8?] {
    bytesByFrame(at: address, count: count) { place, count in
      let offset = Int(place.rawValue % frameSize)
      let kept = cache.withBytes(frame: place.frame, offset: offset, count: count) { $0.copied() }
      if let kept { return kept }
      var bytes = [UInt8?](repeating: nil, count: count)
      decode(place.frame) { start, span in
        for index in 0..<count {
          let position = place.rawValue + UInt64(index) &- start.rawValue
          guard position < UInt64(span.byteCount) else { continue }
          bytes[index] = unsafe span.unsafeLoad(fromByteOffset: Int(position), as: UInt8.self)
        }
      }
      return bytes
    }
  }

  /// Decodes a frame and keeps every whole one that comes to light.
  private func decode(_ frame: UInt64, _ take: (PhysicalAddress, RawSpan) -> Void) {
    source.decode(frame) { start, bytes in
      take(start, bytes)
      let size = Int(frameSize)
      var offset = Int((frameSize - start.rawValue % frameSize) % frameSize)
      while bytes.byteCount - offset >= size {
        let frame = start.advanced(by: UInt64(offset)).frame
        cache.store(bytes.extracting(offset..<offset + size), frame: frame)
        offset += size
      }
    }
  }

  /// The number of bytes from `address` on that the source knows to be zero.
  public func knownZeroCount(at address: PhysicalAddress) -> UInt64 {
    source.knownZeroCount(at: address)
  }

  /// The frames of which the source does not know that they are zero or absent.
  public var dataFrames: [Range<UInt64>] { source.dataFrames }

  /// Whether every byte of the 4-KiB frame that holds `address` is said to be present.
  public func holdsFrame(of address: PhysicalAddress) -> Bool { source.holds(address.frame) }

  /// The stretches that are said to be present; `damage` tells what of them turned out not to be.
  public var runs: [MemoryRun] { source.runs }

  /// What was found to be damaged so far.
  public var damage: [String] { source.damage }
}
