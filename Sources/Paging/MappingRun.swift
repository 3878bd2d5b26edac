public import PhysicalMemory

/// Consecutive pages of one size with equal rights on consecutive frames.
@frozen public struct MappingRun: Hashable, Sendable {
  /// The first virtual address.
  public var start: VirtualAddress
  /// The last virtual address, inclusive.
  public var end: VirtualAddress
  /// The physical address of the first byte.
  public var address: PhysicalAddress
  /// The size of the pages as a power of 2.
  public var pageShift: UInt64
  /// The effective rights.
  public var rights: Rights

  /// Describes a run.
  @inlinable
  public init(
    start: VirtualAddress, end: VirtualAddress, address: PhysicalAddress, pageShift: UInt64,
    rights: Rights
  ) {
    self.start = start
    self.end = end
    self.address = address
    self.pageShift = pageShift
    self.rights = rights
  }

  /// The size of the pages in bytes.
  @inlinable public var pageSize: UInt64 { 1 &<< pageShift }
  /// The number of pages.
  @inlinable public var pageCount: UInt64 {
    (end.rawValue &- start.rawValue) &>> pageShift &+ 1
  }
}

/// Joins pages to runs as long as they continue each other.
@frozen public struct RunCoalescer: Sendable {
  @usableFromInline var start: UInt64 = 0
  /// The next virtual address that continues the run.
  @usableFromInline var next: UInt64 = 0
  /// Physical minus virtual address, equal for all pages of a run.
  @usableFromInline var delta: UInt64 = 0
  /// Page size and rights; 0 where there is no run.
  @usableFromInline var kind: UInt64 = 0

  /// Creates a coalescer without a run.
  @inlinable public init() {}

  /// Adds a page; returns the run that it ends, if it does not continue it.
  @inlinable @inline(__always)
  public mutating func add(_ entry: EntryVisit, at page: PhysicalAddress) -> MappingRun? {
    let delta = page.rawValue &- entry.address
    let kind = entry.shift &<< 8 | UInt64(entry.rights.rawValue)
    if entry.address == next && delta == self.delta && kind == self.kind {
      next &+= 1 &<< entry.shift
      return nil
    }
    let ended = finish()
    start = entry.address
    next = entry.address &+ 1 &<< entry.shift
    self.delta = delta
    self.kind = kind
    return ended
  }

  /// Ends the run that is under way, if there is one.
  @inlinable
  public mutating func finish() -> MappingRun? {
    guard kind != 0 else { return nil }
    let run = MappingRun(
      start: start, next: next, delta: delta, pageShift: kind &>> 8,
      rights: Rights(rawValue: UInt8(truncatingIfNeeded: kind)))
    kind = 0
    return run
  }
}

extension MappingRun {
  @inlinable
  init(start: UInt64, next: UInt64, delta: UInt64, pageShift: UInt64, rights: Rights) {
    self.init(
      start: VirtualAddress(start), end: VirtualAddress(next &- 1),
      address: PhysicalAddress(start &+ delta), pageShift: pageShift, rights: rights)
  }
}
