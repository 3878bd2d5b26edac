import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// fork and exit.
extension LinuxSimulation {
  func fork(
    _ parent: LinuxProcessState, _ name: String, pid: UInt64
  ) throws(StepFailure) {
    try start(name, pid: pid)
    guard let child = processes.last else { return }
    child.areas = parent.areas.map { area in
      var area = area
      area.isLocked = false
      (area.isMissingNoted, area.isProtectNoted) = (false, false)
      return area
    }
    // Areas without pages of their own are filled again by faults.
    for area in parent.areas where area.hasOwnPages && !area.isShared {
      try forEachEntry(area.start, area.end, parent) {
        (address, place, entry, level) throws(StepFailure) in
        try copy(entry, level, at: address, place, parent, child)
      }
    }
  }

  private func copy(
    _ entry: UInt64, _ level: Int, at address: UInt64, _ place: UInt64,
    _ parent: LinuxProcessState, _ child: LinuxProcessState
  ) throws(StepFailure) {
    let reading = entries.decoder.reading(of: entry, level: level)
    if reading.isPresent, let frame = reading.frame?.frame {
      var page = entries.page(of: entry)
      page.canWrite = false
      store(
        entries.changed(reading.state, frame, page, isHuge: level == 2), at: place, level: level,
        address, parent)
      page.isUserfaultProtected = false
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

  func exit(_ process: LinuxProcessState) throws(StepFailure) {
    for area in process.areas { try zap(area.start, area.end, process) }
    let gone = process.areas.compactMap(\.file)
    process.areas = []
    for file in gone { dropIfUnused(file) }
    freeAllTables(below: process.root, level: 4)
    release(process.root / frameSize)
    processes.removeAll { $0 === process }
  }
}
