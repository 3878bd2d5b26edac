public import BitLayout

/// What is known of frames beyond the tables that map them.
///
/// The kernel keeps it in `struct page`; `/proc/kpageflags` shows some of it.
public struct FrameFacts: Sendable {
  /// A word of `/proc/kpageflags` (Linux include/uapi/linux/kernel-page-flags.h).
  public enum Flags {
    /// KPF_ANON.
    public static let anonymous = BitField("ANON", 12, .value, "a page of no file")
    /// KPF_SWAPCACHE.
    public static let swapCache = BitField("SWAPCACHE", 13, .value, "has a place in swap")
    /// KPF_ZERO_PAGE.
    public static let zeroPage = BitField("ZERO_PAGE", 24, .value, "the page of zeros")
  }

  /// The flags of frames; nil where they are not known.
  public var flags: RunTable<UInt64>?
  /// How many entries map each frame; nil where they were not counted.
  public var mapCounts: RunTable<Int>?
  /// How many entries lead to the copy that each frame has in swap; nil where they were not counted.
  public var swapCounts: RunTable<Int>?
  /// What reads the kernel's descriptors, for what neither flags nor counts above say.
  public var descriptors: LinuxFrames?

  /// Knows nothing.
  public init() {}

  /// Whether one entry alone leads to the page in a frame; nil where that was not counted.
  func isAlone(_ frame: UInt64) -> Bool? {
    guard let mapCounts else { return nil }
    return mapCounts.value(at: frame).value == 1
      && (swapCounts?.value(at: frame).value ?? 0) == 0
  }

  /// Whether anything says of frames what they are.
  public var isKnown: Bool { flags != nil || descriptors != nil }

  /// What is known of one frame; frames without flags have none set.
  ///
  /// - Parameters:
  ///   - frame: the frame.
  ///   - page: the frames that one entry maps; of a huge page the kernel asks the first for all.
  /// - Returns: flags and count, and the first frame above of which something else may hold.
  func facts(
    at frame: UInt64, of page: Range<UInt64>
  ) -> (flags: UInt64?, mapCount: Int?, end: UInt64) {
    guard flags != nil || mapCounts != nil else {
      guard let known = descriptors?.facts(of: page.lowerBound) else {
        return (nil, nil, page.upperBound)
      }
      return (known.flags, known.mapCount, page.upperBound)
    }
    let flags = flags?.value(at: frame)
    let counts = mapCounts?.value(at: frame)
    return (
      flags.map { $0.value ?? 0 }, counts.map { $0.value ?? 0 },
      min(flags?.end ?? UInt64.max, counts?.end ?? UInt64.max)
    )
  }
}
