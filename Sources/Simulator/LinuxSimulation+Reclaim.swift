import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// Memory is taken back: pages go into swap, back to their files, or away.
extension LinuxSimulation {
  /// Frees a page where none is left; false where nothing can be freed.
  ///
  /// Pages of files go first, as they do where swappiness is what it is unless somebody has changed it; the
  /// oldest before the others, whoever maps it.
  func reclaim() -> Bool { dropFilePage() || swapOutPage() }

  private func dropFilePage() -> Bool {
    for _ in 0..<filePages.count {
      guard let frame = filePages.popFirst(), let (file, page) = pages[frame]?.file, !file.isMemory
      else { continue }
      guard evict(frame) else {
        filePages.append(frame)
        continue
      }
      drop(frame, page, file)
      event("page \(page) of \(file.name) leaves the page cache: no frame is left")
      return true
    }
    return false
  }

  private func swapOutPage() -> Bool {
    let before = freeCount
    // What was written since MADV_FREE goes when it is looked at for the second time.
    for _ in 0..<2 * swappable.count {
      guard let frame = swappable.popFirst(), let page = pages[frame], !page.isTable,
        page.file?.file.isMemory ?? true
      else { continue }
      // Shared memory is not even unmapped where swap has no room for it.
      if page.file == nil || swap.map({ $0.places.freeCount > 0 }) == true, evict(frame) {
        dropFromSwapCache(frame)
      }
      if freeCount > before { return true }
      swappable.append(frame)
    }
    return false
  }

  private func drop(_ frame: UInt64, _ page: UInt64, _ file: LinuxFile) {
    if pages[frame]?.isDirty == true, !file.isMemory { file.disk[page] = memory.page(frame) }
    file.cache[page] = nil
    release(frame)
  }

  private func dropFromSwapCache(_ frame: UInt64) {
    guard let page = pages[frame], page.mappers.isEmpty, let place = page.swap else { return }
    event("frame \(frame.hex) is freed: page \(place.hex) of swap has its content")
    swap?.change(place) { $0.frame = nil }
    release(frame)
  }

  func swapOut(_ range: ClosedRange<UInt64>, _ process: LinuxProcessState) {
    let (start, end) = pages(of: range)
    swapOut(start, end, process)
  }

  /// Reclaims the pages of a range: anonymous ones into swap, those of files to their file.
  ///
  /// A call of the program leaves alone what others map too, lest it interfere with them; of files, what is
  /// clean leaves the page cache by it, and what is not stays there (shrink_folio_list).
  func swapOut(
    _ start: UInt64, _ end: UInt64, leavesShared: Bool = false, isCall: Bool = false,
    _ process: LinuxProcessState
  ) {
    for area in process.areas(in: start, end) where !area.isLocked {
      var next = max(start, area.start)
      while let found = nextEntry(from: next, to: min(end, area.end), process) {
        next = found.end
        guard let frame = frame(of: found.entry, level: found.level), !isZero(frame),
          !leavesShared || !isShared(frame)
        else { continue }
        if isCall, isPartOfFolio(frame) {
          next = pageOut(found, frame, to: min(end, area.end), process)
        } else if found.level > 1 {
          // Its small pages come next.
          split(found.address, process)
          next = found.address
        } else {
          _ = evict(frame, byCall: isCall)
        }
      }
    }
  }

  /// Shared memory that no area has any more is gone, with its pages.
  func dropIfUnused(_ file: LinuxFile) {
    guard file.isMemory, file.areaCount == 0 else { return }
    for (_, frame) in file.cache.sorted(by: { $0.key < $1.key }) { release(frame) }
    for (_, place) in file.swapped.sorted(by: { $0.key < $1.key }) {
      swap?.change(place) { $0.entries -= 1 }
    }
    (file.cache, file.swapped) = ([:], [:])
  }

  /// Takes a page out of all page tables; false where that cannot be done.
  func evict(_ frame: UInt64, byCall: Bool = false) -> Bool {
    guard let page = pages[frame], !isPinned(frame) else { return false }
    let users = page.mappers.compactMap { mapper in
      processes[pid: mapper.pid].map { ($0, mapper.address) }
    }
    let isLocked = users.contains { $0.area(of: $1)?.isLocked == true }
    guard !isLocked, users.count == page.mappers.count else { return false }
    for (process, address) in users where entry(of: address, process).level == 2 {
      split(address, process)
    }
    if page.file != nil { return evictFile(frame, users, byCall: byCall) }
    let isWritten = users.contains { process, address in
      entries.page(of: entry(of: address, process).entry).isDirty
    }
    if page.isLazyFree {
      guard !isWritten, !page.isDirty else {
        // No room in swap was looked for: it counts as in use again, and stays this time (try_to_unmap_one).
        pages[frame]?.isLazyFree = false
        event("frame \(frame.hex) was written since MADV_FREE, and stays")
        return false
      }
      for (process, address) in users { unmap(address, process) }
      event("frame \(frame.hex) is dropped: nobody wrote to it since MADV_FREE")
      return true
    }
    guard let place = page.swap ?? putIntoSwap(frame) else { return false }
    if page.swap != nil, page.isDirty || isWritten {
      swap?.change(place) { $0.content = memory.content(of: frame) }
    }
    pages[frame]?.isDirty = false
    pages[frame]?.isHuge = false
    let isExclusive = page.isExclusive && users.count == 1
    pages[frame]?.isExclusive = false
    for (process, address) in users {
      let now = entries.page(of: entry(of: address, process).entry)
      let next = entries.swap(
        type: 0, offset: place, isSoftDirty: now.isSoftDirty, isExclusive: isExclusive,
        isUserfaultProtected: now.isUserfaultProtected)
      swap?.change(place) { $0.entries += 1 }
      if let entryPlace = self.place(of: address, process) {
        store(next, at: entryPlace, address, process)
      }
    }
    pages[frame]?.mappers = []
    return true
  }

  private func putIntoSwap(_ frame: UInt64) -> UInt64? {
    let place = swap?.take(.init(content: memory.content(of: frame), entries: 0, frame: frame))
    guard let place else {
      event("swap has no room for frame \(frame.hex)")
      return nil
    }
    pages[frame]?.swap = place
    event("frame \(frame.hex) is written to page \(place.hex) of swap")
    return place
  }

  private func evictFile(
    _ frame: UInt64, _ users: [(LinuxProcessState, UInt64)], byCall: Bool
  ) -> Bool {
    guard let (file, page) = pages[frame]?.file else { return false }
    for (process, address) in users { unmapRemembering(address, process) }
    if file.isMemory {
      guard
        let place = swap?.take(
          .init(content: memory.content(of: frame), entries: 1, frame: nil))
      else { return true }
      breakUp(frame)
      file.swapped[page] = place
      file.cache[page] = nil
      release(frame)
      event("page \(page) of \(file.words) is written to page \(place.hex) of swap")
    } else if byCall {
      if pages[frame]?.isDirty == false {
        drop(frame, page, file)
        event("page \(page) of \(file.name) leaves the page cache")
      }
    } else if pages[frame]?.isDirty == true {
      file.disk[page] = memory.page(frame)
      pages[frame]?.isDirty = false
      event("page \(page) of \(file.name) is written back")
    }
    return true
  }

  func dropCaches() {
    for file in files.values.sorted(by: { $0.inode < $1.inode }) {
      for (page, frame) in file.cache.sorted(by: { $0.key < $1.key })
      where pages[frame]?.mappers.isEmpty == true && pages[frame]?.isDirty == false {
        drop(frame, page, file)
      }
    }
    for frame in pages.all.map(\.key) { dropFromSwapCache(frame) }
  }
}
