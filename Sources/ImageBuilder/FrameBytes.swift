import PhysicalMemory

/// The frames of an image that something was written to, in the order of the first write.
///
/// All that is not written is zero and costs nothing.
final class FrameBytes {
  let mapping: ByteMapping
  private let capacity: Int
  private var slots: [UInt64: Int] = [:]
  private var lastFrame = UInt64.max
  private var lastSlot = 0

  /// Room for this many frames; memory is used as they are written.
  init(capacity: Int) throws(SystemError) {
    self.capacity = capacity
    mapping = try ByteMapping.zeroed(count: capacity * Int(frameSize))
  }

  /// Where the byte at `address` is in the mapping, or nil where its frame was not written.
  func offset(of address: UInt64) -> Int? {
    let frame = address >> 12
    if frame != lastFrame {
      guard let slot = slots[frame] else { return nil }
      (lastFrame, lastSlot) = (frame, slot)
    }
    return lastSlot << 12 | Int(address & 0xfff)
  }

  /// Whether the frame of `address` was written or can still be, with those that follow it.
  func hasRoom(for address: UInt64, frames: UInt64 = 1) -> Bool {
    slots.count + Int(frames) <= capacity || (frames == 1 && offset(of: address) != nil)
  }

  /// Where the byte at `address` is in the mapping; the frame counts as written from now on.
  func makeOffset(of address: UInt64) -> Int {
    if let offset = offset(of: address) { return offset }
    precondition(slots.count < capacity, "no room was left for the frame")
    (lastFrame, lastSlot) = (address >> 12, slots.count)
    slots[lastFrame] = lastSlot
    return lastSlot << 12 | Int(address & 0xfff)
  }

  /// The word of `width` bytes, 4 or 8, that lies within one frame.
  func word(at address: UInt64, width: Int) -> UInt64 {
    offset(of: address).map { word(atOffset: $0, width: width) } ?? 0
  }

  /// The word of `width` bytes, 4 or 8, at an offset of the mapping.
  func word(atOffset offset: Int, width: Int) -> UInt64 {
    let offset = UInt64(offset)
    return width == 4
      ? UInt64(mapping.load(UInt32.self, at: offset) ?? 0)
      : mapping.load(UInt64.self, at: offset) ?? 0
  }

  func store(_ word: UInt64, at address: UInt64, width: Int) {
    store(word, atOffset: makeOffset(of: address), width: width)
  }

  func store(_ word: UInt64, atOffset offset: Int, width: Int) {
    if width == 4 {
      mapping.store(UInt32(truncatingIfNeeded: word), at: offset)
    } else {
      mapping.store(word, at: offset)
    }
  }

  /// The memory of the machine: the written frames and zeros, as far as the image holds them.
  func memory(present: RangeList) -> RunMemory {
    let frames = slots.keys.sorted()
    var next = 0
    var segments: [RunMemory.Segment] = []
    for range in present.ranges {
      var start = range.lowerBound
      while next < frames.count, frames[next] < start >> 12 { next += 1 }
      while next < frames.count, frames[next] <= range.upperBound >> 12 {
        let first = max(frames[next] << 12, start)
        if first > start { add(&segments, start...(first - 1), .zero) }
        let last = min(frames[next] << 12 | 0xfff, range.upperBound)
        let slot = slots[frames[next]] ?? 0
        add(&segments, first...last, .mapping(offset: UInt64(slot) << 12 | (first & 0xfff)))
        // A frame that reaches past this range may go on in the next one.
        if last == range.upperBound { break }
        start = last + 1
        next += 1
      }
      let isFinished = segments.last.map { $0.run.last.rawValue == range.upperBound } ?? false
      if !isFinished { add(&segments, start...range.upperBound, .zero) }
    }
    return RunMemory(mapping, segments)
  }

  /// Appends a segment, or lengthens the one before where its bytes go on.
  private func add(
    _ segments: inout [RunMemory.Segment], _ range: ClosedRange<UInt64>,
    _ source: RunMemory.Segment.Source
  ) {
    let count = range.upperBound - range.lowerBound + 1
    if let last = segments.last, case .mapping(let before) = last.source,
      case .mapping(let offset) = source, before + last.run.byteCount == offset,
      last.run.start.rawValue + last.run.byteCount == range.lowerBound
    {
      segments[segments.count - 1].run.byteCount += count
      return
    }
    let start = PhysicalAddress(range.lowerBound)
    segments.append(RunMemory.Segment(start: start, byteCount: count, source: source))
  }
}
