public import PhysicalMemory

/// Where the bytes of a raw image are in physical memory, which the image itself does not say.
public struct RawLayout: Hashable, Sendable {
  /// The address of the first byte.
  public var base: PhysicalAddress
  /// Addresses at which the image has bytes that are no memory.
  public var holes: [ClosedRange<UInt64>]
  /// Addresses that the image leaves out: the next byte is that of the address behind them.
  public var skips: [ClosedRange<UInt64>]

  /// Describes where the bytes are; ranges are inclusive.
  public init(
    base: PhysicalAddress = PhysicalAddress(0), holes: [ClosedRange<UInt64>] = [],
    skips: [ClosedRange<UInt64>] = []
  ) {
    self.base = base
    self.holes = holes
    self.skips = skips
  }

  /// What is wrong with the ranges, for the user.
  public var problem: String? {
    for (name, ranges) in [("holes", holes), ("ranges that the image skips", skips)] {
      let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
      for (a, b) in zip(sorted, sorted.dropFirst()) where a.overlaps(b) {
        return "\(name) overlap: \(a.text) and \(b.text)"
      }
    }
    let early = skips.first { $0.lowerBound <= base.rawValue }
    return early.map { "the image skips \($0.text), which is not behind its first byte" }
  }

  /// The stretches of memory of an image of `count` bytes.
  func segments(count: UInt64) -> [RunMemory.Segment] {
    var segments: [RunMemory.Segment] = []
    var address = base.rawValue
    var offset: UInt64 = 0
    for skip in skips.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      let piece = min(skip.lowerBound - address, count - offset)
      segments += withoutHoles(address, piece, at: offset)
      offset += piece
      guard offset < count, skip.upperBound < .max else { return segments }
      address = skip.upperBound + 1
    }
    return segments + withoutHoles(address, min(count - offset, .max - address), at: offset)
  }

  private func withoutHoles(
    _ start: UInt64, _ count: UInt64, at offset: UInt64
  ) -> [RunMemory.Segment] {
    var segments: [RunMemory.Segment] = []
    let end = start + count
    var next = start
    func add(_ limit: UInt64) {
      guard limit > next else { return }
      segments.append(
        RunMemory.Segment(
          start: PhysicalAddress(next), byteCount: limit - next,
          source: .mapping(offset: offset + (next - start))))
    }
    for hole in holes.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      guard hole.lowerBound < end, hole.upperBound >= next else { continue }
      add(hole.lowerBound)
      guard hole.upperBound < end else { return segments }
      next = hole.upperBound + 1
    }
    add(end)
    return segments
  }
}

extension ClosedRange<UInt64> {
  fileprivate var text: String { "\(lowerBound.hex)..\(upperBound.hex)" }
}
