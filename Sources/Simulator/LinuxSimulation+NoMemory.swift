import LinuxMemory
import Paging
import PhysicalMemory

/// What becomes of those who want memory where there is none.
///
/// ENOMEM says that memory is not *promised*: mmap, mprotect and fork are refused what could never be there. A
/// page or a table that is needed at once is not refused, in a fault or in a call: allocations of a few pages
/// are tried again for as long as the OOM killer finds somebody to end (Linux mm/page_alloc.c,
/// __alloc_pages_slowpath), so that a fork for whose tables there is no room goes on once another process has
/// died, and ends by SIGKILL where its own is the one that is chosen. Limits of control groups are not
/// simulated, and nor are reserves: every frame may be taken.
extension LinuxSimulation {
  /// Promises memory for the pages of an area (Linux mm/util.c, __vm_enough_memory, where overcommit_memory is
  /// what it is unless somebody has changed it).
  func account(_ count: UInt64) throws(StepFailure) {
    guard kernel.version < LinuxVersion(5, 2) else {
      guard count <= totalPages + (swap?.places.usableCount ?? 0) else { throw .linux(.noMemory) }
      return
    }
    // Before, it had to be free at the moment, or easily made so.
    guard count < UInt64(freeCount + pages.droppable) + (swap?.places.freeCount ?? 0) else {
      throw .linux(.noMemory)
    }
  }

  /// Ends the process that takes most; where that is the one that asks, all it gets is the signal.
  func killForMemory() throws(StepFailure) {
    // Nothing can be ended before the first step.
    guard let current, let victim = victim() else { throw .linux(.noMemory) }
    guard victim !== current else { throw .linux(.killed) }
    end(victim)
  }

  /// The OOM killer ends a process.
  func end(_ process: LinuxProcessState) {
    event("no memory is left: the OOM killer ends \(process.name) (\(process.pid))")
    exit(process)
  }

  /// Whom the OOM killer chooses (Linux mm/oom_kill.c, select_bad_process): all count alike, as nobody has set
  /// oom_score_adj.
  private func victim() -> LinuxProcessState? {
    let chosen = worst(of: processes.filter { $0 !== unborn })
    // Before 5.1 a child is ended for its parent, lest much work be lost.
    guard let chosen, kernel.version < LinuxVersion(5, 1) else { return chosen }
    return worst(of: processes.filter { $0.parent === chosen && $0 !== unborn }) ?? chosen
  }

  /// The process with the most pages; of two with as many the later one, as it is from 5.3 on.
  private func worst(of candidates: [LinuxProcessState]) -> LinuxProcessState? {
    let isLaterChosen = kernel.version >= LinuxVersion(5, 3)
    var worst: (process: LinuxProcessState, badness: Int)?
    for process in candidates {
      let badness = badness(of: process)
      if let worst, badness < worst.badness || badness == worst.badness && !isLaterChosen {
        continue
      }
      worst = (process, badness)
    }
    return worst?.process
  }

  /// The pages that would be free without a process (oom_badness): those in memory and in swap, and tables.
  private func badness(of process: LinuxProcessState) -> Int {
    var count = process.deposited.count + tableCount(below: process.root, level: Format.levelCount)
    forEachEntry(0, Self.userEnd, process) { _, _, entry, level in
      let reading = entries.decoder.reading(of: entry, level: level)
      let isCounted =
        reading.frame.map { reading.isPresent && !isZero($0.frame) } ?? (reading.state == .swap)
      if isCounted { count += level > 1 ? Int(Self.hugeFrames) : 1 }
    }
    return count
  }

  private func tableCount(below base: UInt64, level: Int) -> Int {
    tables(in: base, level: level).reduce(0) { count, table in
      count + 1 + (level > 2 ? tableCount(below: table, level: level - 1) : 0)
    }
  }
}
