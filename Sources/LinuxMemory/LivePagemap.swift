import BitLayout
import Glibc

/// The pagemap of a process that runs now.
public struct LivePagemap: PagemapSource {
  /// The process number, or `self`.
  public let process: String
  /// The name of the process.
  public let name: String?
  /// The version of the kernel; nil where it does not begin with one.
  public let version: LinuxVersion?
  /// The size of a page as a power of 2.
  public let pageShift: UInt64
  /// The areas of the process.
  public let areas: MemoryAreas
  /// Whether PAGEMAP_SCAN is used.
  public let scans: Bool
  /// The categories that the kernel knows.
  private let told: PageCategories
  private let file: ProcessFile

  /// Opens the pagemap of a process.
  ///
  /// - Parameters:
  ///   - process: the process number, or `self`.
  ///   - mayScan: whether PAGEMAP_SCAN is used where the kernel has it (6.7).
  /// - Throws: `SystemError`, or `MemoryAreas.Problem` where `maps` is none.
  public init(_ process: String, mayScan: Bool = true) throws {
    let folder = "/proc/\(process)"
    self.process = process
    areas = try MemoryAreas(text: ProcessFile("\(folder)/maps").text())
    file = try ProcessFile("\(folder)/pagemap")
    let text = { (path: String) in try? ProcessFile(path).text(limit: 4096) }
    name = text("\(folder)/comm").map { String($0.prefix { $0 != "\n" }) }
    version = text("/proc/sys/kernel/osrelease").flatMap { LinuxVersion(release: $0) }
    pageShift = UInt64(sysconf(Int32(_SC_PAGESIZE)).trailingZeroBitCount)
    let size: UInt64 = 1 << pageShift
    let set = PageCategories.sets.first { [file] told in
      mayScan && file.scan(size..<(2 * size), wanted: .present, told: told) != nil
    }
    scans = set != nil
    told = set ?? []
  }

  /// Gives the words of the pages of an area, as they are now.
  public func read(_ area: MemoryArea, _ emit: (PagemapPiece) -> Bool) throws {
    guard scans else {
      _ = try readWords(area.start..<area.end, nil, emit)
      return
    }
    var address = area.start
    while address < area.end {
      guard
        let (regions, end) = file.scan(
          address..<area.end, wanted: [.present, .swapped], told: told)
      else {
        _ = try readWords(address..<area.end, nil, emit)
        return
      }
      for (range, categories) in regions {
        guard range.lowerBound >= address, range.upperBound <= area.end else { continue }
        guard try giveGap(address..<range.lowerBound, emit),
          try readWords(range, categories, emit)
        else { return }
        address = range.upperBound
      }
      let next = min(max(end, address), area.end)
      guard try giveGap(address..<next, emit) else { return }
      // A scan that does not get on would go on for ever.
      if next == address, regions.isEmpty { return }
      address = next
    }
  }

  /// All pages of an area that are neither in memory nor elsewhere have the same word.
  private func giveGap(_ range: Range<UInt64>, _ emit: (PagemapPiece) -> Bool) throws -> Bool {
    guard !range.isEmpty else { return true }
    let word = try file.words(count: 1, at: offset(of: range.lowerBound)).first
    // Between the scan and this a page may have come; it is said alone.
    let entry = word.map { PagemapEntry(rawValue: $0) }
    if let entry, entry.isPresent || entry.isSwapped { return try readWords(range, [], emit) }
    let count = (range.upperBound - range.lowerBound) >> pageShift
    let run = PagemapRun(address: range.lowerBound, pageCount: count, entry: entry, step: 0)
    return emit(PagemapPiece(run, categories: []))
  }

  /// Gives the words of a range as runs; what the kernel does not read out is nil.
  private func readWords(
    _ range: Range<UInt64>, _ categories: PageCategories?, _ emit: (PagemapPiece) -> Bool
  ) throws -> Bool {
    var coalescer = PagemapCoalescer(pageShift: pageShift)
    var address = range.lowerBound
    while address < range.upperBound {
      let wanted = min((range.upperBound - address) >> pageShift, 1 << 15)
      guard wanted > 0 else { break }
      let words = try file.words(count: Int(wanted), at: offset(of: address))
      for (index, word) in words.enumerated() {
        coalescer.add(
          PagemapRun(
            address: address + UInt64(index) << pageShift, pageCount: 1,
            entry: PagemapEntry(rawValue: word), step: 0))
      }
      if words.isEmpty {
        coalescer.add(PagemapRun(address: address, pageCount: wanted, entry: nil, step: 0))
      }
      address += (words.isEmpty ? wanted : UInt64(words.count)) << pageShift
      for run in coalescer.takeDone() {
        guard emit(PagemapPiece(run, categories: categories)) else { return false }
      }
    }
    for run in coalescer.finish() {
      guard emit(PagemapPiece(run, categories: categories)) else { return false }
    }
    return true
  }

  private func offset(of address: UInt64) -> Int { Int(address >> pageShift) * 8 }
}
