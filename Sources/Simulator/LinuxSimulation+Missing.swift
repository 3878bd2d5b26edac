import LinuxMemory
import Paging
import PhysicalMemory

/// Pages that are not there: made, read from a file, read from swap.
extension LinuxSimulation {
  func rights(_ area: LinuxArea) -> LinuxEntries.Page {
    LinuxEntries.Page(canExecute: area.canExecute)
  }

  func mapZero(
    _ address: UInt64, _ area: LinuxArea, _ process: LinuxProcessState
  ) throws(StepFailure) {
    mapZero(
      address / frameSize * frameSize, at: try makePlace(of: address, process), area, process)
  }

  /// The same, where the place of the page's entry is known.
  func mapZero(
    _ start: UInt64, at place: UInt64, _ area: LinuxArea, _ process: LinuxProcessState
  ) {
    var page = rights(area)
    page.isSpecial = true
    store(entries.present(zeroFrame, page), at: place, start, process)
  }

  func makePage(
    _ address: UInt64, _ area: LinuxArea, _ process: LinuxProcessState
  ) throws(StepFailure) {
    // Tables come before the page.
    _ = try makePlace(of: address, process)
    try mapOwn(try takeFrame(), at: address, area, process)
  }

  /// A page of the process's own, written.
  func mapOwn(
    _ frame: UInt64, at address: UInt64, _ area: LinuxArea, _ process: LinuxProcessState
  ) throws(StepFailure) {
    mapOwn(
      frame, address / frameSize * frameSize, at: try makePlace(of: address, process), area, process
    )
  }

  /// The same, where the place of the page's entry is known.
  func mapOwn(
    _ frame: UInt64, _ start: UInt64, at place: UInt64, _ area: LinuxArea,
    _ process: LinuxProcessState
  ) {
    if !area.hasOwnPages { process.noteOwnPage(at: start) }
    var page = rights(area)
    (page.canWrite, page.isDirty, page.isSoftDirty) = (area.canWrite, true, true)
    pages[frame] = LinuxPage(
      mappers: [.init(pid: process.pid, address: start)], isExclusive: true)
    swappable.append(frame)
    store(entries.present(frame, page), at: place, start, process)
  }

  /// A huge page; a small one where no huge one is free.
  func makeHugePage(
    _ address: UInt64, _ isWrite: Bool, _ area: LinuxArea, _ process: LinuxProcessState
  ) throws(StepFailure) {
    // The page of zeros counts as one of its own too, which a child is given (vmf_anon_prepare).
    process.noteOwnPage(at: address)
    _ = try makePlace(of: address, level: 2, process)
    let table = try takeTable()
    let first = isWrite ? takeHuge() : hugeZeroFrame ?? takeHuge()
    guard let first else {
      release(table)
      return isWrite
        ? try makePage(address, area, process) : try mapZero(address, area, process)
    }
    process.deposited.append(table)
    guard !isWrite else { return try mapOwnHuge(first, at: address, area, process) }
    if hugeZeroFrame == nil {
      for frame in first..<first + Self.hugeFrames { pages[frame] = LinuxPage() }
      hugeZeroFrame = first
    }
    try mapHuge(
      first, at: address / Self.hugeSize * Self.hugeSize,
      entries.present(first, rights(area), isHuge: true), process)
  }

  // MARK: - Files

  /// The frame of a page of a file, which is read where it is not in the cache.
  func cached(_ file: LinuxFile, _ page: UInt64) throws(StepFailure) -> UInt64 {
    if let frame = file.cache[page] { return frame }
    let frame = try takeFrame()
    if let place = file.swapped.removeValue(forKey: page) {
      memory.set(frame, to: swap?.slots[place]?.content ?? nil)
      swap?.change(place) { $0.entries -= 1 }
      event("page \(page) of \(file.words) is read from swap, page \(place.hex)")
    } else {
      memory.set(frame, to: file.content(ofPage: page))
      if !file.isMemory { event("page \(page) of \(file.name) is read") }
    }
    pages[frame] = LinuxPage(file: (file, page), isDirty: file.isMemory)
    file.cache[page] = frame
    if file.isMemory { swappable.append(frame) } else { filePages.append(frame) }
    return frame
  }

