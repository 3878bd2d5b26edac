import PhysicalMemory

/// Counts the pages of an index by stretch of memory.
///
/// Memory that the image holds is in buckets. What lies beyond, device memory or what an entry makes up, is in
/// regions, of which there are as many as are met.
///
/// A buffer of its own, and constants beside it, because an array or a variable inside a visitor would be
/// checked for exclusive use at each of the entries.
@safe final class PageBuckets {
  /// The number of bits of an address within a bucket.
  let shift: UInt64
  /// The number of buckets.
  let count: Int
  /// Pages at or above this address are in no bucket.
  let limit: UInt64
  private let sizes: UnsafeMutablePointer<UInt64>
  private var regions = Regions()

  /// Covers memory up to `end`.
  init(memoryEnd end: UInt64) {
    let end = min(max(end, 1), IndexLayout.highestMemory)
    var shift = frameShift
    while (end - 1) >> shift >= UInt64(IndexLayout.bucketLimit) { shift += 1 }
    self.shift = shift
    count = Int((end - 1) >> shift) + 1
    limit = UInt64(count) << shift
    unsafe sizes = .allocate(capacity: count)
    unsafe sizes.initialize(repeating: 0, count: count)
  }

  deinit { unsafe sizes.deallocate() }

  @inline(__always)
  func count(_ page: UInt64) {
    guard page < limit else { return countFar(page) }
    unsafe sizes[Int(truncatingIfNeeded: page &>> shift)] &+= 1
  }

  @inline(never)
  private func countFar(_ page: UInt64) { regions.count(page) }

  /// Where the pages go that were counted; buckets are joined while they are many beside their pages.
  func open() -> OpenBuckets {
    var sizes = (0..<count).map { unsafe self.sizes[$0] }
    let most = max(1, sizes.reduce(0, +) / IndexLayout.pagesOfBucket)
    var shift = shift
    while UInt64(sizes.count) > most, shift < IndexLayout.regionShift {
      sizes = stride(from: 0, to: sizes.count, by: 2).map { first in
        sizes[first] + (first + 1 < sizes.count ? sizes[first + 1] : 0)
      }
      shift += 1
    }
    return OpenBuckets(shift: shift, limit: limit, sizes, regions.ascending)
  }

  /// How many pages the regions have, in the order in which they were met.
  private struct Regions {
    private var numbers: [UInt64: Int] = [:]
    private var sizes: [UInt64] = []
    /// The region of the last page, for the next is mostly in it too.
    private var last: (region: UInt64, number: Int) = (.max, 0)

    mutating func count(_ page: UInt64) {
      let region = page >> IndexLayout.regionShift
      if region != last.region {
        let number = numbers[region] ?? sizes.count
        if number == sizes.count {
          numbers[region] = number
          sizes.append(0)
        }
        last = (region, number)
      }
      sizes[last.number] += 1
    }

    var ascending: [(region: UInt64, size: UInt64)] {
      numbers.sorted { $0.key < $1.key }.map { ($0.key, sizes[$0.value]) }
    }
  }
}

/// The places of pages in an index: those of each bucket, then those of each region.
@safe final class OpenBuckets {
  /// The number of bits of an address within a bucket.
  let shift: UInt64
  private let limit: UInt64
  /// For each bucket the number of its first page, and the end.
  let starts: [UInt64]
  /// The regions, ascending, with the numbers of their first pages.
  let regions: [(region: UInt64, start: UInt64)]
  /// The number of pages beyond the buckets.
  let farCount: UInt64
  private let next: UnsafeMutablePointer<UInt64>
  private let ends: UnsafeMutablePointer<UInt64>

  /// The number of buckets.
  var count: Int { starts.count - 1 }
  /// The number of pages in buckets.
  var nearCount: UInt64 { starts[count] }

  fileprivate init(
    shift: UInt64, limit: UInt64, _ sizes: [UInt64], _ far: [(region: UInt64, size: UInt64)]
  ) {
    self.shift = shift
    self.limit = limit
    starts = Self.sums(sizes)
    let farStarts = Self.sums(far.map(\.size))
    regions = Array(zip(far.map(\.region), farStarts))
    farCount = farStarts[far.count]
    let total = sizes.count + far.count
    unsafe next = .allocate(capacity: total)
    unsafe ends = .allocate(capacity: total)
    for number in 0..<sizes.count {
      unsafe (next + number).initialize(to: starts[number])
      unsafe (ends + number).initialize(to: starts[number + 1])
    }
    for number in 0..<far.count {
      unsafe (next + sizes.count + number).initialize(to: farStarts[number])
      unsafe (ends + sizes.count + number).initialize(to: farStarts[number + 1])
    }
  }

  deinit {
    unsafe next.deallocate()
    unsafe ends.deallocate()
  }

  /// Where each of consecutive stretches begins, and the end.
  private static func sums(_ sizes: [UInt64]) -> [UInt64] {
    var sums: [UInt64] = [0]
    sums.reserveCapacity(sizes.count + 1)
    for (number, size) in sizes.enumerated() { sums.append(sums[number] + size) }
    return sums
  }

  /// Where pages are put: into `pages`, those beyond the buckets into `far`.
  func places(
    pages: UnsafeMutablePointer<UInt64>, far: UnsafeMutablePointer<UInt64>
  ) -> PagePlaces {
    let numbers = Dictionary(uniqueKeysWithValues: zip(regions.map(\.region), count...))
    return unsafe PagePlaces(
      shift: shift, limit: limit, next: next, ends: ends, pages: pages, far: far, regions: numbers)
  }

  /// Whether as many pages came as had been counted.
  var isFull: Bool { (0..<count + regions.count).allSatisfy { unsafe next[$0] == ends[$0] } }
}
