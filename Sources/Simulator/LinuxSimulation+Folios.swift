import LinuxMemory
import Paging
import PhysicalMemory

/// Folios: the 512 pages that were made as one huge page, and stay together while small entries map them.
extension LinuxSimulation {
  /// Whether a frame is part of a folio of anonymous memory that has more pages.
  func isPartOfFolio(_ frame: UInt64) -> Bool {
    guard let page = pages[frame] else { return false }
    return page.isHuge && page.isAnonymous
  }

  /// The frames of the folio that a frame is of.
  private func folio(of frame: UInt64) -> Range<UInt64> {
    guard isPartOfFolio(frame) else { return frame..<frame + 1 }
    let first = frame / Self.hugeFrames * Self.hugeFrames
    return first..<first + Self.hugeFrames
  }

  /// Whether other entries too map a page of the folio that a frame is of (folio_maybe_mapped_shared).
  func isShared(_ frame: UInt64) -> Bool {
    folio(of: frame).contains { (pages[$0]?.mappers.count ?? 0) > 1 }
  }

  /// The end of what a call takes at once, from an entry on: of the page, or of the whole folio where the range
  /// has all its entries; nil where it has a part of a folio (madvise_folio_pte_batch).
  func wholeEnd(
    of found: FoundEntry, _ frame: UInt64, to end: UInt64, _ process: LinuxProcessState
  ) -> UInt64? {
    guard isPartOfFolio(frame) else { return found.end }
    let (start, stop) = (found.address, found.address + Self.hugeSize)
    guard stop <= end, start % Self.hugeSize == 0 else { return nil }
    guard found.level == 1 else { return found.end }
    let frames = folio(of: frame)
    let isWhole = frames.allSatisfy { number in
      let address = start + (number - frames.lowerBound) * frameSize
      return self.frame(of: entry(of: address, process).entry) == number
    }
    return isWhole ? stop : nil
  }

  /// A call takes pages back: a folio of which the range has a part is split first, and so is a whole one for
  /// which swap has no room (madvise_cold_or_pageout_pte_range, shrink_folio_list).
  ///
  /// - Returns: Where the call goes on.
  func pageOut(
    _ found: FoundEntry, _ frame: UInt64, to end: UInt64, _ process: LinuxProcessState
  ) -> UInt64 {
    let hasRoom = swap.map { $0.places.freeCount >= Self.hugeFrames } == true
    guard let stop = wholeEnd(of: found, frame, to: end, process),
      hasRoom || pages[frame]?.isLazyFree == true
    else { return splitFolio(of: frame, upTo: found) }
    if found.level > 1 { split(found.address, process) }
    for frame in folio(of: frame) { _ = evict(frame, byCall: true) }
    return stop
  }

  /// The pages of a folio are small ones from then on; from 6.12 on those that hold zeros give way to the page
  /// of zeros (split_folio, remove_migration_ptes).
  ///
  /// - Returns: Where whoever came upon an entry of the folio goes on: there again.
  func splitFolio(of frame: UInt64, upTo found: FoundEntry) -> UInt64 {
    var zeros = 0
    for frame in folio(of: frame) {
      guard let page = pages[frame], page.isHuge else { continue }
      let users = page.mappers.compactMap { mapper in
        processes[pid: mapper.pid].map { ($0, mapper.address) }
      }
      for (process, address) in users where entry(of: address, process).level == 2 {
        split(address, process)
      }
      pages[frame]?.isHuge = false
      let isWritten = users.contains { process, address in
        entries.page(of: entry(of: address, process).entry).isDirty
      }
      if isWritten { pages[frame]?.isDirty = true }
      guard kernel.version >= LinuxVersion(6, 12), memory.content(of: frame) == nil else {
        continue
      }
      for (process, address) in users where shareZeros(at: address, process) { zeros += 1 }
    }
    event("the pages of a huge page become small ones, \(zeros) of them the page of zeros")
    return found.address
  }

  /// Maps the page of zeros instead of one that holds nothing else; not in areas that are locked
  /// (try_to_map_unused_to_zeropage).
  private func shareZeros(at address: UInt64, _ process: LinuxProcessState) -> Bool {
    guard let area = process.area(of: address), !area.isLocked else { return false }
    let before = entries.page(of: entry(of: address, process).entry)
    unmap(address, process)
    guard let place = place(of: address, process) else { return false }
    var page = rights(area)
    page.isSpecial = true
    if kernel.version >= LinuxVersion(6, 18) {
      page.isSoftDirty = before.isSoftDirty
      page.isUserfaultProtected = before.isUserfaultProtected
    }
    let entry = entries.present(zeroFrame, page)
    store(area.isAccessible ? entry : entries.protNone(entry), at: place, address, process)
    return true
  }
}
