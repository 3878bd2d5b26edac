import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// fork and exit.
extension LinuxSimulation {
  func fork(
    _ parent: LinuxProcessState, _ name: String, pid: UInt64
  ) throws(StepFailure) {
    let child = try start(name, pid: pid)
    child.parent = parent
    unborn = child
    defer { unborn = nil }
    do throws(StepFailure) {
      for area in parent.areas { try copy(area, of: parent, to: child) }
    } catch {
      // Nothing that was copied halfway stays (Linux kernel/fork.c, dup_mmap).
      exit(child)
      throw error
    }
  }

  private func copy(
    _ area: LinuxArea, of parent: LinuxProcessState, to child: LinuxProcessState
  ) throws(StepFailure) {
    // Areas that share memory have it promised once for all.
    if area.isAccounted, !area.isShared { try account(area.pageCount) }
    var copied = area
    copied.isLocked = false
    (copied.isMissingNoted, copied.isProtectNoted) = (false, false)
    child.inherit(copied)
    // Areas without pages of their own and without guards are filled again by faults.
    guard area.hasOwnPages else { return }
    var next = area.start
    while let found = nextWholeEntry(from: next, to: area.end, parent) {
      // Huge pages of shared memory are mapped again by faults (copy_huge_pmd).
      guard found.level == 1 || area.isAnonymous else {
        next = found.end
        continue
      }
      let table = found.level > 1 ? try takeTable() : nil
      _ = try makePlace(of: found.address, level: found.level, child)
      // Whoever was asked for tables may have taken the page itself.
      guard entry(of: found.address, parent) == (found.entry, found.level) else {
        if let table { release(table) }
        continue
      }
      if let table { child.deposited.append(table) }
      try copy(found, isShared: area.isShared, parent, child)
      next = found.end
    }
  }

  private func copy(
    _ found: FoundEntry, isShared: Bool, _ parent: LinuxProcessState, _ child: LinuxProcessState
  ) throws(StepFailure) {
    let (entry, level, address, place) = (found.entry, found.level, found.address, found.place)
    let reading = entries.decoder.reading(of: entry, level: level)
    if reading.isPresent, let frame = reading.frame?.frame {
      var page = entries.page(of: entry)
      if !isShared { page.canWrite = false }
      if !isShared, !isZero(frame) {
        for part in frame..<frame + (level == 2 ? Self.hugeFrames : 1) {
          pages[part]?.isExclusive = false
        }
      }
      store(
        entries.changed(reading.state, frame, page, isHuge: level == 2), at: place, level: level,
        address, parent)
      // The child has not used the page yet (copy_present_pte: pte_mkold).
      (page.isUserfaultProtected, page.isYoung) = (false, false)
      // Who shares a page has not written to it as long as only the other has.
      if isShared { page.isDirty = false }
      let next = entries.changed(reading.state, frame, page, isHuge: level == 2)
      if level == 2 {
        try mapHuge(frame, at: address, next, child)
      } else {
        try map(frame, at: address, next, child)
      }
    } else if reading.state == .swap, let offset = reading.swapOffset {
      // Nobody has the page alone now; userfaultfd goes on watching the parent only.
      func entry(isUserfaultProtected: Bool) -> UInt64 {
        entries.swap(
          type: 0, offset: offset, isSoftDirty: reading.isSoftDirty,
          isUserfaultProtected: isUserfaultProtected)
      }
      store(
        entry(isUserfaultProtected: reading.isUserfaultWriteProtected), at: place, address, parent)
      store(
        entry(isUserfaultProtected: false), at: try makePlace(of: address, child), address, child)
      swap?.change(offset) { $0.entries += 1 }
    } else if reading.markers.contains(.guardRegion) {
      store(entry, at: try makePlace(of: address, child), address, child)
    }
  }

  func exit(_ process: LinuxProcessState) {
    zap(0, Self.userEnd, process)
    let gone = process.removeAreas(in: 0, Self.userEnd).compactMap(\.file)
    for file in gone { dropIfUnused(file) }
    freeAllTables(below: process.root, level: Format.levelCount)
    release(process.root / frameSize)
    processes.remove(process)
  }
}
