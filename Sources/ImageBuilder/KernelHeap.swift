import PhysicalMemory

/// Hands out kernel addresses one after the other within a region.
struct KernelHeap {
  let start: UInt64
  private(set) var next: UInt64

  init(at start: UInt64) { (self.start, next) = (start, start) }

  /// The number of pages with something in them.
  var pageCount: UInt64 { (next - start + (frameSize - 1)) / frameSize }

  /// The address of `size` bytes, or nil where that overflows.
  mutating func take(_ size: UInt64, alignment: UInt64 = 16) -> UInt64? {
    let aligned = next.roundedUp(to: alignment)
    let (end, overflow) = aligned.addingReportingOverflow(size)
    guard !overflow, end - start <= BuildLimit.frames * frameSize else { return nil }
    next = end
    return aligned
  }
}

extension UInt64 {
  /// The next multiple of a power of 2.
  func roundedUp(to alignment: UInt64) -> UInt64 { (self + (alignment - 1)) & ~(alignment - 1) }
}