  func mapFilePage(
    _ address: UInt64, _ isWrite: Bool, _ area: LinuxArea, _ process: LinuxProcessState
  ) throws(StepFailure) {
    guard let file = area.file,
      try !mapSharedHuge(address, isWrite: isWrite, area, process)
    else { return }
    _ = try makePlace(of: address, process)
    let source = try cached(file, area.filePage(of: address))
    var page = rights(area)
    if area.isShared {
      page.canWrite = area.canWrite && (isWrite || !wantsWriteNotice(area))
      (page.isDirty, page.isSoftDirty) = (isWrite, isWrite)
      if isWrite { pages[source]?.isDirty = true }
    }
    if area.isProtectNoted {
      let marked = entries.decoder.reading(of: entry(of: address, process).entry, level: 1)
      page.isUserfaultProtected = marked.markers.contains(.userfaultWriteProtect)
      page.canWrite = page.canWrite && !page.isUserfaultProtected
    }
    try map(source, at: address, entries.present(source, page), process)
  }

  /// Whether the first write to a page of a shared area has to fault: file systems on disks are told of it, and
  /// from 6.2 on whoever may have it protected (vma_wants_writenotify).
  func wantsWriteNotice(_ area: LinuxArea) -> Bool {
    area.file?.isMemory == false || area.isProtectNoted && kernel.version >= LinuxVersion(6, 2)
  }

  func copyFilePage(
    _ address: UInt64, _ area: LinuxArea, _ process: LinuxProcessState
  ) throws(StepFailure) {
    guard let file = area.file else { return }
    _ = try makePlace(of: address, process)
    let source = try cached(file, area.filePage(of: address))
    pin(source)
    defer { unpin(source) }
    let frame = try takeFrame()
    memory.copy(source, to: frame)
    try mapOwn(frame, at: address, area, process)
  }

  /// Keeps a frame while others are looked for.
  func pin(_ frame: UInt64) {
    pages[frame]?.mappers.append(Self.pin(of: frame))
  }

  func unpin(_ frame: UInt64) {
    pages[frame]?.mappers.remove(Self.pin(of: frame))
  }

  func isPinned(_ frame: UInt64) -> Bool {
    pages[frame]?.mappers.contains(Self.pin(of: frame)) == true
  }

  /// The entry that stands for whoever keeps a frame: no process has the number 0.
  private static func pin(of frame: UInt64) -> LinuxPage.Mapper { .init(pid: 0, address: frame) }

  // MARK: - Swap

  /// The frame of a page of the swap area, which is read where it is not in the swap cache.
  func cached(swapPage offset: UInt64, _ slot: LinuxSwap.Slot) throws(StepFailure) -> UInt64 {
    if let frame = slot.frame { return frame }
    let frame = try takeFrame()
    memory.set(frame, to: slot.content)
    pages[frame] = LinuxPage(swap: offset)
    swappable.append(frame)
    swap?.change(offset) { $0.frame = frame }
    event("page \(offset.hex) of swap is read")
    return frame
  }

  /// Maps a page that is in swap; a write to a page that nobody else has makes it writable at once.
  func swapIn(
    _ address: UInt64, _ entry: UInt64, isReused: Bool, _ area: LinuxArea,
    _ process: LinuxProcessState
  ) throws(StepFailure) {
    let reading = entries.decoder.reading(of: entry, level: 1)
    guard let offset = reading.swapOffset, let slot = swap?.slots[offset] else { return }
    let frame = try cached(swapPage: offset, slot)
    var page = rights(area)
    page.isSoftDirty = reading.isSoftDirty
    page.isUserfaultProtected = reading.isUserfaultWriteProtected
    if isReused {
      (page.canWrite, page.isDirty) = (area.canWrite && !page.isUserfaultProtected, true)
      page.isSoftDirty = true
    } else if reading.isExclusive, kernel.version >= LinuxVersion(6, 11) {
      // From then on a page that nobody else has is writable after a read too.
      page.canWrite =
        area.canWrite && !page.isUserfaultProtected && (area.isSoftDirty || page.isSoftDirty)
    }
    let start = address / frameSize * frameSize
    store(entries.present(frame, page), at: try makePlace(of: address, process), start, process)
    pages[frame]?.mappers.append(.init(pid: process.pid, address: start))
    pages[frame]?.isExclusive = isReused || reading.isExclusive
    swap?.change(offset) { $0.entries -= 1 }
    if isReused { leaveSwapCache(frame) }
  }

  /// The copy in swap is worth nothing once the page is written (folio_free_swap).
  func leaveSwapCache(_ frame: UInt64) {
    guard let place = pages[frame]?.swap, swap?.slots[place]?.entries == 0 else { return }
    pages[frame]?.swap = nil
    pages[frame]?.isDirty = true
    swap?.change(place) { $0.frame = nil }
  }
}

extension LinuxFile {
  var words: String { isMemory ? "shared memory" : name }
}
