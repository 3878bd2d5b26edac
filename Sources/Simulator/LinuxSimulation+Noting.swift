import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// Entries that make the next access fault so that somebody learns of it: NUMA hints and soft-dirty bits.
extension LinuxSimulation {
  func numaScan(_ range: ClosedRange<UInt64>, _ process: LinuxProcessState) {
    let (start, end) = pages(of: range)
    for area in process.areas(in: start, end) where isScanned(area) {
      forEachEntry(max(start, area.start), min(end, area.end), process) {
        address, place, entry, level in
        let reading = entries.decoder.reading(of: entry, level: level)
        guard reading.state == .present, let frame = reading.frame?.frame, !isZero(frame),
          level > 1 || isHinted(frame, area)
        else { return }
        let hint = entries.protNone(entry, keepingWrite: kernel.version < LinuxVersion(6, 2))
        store(hint, at: place, level: level, address, process)
      }
    }
  }

  /// Whether NUMA balancing looks at an area (Linux kernel/sched/fair.c, task_numa_work): not where
  /// nothing may be accessed, and from 3.15 on not at what looks like a library that many share.
  private func isScanned(_ area: LinuxArea) -> Bool {
    let isLibrary = area.file != nil && area.canRead && !area.canWrite
    return area.isAccessible && !(isLibrary && kernel.version >= LinuxVersion(3, 15))
  }

  /// Whether a small page gets a hint (Linux mm/mprotect.c, change_pte_range).
  private func isHinted(_ frame: UInt64, _ area: LinuxArea) -> Bool {
    guard let page = pages[frame] else { return false }
    let isOnDisk = page.file.map { !$0.file.isMemory } ?? false
    // What has to be written to a file first cannot be moved.
    if isOnDisk, page.isDirty, kernel.version >= LinuxVersion(4, 17) { return false }
    guard !area.isShared, kernel.version >= LinuxVersion(4, 16) else { return true }
    // Copy-on-write pages that others have too stay where they are; at first the other entries were
    // counted, then everybody who holds the page, and in the end the entries again.
    let countsHolders = (LinuxVersion(5, 17)..<LinuxVersion(6, 10)).contains(kernel.version)
    let holders = countsHolders ? (page.file == nil ? 0 : 1) + (page.swap == nil ? 0 : 1) : 0
    return page.mappers.count + holders == 1
  }

  func clearRefs(_ process: LinuxProcessState) throws(StepFailure) {
    guard kernel.bits.softDirty != nil else { throw .linux(.invalidArgument) }
    for node in process.nodes(in: 0, Self.userEnd) { process[node].isSoftDirty = false }
    for area in process.areas {
      forEachEntry(area.start, area.end, process) { address, place, entry, level in
        let reading = entries.decoder.reading(of: entry, level: level)
        if reading.isPresent, let frame = reading.frame?.frame {
          var page = entries.page(of: entry)
          (page.isSoftDirty, page.canWrite) = (false, false)
          store(
            entries.changed(reading.state, frame, page, isHuge: level == 2), at: place,
            level: level, address, process)
        } else if reading.state == .swap, let mask = kernel.swapEntry.softDirty?.mask {
          store(entry & ~mask, at: place, address, process)
        }
      }
    }
  }
}
