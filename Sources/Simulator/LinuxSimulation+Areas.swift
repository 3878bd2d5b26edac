import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// mmap, munmap, mprotect, mlock.
extension LinuxSimulation {
  func bounds(
    _ range: ClosedRange<UInt64>
  ) throws(StepFailure) -> (start: UInt64, end: UInt64) {
    let start = range.lowerBound
    guard start % frameSize == 0, range.upperBound < Self.userEnd else {
      throw .linux(start % frameSize == 0 ? .noMemory : .invalidArgument)
    }
    return (start, (range.upperBound / frameSize + 1) * frameSize)
  }

  /// TASK_SIZE: the last page that programs could address is never theirs.
  static let userEnd: UInt64 = (1 << 47) - frameSize

  /// The end of the largest file: MAX_LFS_FILESIZE and the byte after it.
  static let fileEnd: UInt64 = 1 << 63

  /// The pages that hold a range, as far as programs may have any.
  func pages(of range: ClosedRange<UInt64>) -> (start: UInt64, end: UInt64) {
    let end =
      range.upperBound < Self.userEnd
      ? (range.upperBound / frameSize + 1) * frameSize : Self.userEnd
    return (range.lowerBound / frameSize * frameSize, end)
  }

  func mmap(
    _ statement: Scenario.MmapStatement, _ process: LinuxProcessState
  ) throws(StepFailure) {
    let (start, end) = try bounds(statement.range)
    guard start >= LinuxClassifier.lowestAddress else { throw .linux(.notPermitted) }
    guard !process.hasAreas(in: start, end) else { throw .linux(.exists) }
    try checkKind(of: statement, pages: (end - start) / frameSize)
    let rights = statement.rights
    // Shared memory may be written by whoever maps it next; private pages that nobody may write cost
    // nothing (Linux mm/mmap.c, accountable_mapping; mm/shmem.c, shmem_acct_size).
    let isAccounted =
      statement.isShared ? statement.file == nil : rights.contains(.write)
    if isAccounted { try account((end - start) / frameSize) }
    var file: LinuxFile?
    if let name = statement.file {
      guard let found = files[name] else {
        throw .mistake(
          "there is no file \(name) at this step", notes: ["`create-file` makes one"])
      }
      file = found
    } else if statement.isShared {
      file = LinuxFile(name: "", size: end - start, isMemory: true, inode: nextInode)
      nextInode += 1
    }
    process.insert(
      LinuxArea(
        start: start, end: end, canRead: rights.contains(.read),
        canWrite: rights.contains(.write), canExecute: rights.contains(.exec),
        isShared: statement.isShared, file: file,
        page: statement.file == nil ? 0 : statement.page,
        growsDown: statement.growsDown, isAccounted: isAccounted))
    // What cannot be brought in does not make the call fail.
    if statement.isPopulated { _ = try populate(start, end, process) }
  }

  /// Only private memory without a file grows down, and no file is larger than an offset can say (Linux
  /// mm/mmap.c, do_mmap and file_mmap_ok).
  private func checkKind(
    of statement: Scenario.MmapStatement, pages: UInt64
  ) throws(StepFailure) {
    guard statement.file != nil || statement.isShared else { return }
    guard statement.file == nil || statement.page + pages <= Self.fileEnd / frameSize else {
      throw .linux(.overflow)
    }
    guard !statement.growsDown else { throw .linux(.invalidArgument) }
  }

  /// Brings all pages of a range in; pages that could be written are written to.
  ///
  /// False where a page cannot be had (__mm_populate): there the kernel stops.
  func populate(
    _ start: UInt64, _ end: UInt64, isWrite: Bool? = nil, _ process: LinuxProcessState
  ) throws(StepFailure) -> Bool {
    for address in stride(from: start, to: end, by: Int(frameSize)) {
      guard let area = process.area(of: address), area.isAccessible else { return false }
      let writes = isWrite ?? (area.canWrite && !area.isShared)
      let kind: Scenario.AccessKind =
        writes ? .write : area.canRead || area.canWrite ? .read : .execute
      try access(.init(kind, address...address), process, isSilent: true)
      guard report.status != nil else { continue }
      if !isLeftWithoutAnswer { report.status = nil }
      return false
    }
    return true
  }

