import Glibc

/// Looks for bytes in physical memory, from the lowest address to the highest.
///
/// What lies together in memory is searched as one, wherever its frames are in the image; what is absent
/// ends a stretch. Memory holds one block at a time.
public struct MemorySearch {
  private static let blockSize = 1 << 18

  private let pattern: BytePattern
  private let literal: [UInt8]
  private let mask: [UInt8]

  /// Prepares the search for a pattern.
  public init(_ pattern: BytePattern) {
    self.pattern = pattern
    literal = pattern.bytes.map { $0 ?? 0 }
    mask = pattern.bytes.map { $0 == nil ? 0 : 0xff }
  }

  /// Gives each place in `range` where the pattern begins, overlapping ones too, until `found` returns
  /// false; all of the pattern lies in the range.
  public func run(
    _ memory: some PhysicalMemory, in range: ClosedRange<UInt64> = 0...UInt64.max,
    _ found: (PhysicalAddress) -> Bool
  ) {
    for run in memory.runs {
      let first = max(run.start.rawValue, range.lowerBound)
      let last = min(run.last.rawValue, range.upperBound)
      guard first <= last else { continue }
      guard search(memory, first, last, found) else { return }
    }
  }

  /// Bytes that lie together, as many as are searched at once.
  private struct Block {
    /// The address of the first.
    var start: UInt64
    var bytes: [UInt8] = []
  }

  /// Searches one stretch; false when no more are wanted.
  private func search(
    _ memory: some PhysicalMemory, _ first: UInt64, _ last: UInt64,
    _ found: (PhysicalAddress) -> Bool
  ) -> Bool {
    var block = Block(start: first)
    block.bytes.reserveCapacity(Self.blockSize + Int(frameSize) + literal.count)
    var next = first
    while true {
      guard skipZeros(memory, &next, last, &block, found) else { return false }
      let count = Int(min(frameSize - next % frameSize, last - next + 1))
      let address = PhysicalAddress(next)
      let copied: Void? = memory.withBytes(at: address, count: count) { span in
        unsafe span.withUnsafeBytes { unsafe block.bytes.append(contentsOf: $0) }
      }
      if copied == nil {
        guard append(memory.bytes(at: address, count: count), at: next, to: &block, found) else {
          return false
        }
      }
      let isLast = UInt64(count) > last - next
      if isLast || block.bytes.count >= Self.blockSize {
        guard matches(in: block, found) else { return false }
        if isLast { return true }
        // A match can begin in one block and end in the next.
        let done = block.bytes.count - min(block.bytes.count, literal.count - 1)
        block.bytes.removeFirst(done)
        block.start += UInt64(done)
      }
      next += UInt64(count)
    }
  }

  /// Leaves out zeros that are known without a look, but for as many as a match can reach into.
  private func skipZeros(
    _ memory: some PhysicalMemory, _ next: inout UInt64, _ last: UInt64, _ block: inout Block,
    _ found: (PhysicalAddress) -> Bool
  ) -> Bool {
    guard literal[pattern.anchor] != 0 else { return true }
    // Of neighbours that are zero each may be known for itself only.
    var zeros: UInt64 = 0
    while zeros < last - next {
      let more = memory.knownZeroCount(at: PhysicalAddress(next + zeros))
      guard more > 0 else { break }
      zeros += min(more, last - next - zeros)
    }
    guard zeros > UInt64(literal.count) * 2 else { return true }
    let edge = [UInt8](repeating: 0, count: literal.count)
    block.bytes += edge
    guard matches(in: block, found) else { return false }
    next += zeros
    block = Block(start: next - UInt64(edge.count), bytes: edge)
    return true
  }

  /// Appends a frame that is there in pieces; what is not there parts what is before from what is after.
  private func append(
    _ bytes: [UInt8?], at address: UInt64, to block: inout Block,
    _ found: (PhysicalAddress) -> Bool
  ) -> Bool {
    for (offset, byte) in bytes.enumerated() {
      if let byte {
        block.bytes.append(byte)
      } else {
        guard matches(in: block, found) else { return false }
        block = Block(start: address &+ UInt64(offset) &+ 1)
      }
    }
    return true
  }

  /// Gives the places in a block where the pattern begins; false when no more are wanted.
  private func matches(in block: Block, _ found: (PhysicalAddress) -> Bool) -> Bool {
    let count = literal.count
    guard block.bytes.count >= count else { return true }
    let anchor = pattern.anchor
    let byte = Int32(literal[anchor])
    return unsafe block.bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return true }
      // Where the anchor of the first and of the last possible place is.
      var place = anchor
      let end = bytes.count - count + anchor + 1
      while place < end {
        guard let hit = unsafe memchr(base + place, byte, end - place) else { break }
        place = unsafe UnsafeRawPointer(hit) - UnsafeRawPointer(base)
        let first = place - anchor
        let isMatch = unsafe isMatch(base + first)
        if isMatch, !found(PhysicalAddress(block.start + UInt64(first))) { return false }
        place += 1
      }
      return true
    }
  }

  @inline(__always)
  private func isMatch(_ bytes: UnsafePointer<UInt8>) -> Bool {
    for index in literal.indices {
      guard unsafe bytes[index] & mask[index] == literal[index] else { return false }
    }
    return true
  }
}
