import PhysicalMemory
import ScenarioFile

/// Hands out the frames of automatic tables and pages.
///
/// Frames that hold something the scenario names are never given. Frames that emulators tend to have
/// a hole at, and those that only lie under a large, identity-mapped or randomly chosen page, are given
/// when nothing else is left.
struct FrameSupply {
  private var tiers: [Tier]
  /// The size of what is given, in bytes as a power of 2: a frame, or a table of several frames.
  private let shift: UInt64

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
  init(preferred: RangeList, fallback: RangeList, seed: UInt64?, shift: UInt64 = 12) {
    self.shift = shift
    tiers = [preferred, fallback].map { Tier($0.blocks(of: 1 << (shift - 12)), seed: seed) }
  }

  /// The address of the next frame, or nil where none is left.
  mutating func take() -> UInt64? {
    for index in tiers.indices where tiers[index].next < tiers[index].count {
      let tier = tiers[index]
      tiers[index].next += 1
      let frames = FrameSequence.pieces(tier.pieces, size: 1, tier.order)
      return frames[tier.next] << shift
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

  /// Takes the first frame of a range that the image has and nothing uses, whatever tables may have.
  mutating func takeFirst(in frames: ClosedRange<UInt64>, of memory: InstalledMemory) -> UInt64? {
    let free = memory.present.wholeFrames.intersection(RangeList([frames]))
      .subtracting(taken).subtracting(covered)
    guard let frame = free.ranges.first?.lowerBound else { return nil }
    taken = taken.union(RangeList([frame...frame]))
    return frame
  }

  /// The free frames for automatic pages; the first `reserve` of them are left to the tables as long
  /// as there are others.
  func pages(bits: Int, reserve: UInt64) -> PageSupply {
    let reachable = RangeList([0...(1 << UInt64(bits - 12) - 1)])
    let (preferred, fallback) = free
    let later = preferred.dropping(reserve)
    return PageSupply(
      [later, preferred.subtracting(later), fallback].flatMap {
        $0.intersection(reachable).ranges
      })
  }
}

extension RangeList {
  /// The aligned blocks of `count` numbers that lie in the ranges, as numbers of blocks.
  fileprivate func blocks(of count: UInt64) -> RangeList {
    guard count > 1 else { return self }
    return RangeList(
      ranges.compactMap { range in
        let first = range.lowerBound / count + (range.lowerBound % count == 0 ? 0 : 1)
        let end = range.upperBound / count + (range.upperBound % count == count - 1 ? 1 : 0)
        return first < end ? first...(end - 1) : nil
      })
  }

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
