import LinuxMemory
import Paging
import PhysicalMemory

/// Pages that are there and whose entry does not allow the access.
extension LinuxSimulation {
  /// NUMA balancing took the rights away, and gives them back (do_numa_page).
  func restoreRights(
    _ address: UInt64, _ entry: UInt64, _ level: Int, _ area: LinuxArea,
    _ process: LinuxProcessState
  ) {
    guard let place = place(of: address, level: level, process),
      let frame = frame(of: entry, level: level)
    else { return }
    var page = entries.page(of: entry)
    page.isYoung = true
    page.canExecute = area.canExecute
    let mayWrite = kernel.version < LinuxVersion(6, 2) ? false : mayUpgrade(page, frame, area)
    page.canWrite = area.canWrite && (page.canWrite || mayWrite)
    store(
      entries.present(frame, page, isHuge: level == 2), at: place, level: level,
      address / frameSize * frameSize, process)
  }

  /// Whether a page may be made writable without a fault (Linux mm/mprotect.c,
  /// can_change_pte_writable, since 6.0).
  ///
  /// Anonymous pages that nobody else has may; of shared ones those that were written, for their file
  /// system knows of it.
  func mayUpgrade(_ page: LinuxEntries.Page, _ frame: UInt64, _ area: LinuxArea) -> Bool {
    guard kernel.version >= LinuxVersion(6, 0), area.canWrite, !page.isSpecial,
      !(page.isUserfaultProtected && area.isProtectNoted), frame != hugeZeroFrame,
      let known = pages[frame],
      // Where soft-dirty is tracked, the first write after a clearing has to fault.
      area.isSoftDirty || page.isSoftDirty,
      // Only from 6.2 on an anonymous page need not have been written already.
      kernel.version >= LinuxVersion(6, 2) || page.isDirty
    else { return false }
    return area.isShared ? page.isDirty : known.isAnonymous && known.isExclusive
  }

  /// The page is the process's own, or is shared on purpose.
  func makeWritable(
    _ address: UInt64, _ entry: UInt64, _ level: Int, _ process: LinuxProcessState
  ) {
    guard let first = frame(of: entry, level: level),
      let place = place(of: address, level: level, process)
    else { return }
    for frame in first..<first + (level == 2 ? Self.hugeFrames : 1) {
      if pages[frame]?.isAnonymous == true {
        pages[frame]?.isExclusive = true
      } else {
        pages[frame]?.isDirty = true
      }
    }
    if pages[first]?.isAnonymous == true { leaveSwapCache(first) }
    var next = entries.page(of: entry)
    (next.canWrite, next.isDirty, next.isYoung, next.isSoftDirty) = (true, true, true, true)
    store(
      entries.present(first, next, isHuge: level == 2), at: place, level: level,
      address / frameSize * frameSize, process)
  }

  /// A copy takes the place of a page that others have too, or of the page of zeros.
  func copyPage(
    _ address: UInt64, _ entry: UInt64, _ area: LinuxArea, _ process: LinuxProcessState
  ) throws(StepFailure) {
    guard let source = frame(of: entry) else { return }
    pin(source)
    defer { unpin(source) }
    let frame = try takeFrame()
    if source != zeroFrame { memory.copy(source, to: frame) }
    unpin(source)
    unmap(address, process)
    try mapOwn(frame, at: address, area, process)
  }
}
