import PhysicalMemory
import ScenarioFile

/// The frames of a mapping's pages: any of them can be had at once, and none is stored.
enum FrameSequence: Hashable, Sendable {
  /// Every page has the same.
  case constant(UInt64)
  /// Frames in steps from one address on.
  case linear(from: UInt64, stride: UInt64)
  /// Consecutive frames of `size` bytes, each once, in another order.
  case permuted(from: UInt64, size: UInt64, Permutation)
  /// Frames of `size` bytes drawn from `count` consecutive ones.
  case random(from: UInt64, size: UInt64, count: UInt64, seed: UInt64)
  /// Frames from several stretches, perhaps in another order.
  case pieces([Piece], size: UInt64, Permutation?)

  /// Frames that lie together.
  struct Piece: Hashable, Sendable {
    /// The number of frames in the pieces before.
    var before: UInt64
    /// The address of the first frame.
    var start: UInt64
  }

  /// The address of the frame of page `index`.
  subscript(index: UInt64) -> UInt64 {
    switch self {
    case .constant(let address): address
    case .linear(let from, let stride): from &+ index &* stride
    case .permuted(let from, let size, let order): from &+ order[index] &* size
    case .random(let from, let size, let count, let seed):
      from &+ SplitMix64.number(index, seed: seed, below: count) &* size
    case .pieces(let pieces, let size, let order):
      Self.address(of: order?[index] ?? index, in: pieces, size: size)
    }
  }

  private static func address(of index: UInt64, in pieces: [Piece], size: UInt64) -> UInt64 {
    let piece = pieces[pieces.partitioningIndex { $0.before > index } - 1]
    return piece.start &+ (index &- piece.before) &* size
  }
}

extension FrameSequence {
  /// More separate frames than this are taken as the whole stretch they lie in.
  private static let separate: UInt64 = 4096

  /// The ranges in which the addresses of `count` frames lie, and whether all of them are used.
  func extent(count: UInt64) -> (ranges: [ClosedRange<UInt64>], isUsed: Bool) {
    switch self {
    case .constant(let address): ([address...address], true)
    case .linear(let from, let stride):
      if count <= Self.separate {
        ((0..<count).map { from + $0 * stride...from + $0 * stride }, true)
      } else {
        ([from...(from + (count - 1) * stride)], stride == 4096)
      }
    case .permuted(let from, let size, _): ([from...(from + (count - 1) * size)], true)
    case .random(let from, let size, let choices, _):
      ([from...(from + (choices - 1) * size)], false)
    case .pieces(let pieces, _, _): (pieces.map { $0.start...$0.start }, true)
    }
  }
}
