import HashTreeCollections
import Synchronization

/// Frames that were written over a physical memory, which itself never changes.
///
/// It is a value: whoever has a copy sees the memory as it was then, whatever is written later, and
/// needs no lock. Only the frames written to are copied, so a copy costs next to nothing.
public struct MemoryOverlay: Sendable {
  private let base: MemoryImage
  private var frames: TreeDictionary<UInt64, [UInt8]> = [:]

  /// How many frames a memory keeps at hand, so that walks need not look each word up.
  private static let cachedFrames = 256

  /// Begins with nothing written over `base`.
  public init(over base: MemoryImage) { self.base = base }

  /// The number of frames written to.
  public var frameCount: Int { frames.count }

  /// Writes bytes, all of them or none.
  ///
  /// - Returns: the first address that the memory lacks, where nothing can be written; else nil.
  public mutating func write(_ bytes: [UInt8], at address: PhysicalAddress) -> PhysicalAddress? {
    if let gap = base.firstAbsent(from: address, count: bytes.count) { return gap }
    var done = 0
    while done < bytes.count {
      let place = address.advanced(by: UInt64(done))
      let offset = Int(place.rawValue % frameSize)
      let count = min(bytes.count - done, Int(frameSize) - offset)
      var frame = frames[place.frame] ?? base.frame(of: place)
      frame.replaceSubrange(offset..<offset + count, with: bytes[done..<done + count])
      frames[place.frame] = frame
      done += count
    }
    return nil
  }

  /// The memory with what has been written so far; the one below itself, where that is nothing.
  public func memory() throws(SystemError) -> MemoryImage {
    guard !frames.isEmpty else { return base }
    let cache = try FrameCache(frames: Self.cachedFrames)
    return .paged(PagedMemory(OverlaidFrames(base, frames), cache: cache))
  }
}

/// The frames of a memory, those that were written to before those below.
private final class OverlaidFrames: FrameSource {
  private let base: MemoryImage
  private let frames: TreeDictionary<UInt64, [UInt8]>
  let runs: [MemoryRun]
  /// The numbers of the written frames in order; found out when somebody asks.
  private let order = Mutex<[UInt64]?>(nil)

  init(_ base: MemoryImage, _ frames: TreeDictionary<UInt64, [UInt8]>) {
    self.base = base
    self.frames = frames
    runs = base.runs
  }

  func decode(_ frame: UInt64, _ take: (PhysicalAddress, RawSpan) -> Void) {
    let start = PhysicalAddress(frame << 12)
    let written = frames[frame]
    if base.holdsFrame(of: start) {
      if let written { return unsafe take(start, written.span.bytes) }
      if base.withBytes(at: start, count: Int(frameSize), { take(start, $0) }) != nil { return }
    }
    // Of a frame that is there in part, each part; to look at every byte would take too long.
    let end = start.rawValue | (frameSize - 1)
    var next = runs.partitioningIndex { $0.last >= start }
    while next < runs.count, runs[next].start.rawValue <= end {
      let first = max(runs[next].start, start)
      let count = Int(min(runs[next].last.rawValue, end) - first.rawValue) + 1
      let offset = Int(first.rawValue - start.rawValue)
      let bytes =
        written.map { Array($0[offset..<offset + count]) }
        ?? base.withBytes(at: first, count: count) { $0.copied() }
        ?? base.bytes(at: first, count: count).compactMap(\.self)
      // What is damaged below is not given.
      if bytes.count == count { unsafe take(first, bytes.span.bytes) }
      next += 1
    }
  }

  func holds(_ frame: UInt64) -> Bool { base.holdsFrame(of: PhysicalAddress(frame << 12)) }

  var damage: [String] { base.damage }

  func knownZeroCount(at address: PhysicalAddress) -> UInt64 {
    let below = base.knownZeroCount(at: address)
    guard below > 0 else { return 0 }
    let written = order.withLock { order in
      let sorted = order ?? frames.keys.sorted()
      order = sorted
      return sorted
    }
    let next = written.partitioningIndex { $0 >= address.frame }
    guard next < written.count else { return below }
    let start = written[next] << 12
    return start <= address.rawValue ? 0 : min(below, start - address.rawValue)
  }
}

extension MemoryImage {
  /// The first of `count` addresses that the memory lacks; nil where it has all of them.
  public func firstAbsent(from address: PhysicalAddress, count: Int) -> PhysicalAddress? {
    var done = 0
    while done < count {
      let place = address.advanced(by: UInt64(done))
      // Beyond the last address there is none.
      guard place.rawValue >= address.rawValue else { return place }
      let piece = min(count - done, Int(frameSize - place.rawValue % frameSize))
      if withBytes(at: place, count: piece, { _ in true }) == nil {
        let gap = bytes(at: place, count: piece).firstIndex(of: nil)
        if let gap { return place.advanced(by: UInt64(gap)) }
      }
      done += piece
    }
    return nil
  }

  /// The bytes of the frame that holds `address`; what is absent of it is zero and never read.
  fileprivate func frame(of address: PhysicalAddress) -> [UInt8] {
    let start = PhysicalAddress(address.frame << 12)
    return withBytes(at: start, count: Int(frameSize)) { $0.copied() }
      ?? bytes(at: start, count: Int(frameSize)).map { $0 ?? 0 }
  }
}