  /// Whether whoever does the step gets no answer: it ends without memory, or waits for a userfaultfd.
  var isLeftWithoutAnswer: Bool {
    report.status == StepStatus(linux: .killed) || report.status == StepStatus(linux: .waits)
  }

  func munmap(_ range: ClosedRange<UInt64>, _ process: LinuxProcessState) throws(StepFailure) {
    // Other calls find no area there (do_vmi_munmap).
    guard range.upperBound < Self.userEnd else { throw .linux(.invalidArgument) }
    let (start, end) = try bounds(range)
    zap(start, end, process)
    let gone = process.removeAreas(in: start, end).compactMap(\.file)
    for file in gone { dropIfUnused(file) }
    freeTables(start, end, process)
  }

  /// Takes all entries of a range away.
  func zap(
    _ start: UInt64, _ end: UInt64, keepingMarkers: Bool = false, _ process: LinuxProcessState
  ) {
    forEachEntry(start, end, process) { address, _, entry, level in
      if level > 1 { return unmapHuge(address, process) }
      guard keepingMarkers else { return unmap(address, process) }
      let reading = entries.decoder.reading(of: entry, level: level)
      if reading.markers.isEmpty { unmapRemembering(address, process) }
    }
  }

  func mprotect(
    _ range: ClosedRange<UInt64>, _ rights: Set<Scenario.MemoryRight>,
    _ process: LinuxProcessState
  ) throws(StepFailure) {
    let (start, end) = try bounds(range)
    // What comes before a hole is changed all the same.
    let reached = process.coveredEnd(start, end)
    for index in process.isolate(start, reached) {
      let area = process[index]
      // Where nothing is changed no entry is looked at either (mprotect_fixup).
      guard !area.has(rights) else { continue }
      if rights.contains(.write), !area.isShared, !area.isAccounted {
        try account(area.pageCount)
        process[index].isAccounted = true
      }
      process[index].canRead = rights.contains(.read)
      process[index].canWrite = rights.contains(.write)
      process[index].canExecute = rights.contains(.exec)
      process.noteChanged(area)
      changeRights(area.start, area.end, process)
      guard area.isLocked, !area.isShared, !area.canWrite, rights.contains(.write),
        kernel.version >= LinuxVersion(4, 2)
      else { continue }
      // What is locked and may be written from now on is brought in at once (mprotect_fixup).
      guard try populate(area.start, area.end, process) || !isLeftWithoutAnswer else { return }
    }
    guard reached == end else { throw .linux(.noMemory) }
  }

  /// Gives the entries of a range the rights of their areas; what may be written again faults first,
  /// unless the kernel sees that it need not.
  private func changeRights(
    _ start: UInt64, _ end: UInt64, _ process: LinuxProcessState
  ) {
    forEachEntry(start, end, process) { address, place, entry, level in
      guard let area = process.area(of: address),
        let frame = self.frame(of: entry, level: level)
      else { return }
      let reading = entries.decoder.reading(of: entry, level: level)
      guard reading.isPresent else { return }
      var page = entries.page(of: entry)
      page.canExecute = area.canExecute
      page.canWrite = area.canWrite && (page.canWrite || mayUpgrade(page, frame, area))
      var next = entries.present(frame, page, isHuge: level == 2)
      if !area.isAccessible { next = entries.protNone(next) }
      store(next, at: place, level: level, address, process)
    }
  }

  func mlock(
    _ range: ClosedRange<UInt64>, isLocked: Bool, _ process: LinuxProcessState
  ) throws(StepFailure) {
    // Whole pages are locked, whatever is asked for (do_mlock).
    let (start, end) = try bounds(range.lowerBound / frameSize * frameSize...range.upperBound)
    let reached = process.coveredEnd(start, end)
    for index in isolate(start, reached, process, where: { $0.isLocked != isLocked }) {
      process[index].isLocked = isLocked
    }
    guard reached == end else { throw .linux(.noMemory) }
    guard isLocked else { return }
    // The areas stay locked where a page cannot be had (__mlock_posix_error_return).
    guard try populate(start, end, process) || isLeftWithoutAnswer else {
      throw .linux(.noMemory)
    }
  }
}

extension LinuxArea {
  /// Whether the area has these rights and no others.
  fileprivate func has(_ rights: Set<Scenario.MemoryRight>) -> Bool {
    canRead == rights.contains(.read) && canWrite == rights.contains(.write)
      && canExecute == rights.contains(.exec)
  }
}
