/// Frames in the order in which their pages came, for whoever looks for the oldest.
///
/// A frame may be there that has another use by now, or twice: whoever takes it asks what it holds.
struct PageQueue {
  /// The frames; those before `start` are gone.
  private var frames: [UInt64] = []
  private var start = 0

  var count: Int { frames.count - start }

  mutating func append(_ frame: UInt64) { frames.append(frame) }

  mutating func append(_ range: Range<UInt64>) { frames += range }

  /// Takes the oldest out.
  mutating func popFirst() -> UInt64? {
    guard start < frames.count else { return nil }
    defer {
      start += 1
      if start > 4096, start * 2 > frames.count {
        frames.removeFirst(start)
        start = 0
      }
    }
    return frames[start]
  }
}
