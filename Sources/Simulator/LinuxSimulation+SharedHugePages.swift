import LinuxMemory
import Paging
import PhysicalMemory

/// Huge pages of shared memory: the page cache has them, and areas that show all of one map it by one entry.
///
/// They come by MADV_COLLAPSE alone: `shmem_enabled` is `never` unless somebody has changed it. No table waits
/// for their splitting: what is split is unmapped, and comes back by faults.
extension LinuxSimulation {
  /// Makes one huge page of shared memory, whatever tables there are, and maps it; false where an entry is in
  /// the way, after which others are tried (Linux mm/khugepaged.c, collapse_file).
  func collapseShared(
    at huge: UInt64, _ file: LinuxFile, _ area: LinuxArea, _ process: LinuxProcessState
  ) throws(StepFailure) -> Bool {
    let first = area.filePage(of: huge)
    if !file.hasHugePage(from: first, pages) {
      try makeHuge(file, from: first)
      retractTables(of: file, from: first)
    }
    // Small entries say better what is protected (collapse_pte_mapped_thp).
    guard !area.isProtectNoted else { return false }
    let place = try makePlace(of: huge, level: 2, process)
    if let table = table(of: memory.entry(at: place), level: 2) {
      guard nextEntry(from: huge, to: huge + Self.hugeSize, process) == nil else { return false }
      store(0, at: place, level: 2, huge, process)
      release(table / frameSize)
    }
    guard memory.entry(at: place) == 0 else { return true }
    try mapSharedHuge(file, first, at: huge, isWrite: false, area, process)
    return true
  }

  /// The pages of a file move into frames that follow each other; those that were never there are zeros.
  private func makeHuge(_ file: LinuxFile, from first: UInt64) throws(StepFailure) {
    let numbers = first..<first + Self.hugeFrames
    let known = numbers.filter { file.cache[$0] != nil || file.swapped[$0] != nil }
    // An extent without any page is taken for one that was cut off.
    guard !known.isEmpty else { throw .linux(.invalidArgument) }
    // Who waits for pages that are missing is not to find them there.
    let isAwaited = processes.contains { process in
      process.areas.contains { $0.file === file && $0.isMissingNoted && $0.shows(numbers) }
    }
    guard known.count == numbers.count || !isAwaited else { throw .linux(.invalidArgument) }
    for number in known { _ = try cached(file, number) }
    guard known.allSatisfy({ file.cache[$0] != nil }), let frames = takeHuge() else {
      throw .linux(.noMemory)
    }
    for number in numbers {
      let target = frames + (number - first)
      if let source = file.cache[number] {
        memory.copy(source, to: target)
        for mapper in pages[source]?.mappers ?? PageMappers() {
          guard let process = processes[pid: mapper.pid] else { continue }
          unmapRemembering(mapper.address, process)
        }
        release(source)
      }
      file.cache[number] = target
      pages[target] = LinuxPage(file: (file, number), isDirty: true, isHuge: true)
      swappable.append(target)
    }
    event("\(Self.hugeFrames) pages of \(file.words) from page \(first) on become one huge page")
  }

  /// Takes the tables away that areas have above pages that became huge, so that faults map them by one entry;
  /// not where an area has entries that faults would not make anew (retract_page_tables).
  private func retractTables(of file: LinuxFile, from first: UInt64) {
    for process in processes {
      for area in process.areas
      where area.file === file && !area.hasOwnPages && !area.isProtectNoted {
        guard let huge = area.address(ofHugePage: first),
          let place = place(of: huge, level: 2, process),
          let table = table(of: memory.entry(at: place), level: 2)
        else { continue }
        store(0, at: place, level: 2, huge, process)
        release(table / frameSize)
      }
    }
  }

  /// Maps the huge page of shared memory that holds an address, by one entry; false where it is none, or the
  /// area cannot (do_set_pmd).
  func mapSharedHuge(
    _ address: UInt64, isWrite: Bool, _ area: LinuxArea, _ process: LinuxProcessState
  ) throws(StepFailure) -> Bool {
    guard let file = area.file, file.isMemory, !area.isHugeRefused else { return false }
    let huge = address / Self.hugeSize * Self.hugeSize
    guard area.start <= huge, huge + Self.hugeSize <= area.end,
      file.hasHugePage(from: area.filePage(of: huge), pages)
    else { return false }
    let place = try makePlace(of: huge, level: 2, process)
    guard memory.entry(at: place) == 0 else { return false }
    try mapSharedHuge(
      file, area.filePage(of: huge), at: huge, isWrite: isWrite, area, process)
    return true
  }

  private func mapSharedHuge(
    _ file: LinuxFile, _ first: UInt64, at huge: UInt64, isWrite: Bool, _ area: LinuxArea,
    _ process: LinuxProcessState
  ) throws(StepFailure) {
    guard let frame = file.cache[first] else { return }
    var page = rights(area)
    page.canWrite = area.canWrite && (isWrite || !wantsWriteNotice(area))
    (page.isDirty, page.isSoftDirty) = (isWrite, isWrite)
    try mapHuge(frame, at: huge, entries.present(frame, page, isHuge: true), process)
  }

  /// One entry of a huge page of shared memory goes; the page itself stays in the cache.
  func unmapSharedHuge(
    _ first: UInt64, at huge: UInt64, _ place: UInt64, _ process: LinuxProcessState
  ) {
    store(0, at: place, level: 2, huge, process)
    for index in 0..<Self.hugeFrames {
      pages[first + index]?.mappers.remove(
        .init(pid: process.pid, address: huge + index * frameSize))
    }
  }

  /// The pages around one that leaves memory are small ones from then on.
  func breakUp(_ frame: UInt64) {
    guard let (file, page) = pages[frame]?.file, pages[frame]?.isHuge == true else { return }
    let first = page / Self.hugeFrames * Self.hugeFrames
    for number in first..<first + Self.hugeFrames {
      if let frame = file.cache[number] { pages[frame]?.isHuge = false }
    }
  }
}

extension LinuxFile {
  /// Whether the pages from one on are a huge page.
  fileprivate func hasHugePage(from first: UInt64, _ pages: PageRecords) -> Bool {
    guard first % LinuxSimulation.hugeFrames == 0, let frame = cache[first] else { return false }
    return pages[frame]?.isHuge == true
  }
}

extension LinuxArea {
  /// Whether the area has some of these pages of its file.
  fileprivate func shows(_ numbers: Range<UInt64>) -> Bool {
    numbers.overlaps(page..<page + pageCount)
  }

  /// Where the area has all of the huge page of its file that begins with a page; nil where it has not.
  fileprivate func address(ofHugePage first: UInt64) -> UInt64? {
    guard first >= page, first + LinuxSimulation.hugeFrames <= page + pageCount else { return nil }
    let address = start + (first - page) * frameSize
    return address % LinuxSimulation.hugeSize == 0 ? address : nil
  }
}
