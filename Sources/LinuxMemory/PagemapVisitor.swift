import BitLayout
import PhysicalMemory

/// Computes from page tables what `/proc/PID/pagemap` would say.
///
/// Linux fs/proc/task_mmu.c, pte_to_pagemap_entry and its likes for huge pages. The flags for files
/// and for exclusive use come from `struct page`; where `facts` do not say them they are unknown bits.
public struct PagemapVisitor: AreaVisitor {
  private let facts: FrameFacts
  private let kernel: LinuxKernel
  private let pageShift: UInt64
  private let areasAreKnown: Bool
  private var coalescer: PagemapCoalescer

  /// Prepares for pages of 2 to the power of `pageShift` bytes.
  ///
  /// - Parameters:
  ///   - facts: what is known of frames.
  ///   - kernel: the kernel that is to say it.
  ///   - pageShift: the size of a page as a power of 2.
  ///   - areasAreKnown: whether the areas are those of the process; if not, nothing is told by them.
  public init(
    _ facts: FrameFacts, _ kernel: LinuxKernel, pageShift: UInt64, areasAreKnown: Bool = true
  ) {
    self.facts = facts
    self.kernel = kernel
    self.pageShift = pageShift
    self.areasAreKnown = areasAreKnown
    coalescer = PagemapCoalescer(pageShift: pageShift)
  }

  /// The runs so far.
  public mutating func runs() -> [PagemapRun] { coalescer.finish() }

  /// Adds the words of a piece.
  public mutating func visit(_ piece: AreaPiece) -> Bool {
    guard let reading = piece.reading else {
      var run = PagemapRun(
        address: piece.address, pageCount: piece.pageCount, entry: nil, step: 0)
      run.missing = piece.missing
      coalescer.add(run)
      return true
    }
    var word = PartlyKnownWord()
    if piece.area.flags.contains(.softDirty) { word.bits |= PagemapEntry.softDirty.mask }
    if reading.isPresent {
      addPresent(piece, reading, word)
      return true
    }
    let step = reading.swapType == nil ? 0 : addSwap(piece, reading, &word)
    add(piece.address, piece.pageCount, word, step)
    return true
  }

  private mutating func addPresent(
    _ piece: AreaPiece, _ reading: LinuxEntryReading, _ area: PartlyKnownWord
  ) {
    // Pagemap has holes where frames are mapped that have no struct page by design.
    guard !piece.area.flags.contains(.frameMap), let page = reading.frame else {
      return add(piece.address, piece.pageCount, area, 0)
    }
    var word = area
    word.bits |= PagemapEntry.present.mask
    if reading.isSoftDirty { word.bits |= PagemapEntry.softDirty.mask }
    if reading.isUserfaultWriteProtected { word.bits |= PagemapEntry.userfaultWriteProtect.mask }
    let head = page.rawValue >> pageShift
    let first = head + piece.pagesBefore
    var done: UInt64 = 0
    while done < piece.pageCount {
      let frame = first + done
      let whole = piece.level > 1 ? head..<(first + piece.pageCount) : frame..<(frame + 1)
      let (flags, mapCount, end) = facts.facts(at: frame, of: whole)
      let count = min(piece.pageCount - done, end - frame)
      var one = word
      if !reading.isSpecial { one.add(flags, mapCount) }
      one.bits |= frame & PagemapEntry.frame.mask
      add(piece.address + (done << pageShift), count, one, 1)
      done += count
    }
  }

  private func addSwap(
    _ piece: AreaPiece, _ reading: LinuxEntryReading, _ word: inout PartlyKnownWord
  ) -> UInt64 {
    guard let type = reading.swapType else { return 0 }
    if reading.isUserfaultWriteProtected || reading.markers.contains(.userfaultWriteProtect) {
      word.bits |= PagemapEntry.userfaultWriteProtect.mask
    }
    // Of what is not in memory the walk of hugetlbfs says no more (5.19, pagemap_hugetlb_range).
    guard !piece.area.flags.contains(.hugePages) else { return 0 }
    // Of an entry that is about a frame, pagemap shows the number of the frame alone.
    let start = reading.swapFrame ?? reading.swapOffset ?? 0
    let offset = start &+ piece.pagesBefore
    word.bits |=
      PagemapEntry.swapped.mask | type & PagemapEntry.swapType.mask
      | (offset << UInt64(PagemapEntry.swapOffset.low)) & PagemapEntry.swapOffset.mask
    if reading.isSoftDirty { word.bits |= PagemapEntry.softDirty.mask }
    if reading.markers.contains(.guardRegion) { word.bits |= PagemapEntry.guardRegion.mask }
    if let frame = reading.swapFrame, kernel.knowsPage(of: reading) {
      let (flags, mapCount, _) = facts.facts(at: frame, of: frame..<(frame + 1))
      // Nobody counts who maps a page that is on its way.
      word.add(flags, reading.state == .migration ? 0 : mapCount)
    }
    return piece.level > 1 ? 1 << UInt64(PagemapEntry.swapOffset.low) : 0
  }

  private mutating func add(
    _ address: UInt64, _ count: UInt64, _ word: PartlyKnownWord, _ step: UInt64
  ) {
    var run = PagemapRun(
      address: address, pageCount: count, entry: PagemapEntry(rawValue: word.bits), step: step)
    run.unknownBits = word.unknown
    // Kernels without soft-dirty bits in entries have no areas that count as dirty either.
    if !areasAreKnown, kernel.bits.softDirty != nil {
      run.unknownBits |= PagemapEntry.softDirty.mask & ~word.bits
    }
    coalescer.add(run)
  }
}

/// A word, and the bits of it that are not known.
private struct PartlyKnownWord {
  var bits: UInt64 = 0
  var unknown: UInt64 = 0

  /// Adds what the `struct page` of a page says.
  mutating func add(_ flags: UInt64?, _ mapCount: Int?) {
    let known = FrameFacts.Flags.self
    if let flags {
      if !known.anonymous.isSet(in: flags) { bits |= PagemapEntry.file.mask }
    } else {
      unknown |= PagemapEntry.file.mask
    }
    // Nobody counts who maps the huge page of zeros.
    if let flags, known.zeroPage.isSet(in: flags) { return }
    guard let mapCount else { return unknown |= PagemapEntry.exclusive.mask }
    if mapCount == 1 { bits |= PagemapEntry.exclusive.mask }
  }
}

extension LinuxKernel {
  /// Whether pagemap looks at the page that an entry for a page elsewhere is about (is_pfn_swap_entry).
  fileprivate func knowsPage(of reading: LinuxEntryReading) -> Bool {
    // Broken pages were added last.
    reading.state != .hwpoison || version >= LinuxVersion(6, 9)
  }
}
