import BitLayout
import PhysicalMemory

/// Consecutive pages whose pagemap words are equal, or rise by a step.
public struct PagemapRun: Hashable, Sendable {
  /// The first address.
  public var address: UInt64
  /// The number of pages.
  public var pageCount: UInt64
  /// The word of the first page; nil where a table is not in the image.
  public var entry: PagemapEntry?
  /// What each further page adds to the word: 0, or 1 in the frame number or the swap offset.
  public var step: UInt64

  /// Describes pages.
  public init(address: UInt64, pageCount: UInt64, entry: PagemapEntry?, step: UInt64) {
    self.address = address
    self.pageCount = pageCount
    self.entry = entry
    self.step = step
  }

  /// The word of one of the pages.
  public func entry(at index: UInt64) -> PagemapEntry? {
    entry.map { PagemapEntry(rawValue: $0.rawValue &+ index &* step) }
  }
}

/// Computes from page tables what `/proc/PID/pagemap` would say.
///
/// Linux fs/proc/task_mmu.c, pte_to_pagemap_entry and its likes for huge pages. The flags for files
/// and for exclusive use come from `struct page`, so they are right only as far as `facts` go.
public struct PagemapVisitor: AreaVisitor {
  private let facts: FrameFacts
  private let pageShift: UInt64
  private var coalescer: PagemapCoalescer

  /// Prepares for pages of 2 to the power of `pageShift` bytes.
  public init(_ facts: FrameFacts, pageShift: UInt64) {
    self.facts = facts
    self.pageShift = pageShift
    coalescer = PagemapCoalescer(pageShift: pageShift)
  }

  /// The runs so far.
  public mutating func runs() -> [PagemapRun] { coalescer.finish() }

  /// Adds the words of a piece.
  public mutating func visit(_ piece: AreaPiece) -> Bool {
    guard let reading = piece.reading else {
      coalescer.add(
        PagemapRun(address: piece.address, pageCount: piece.pageCount, entry: nil, step: 0))
      return true
    }
    var word: UInt64 = piece.area.flags.contains(.softDirty) ? PagemapEntry.softDirty.mask : 0
    if reading.isPresent {
      addPresent(piece, reading, &word)
      return true
    }
    var step: UInt64 = 0
    if reading.swapType != nil { step = addSwap(piece, reading, &word) }
    add(piece.address, piece.pageCount, word, step)
    return true
  }

  private mutating func addPresent(
    _ piece: AreaPiece, _ reading: LinuxEntryReading, _ word: inout UInt64
  ) {
    // Pagemap has holes where frames are mapped that have no struct page by design.
    guard !piece.area.flags.contains(.frameMap), let page = reading.frame else {
      return add(piece.address, piece.pageCount, word, 0)
    }
    word |= PagemapEntry.present.mask
    if reading.isSoftDirty { word |= PagemapEntry.softDirty.mask }
    if reading.isUserfaultWriteProtected { word |= PagemapEntry.userfaultWriteProtect.mask }
    let first = (page.rawValue >> pageShift) + piece.pagesBefore
    var done: UInt64 = 0
    while done < piece.pageCount {
      let frame = first + done
      let (flags, mapCount, end) = facts.facts(at: frame)
      let count = min(piece.pageCount - done, end - frame)
      let bits = reading.isSpecial ? 0 : Self.frameBits(flags, mapCount)
      add(piece.address + (done << pageShift), count, word | bits | frame & frameMask, 1)
      done += count
    }
  }

  private let frameMask = PagemapEntry.frame.mask

  private static func frameBits(_ flags: UInt64?, _ mapCount: Int?) -> UInt64 {
    var bits: UInt64 = 0
    let known = FrameFacts.Flags.self
    if let flags, !known.anonymous.isSet(in: flags) { bits |= PagemapEntry.file.mask }
    // Nobody counts who maps the huge page of zeros.
    let isCounted = flags.map { !known.zeroPage.isSet(in: $0) } ?? true
    if mapCount == 1, isCounted { bits |= PagemapEntry.exclusive.mask }
    return bits
  }

  private func addSwap(
    _ piece: AreaPiece, _ reading: LinuxEntryReading, _ word: inout UInt64
  ) -> UInt64 {
    // The walk of huge pages of hugetlbfs looks at present entries only.
    guard !piece.area.flags.contains(.hugePages), let type = reading.swapType else { return 0 }
    let isHuge = piece.pageCount > 1 || piece.pagesBefore > 0
    // Of an entry that is about a frame, pagemap shows the number of the frame alone.
    let start = reading.swapFrame ?? reading.swapOffset ?? 0
    let offset = start &+ piece.pagesBefore
    word |=
      PagemapEntry.swapped.mask | type & PagemapEntry.swapType.mask
      | (offset << UInt64(PagemapEntry.swapOffset.low)) & PagemapEntry.swapOffset.mask
    if reading.isSoftDirty { word |= PagemapEntry.softDirty.mask }
    if reading.isUserfaultWriteProtected || reading.markers.contains(.userfaultWriteProtect) {
      word |= PagemapEntry.userfaultWriteProtect.mask
    }
    if reading.markers.contains(.guardRegion) { word |= PagemapEntry.guardRegion.mask }
    return isHuge ? 1 << UInt64(PagemapEntry.swapOffset.low) : 0
  }

  private mutating func add(_ address: UInt64, _ count: UInt64, _ word: UInt64, _ step: UInt64) {
    let entry = PagemapEntry(rawValue: word)
    coalescer.add(PagemapRun(address: address, pageCount: count, entry: entry, step: step))
  }
}
