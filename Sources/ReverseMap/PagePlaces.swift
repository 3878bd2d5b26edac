import PhysicalMemory

/// The places of pages in an index under way; good for as long as its buckets and its file are.
@safe struct PagePlaces {
  private let shift: UInt64
  private let limit: UInt64
  private let next: UnsafeMutablePointer<UInt64>
  private let ends: UnsafeMutablePointer<UInt64>
  private let pages: UnsafeMutablePointer<UInt64>
  private let far: UnsafeMutablePointer<UInt64>
  /// Where among `next` each region has its place.
  private let regions: [UInt64: Int]
  /// The region of the last page, for the next is mostly in it too.
  private var last: (region: UInt64, number: Int) = (.max, 0)
  /// Whether there were more pages than had been counted.
  private(set) var isOverfull = false

  init(
    shift: UInt64, limit: UInt64, next: UnsafeMutablePointer<UInt64>,
    ends: UnsafeMutablePointer<UInt64>, pages: UnsafeMutablePointer<UInt64>,
    far: UnsafeMutablePointer<UInt64>, regions: [UInt64: Int]
  ) {
    self.shift = shift
    self.limit = limit
    unsafe self.next = next
    unsafe self.ends = ends
    unsafe self.pages = pages
    unsafe self.far = far
    self.regions = regions
  }

  @inline(__always)
  mutating func put(_ page: UInt64, node: UInt64, index: Int) {
    guard page < limit else { return putFar(page, node: node, index: index) }
    unsafe put(
      page, node, index, number: Int(truncatingIfNeeded: page &>> shift), shift: shift, into: pages)
  }

  @inline(never)
  private mutating func putFar(_ page: UInt64, node: UInt64, index: Int) {
    let region = page >> IndexLayout.regionShift
    if region != last.region {
      guard let number = regions[region] else {
        isOverfull = true
        return
      }
      last = (region, number)
    }
    unsafe put(page, node, index, number: last.number, shift: IndexLayout.regionShift, into: far)
  }

  @inline(__always)
  private mutating func put(
    _ page: UInt64, _ node: UInt64, _ index: Int, number: Int, shift: UInt64,
    into words: UnsafeMutablePointer<UInt64>
  ) {
    let place = unsafe next[number]
    // An image that changes under us may have more pages than were counted.
    guard unsafe place < ends[number] else {
      isOverfull = true
      return
    }
    unsafe next[number] = place &+ 1
    let frame = (page & ((1 &<< shift) &- 1)) &>> frameShift
    unsafe words[Int(truncatingIfNeeded: place)] =
      IndexLayout.PageFields.node.put(node)
      | IndexLayout.PageFields.index.put(UInt64(truncatingIfNeeded: index))
      | IndexLayout.PageFields.frame.put(frame)
  }
}
