import PhysicalMemory
import ScenarioFile

/// Hands out the frames of automatic tables and pages.
///
/// Frames that hold something the scenario names are never given. Frames that emulators tend to have
/// a hole at, and those that only lie under a large, identity-mapped or randomly chosen page, are given
/// when nothing else is left.
struct FrameSupply {
  private var tiers: [Tier]

  /// Frames to be given in one order.
  private struct Tier {
    let pieces: [FrameSequence.Piece]
    let order: Permutation?
    let count: UInt64
    var next: UInt64 = 0

    init(_ frames: RangeList, seed: UInt64?) {
      var before: UInt64 = 0
      pieces = frames.ranges.map { range in
        defer { before += range.upperBound - range.lowerBound + 1 }
        return FrameSequence.Piece(before: before, start: range.lowerBound)
      }
      count = before
      let total = before
      order = seed.map { Permutation(count: total, seed: $0) }
    }
  }

  /// Takes whole frames, in ascending order or in one that a seed determines.
  init(preferred: RangeList, fallback: RangeList, seed: UInt64?) {
    tiers = [Tier(preferred, seed: seed), Tier(fallback, seed: seed)]
  }

  /// The address of the next frame, or nil where none is left.
  mutating func take() -> UInt64? {
    for index in tiers.indices where tiers[index].next < tiers[index].count {
      let tier = tiers[index]
      tiers[index].next += 1
      let frames = FrameSequence.pieces(tier.pieces, size: 1, tier.order)
      return frames[tier.next] << 12
    }
    return nil
  }
}

/// Which frames are free for automatic tables and pages.
struct FrameUse {
  /// Frames that hold something the scenario names.
  private(set) var taken = RangeList()
  /// Frames that pages merely cover.
  private(set) var covered = RangeList()
  /// All frames that may be given.
  private let candidates: RangeList

  /// Emulated machines have video memory and ROM here.
  private static let legacyHole = RangeList([0xa0...0xff])

  init(_ memory: InstalledMemory, _ tables: Scenario.Tables?) {
    // Who says where tables go may put them where the image has a hole.
    let frames = (tables?.from == nil ? memory.present : memory.installed).wholeFrames
    let from = tables?.from?.value ?? frameSize
    let first = from >> 12 + (from & 0xfff == 0 ? 0 : 1)
    candidates = frames.intersection(RangeList([first...UInt64.max]))
  }

  mutating func take(_ addresses: [ClosedRange<UInt64>]) {
    taken = taken.union(RangeList(addresses).touchedFrames)
  }

  mutating func cover(_ addresses: [ClosedRange<UInt64>]) {
    covered = covered.union(RangeList(addresses).touchedFrames)
  }

  /// The frames that may be given, the better ones first.
  var free: (preferred: RangeList, fallback: RangeList) {
    let free = candidates.subtracting(taken)
    let startsInHole = candidates.ranges.first.map { Self.legacyHole.contains($0.lowerBound) }
    let hole = startsInHole == true ? RangeList() : Self.legacyHole
    let preferred = free.subtracting(covered).subtracting(hole)
    return (preferred, free.subtracting(preferred))
  }

  /// Takes frames for `count` pages of `size` bytes, if there are so many.
  ///
  /// The first `reserve` free frames are left to the tables where that is possible.
  mutating func takePages(
    count: UInt64, size: UInt64, bits: Int, reserve: UInt64
  ) -> [FrameSequence.Piece]? {
    let reachable = RangeList([0...(1 << UInt64(bits - 12) - 1)])
    let preferred = free.preferred.intersection(reachable)
    let fallback = free.fallback.intersection(reachable)
    let later = preferred.dropping(reserve)
    for frames in [later, preferred, preferred.union(fallback)] {
      guard let (pieces, used) = Self.pick(count, size: size, from: frames) else { continue }
      taken = taken.union(used)
      return pieces
    }
    return nil
  }

  private static func pick(
    _ count: UInt64, size: UInt64, from frames: RangeList
  ) -> (pieces: [FrameSequence.Piece], used: RangeList)? {
    let step = size >> 12
    var pieces: [FrameSequence.Piece] = []
    var used: [ClosedRange<UInt64>] = []
    var found: UInt64 = 0
    for range in frames.ranges where found < count {
      let first = (range.lowerBound + (step - 1)) / step * step
      guard first <= range.upperBound else { continue }
      let pages = min((range.upperBound - first + 1) / step, count - found)
      guard let taken = first.range(count: pages * step) else { continue }
      pieces.append(FrameSequence.Piece(before: found, start: first << 12))
      used.append(taken)
      found += pages
    }
    return found == count ? (pieces, RangeList(used)) : nil
  }
}

extension RangeList {
  /// The numbers without the lowest `count` of them.
  fileprivate func dropping(_ count: UInt64) -> RangeList {
    var rest = count
    return RangeList(
      ranges.compactMap { range in
        let last = range.upperBound - range.lowerBound
        if rest > last {
          rest -= last + 1
          return nil
        }
        defer { rest = 0 }
        return (range.lowerBound + rest)...range.upperBound
      })
  }
}
