import BitLayout
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Frames: where they come from, and what a step says of them.
extension WindowsSimulation {
  /// Takes a frame: one that the step names, else from the zeroed, the free and the standby list; what need
  /// not be zero is taken from the free list first.
  ///
  /// Where all are empty, modified pages are written and the oldest pages of working sets are trimmed,
  /// until nothing is left that could be (Windows Internals, 7th edition, Part 1, Chapter 5).
  func takeFrame(isZeroed: Bool) throws(StepFailure) -> UInt64 {
    if let wanted = wantedFrames.first {
      wantedFrames.removeFirst()
      guard let frame = frames.take(named: wanted.value / frameSize) else {
        throw .taken(wanted)
      }
      memory.zero(frame: frame)
      return frame
    }
    while true {
      if !isZeroed, let frame = frames.takeFree() { return frame }
      if let frame = frames.takeZeroed() {
        memory.noteTaken(frame)
        return frame
      }
      if let frame = frames.takeFree() {
        memory.zero(frame: frame)
        return frame
      }
      guard try reclaim() else { throw .status(.noMemory) }
    }
  }

  /// Makes a frame free; false where nothing can be done.
  private func reclaim() throws(StepFailure) -> Bool {
    if try repurpose(count: 1) > 0 { return true }
    if try writeModified(count: 1, toStore: false) > 0 { return true }
    return try trimOldest()
  }

  /// Trims the page that has been longest in a working set, of the process that has most of them, or of the
  /// next where all that it has must stay.
  private func trimOldest() throws(StepFailure) -> Bool {
    for process in processes.sorted(by: { $0.workingSet.count > $1.workingSet.count }) {
      var next = process.workingSet.oldest
      while let page = next {
        next = process.workingSet.next(after: page)
        guard try trim(page, of: process) else { continue }
        event("\((page * frameSize).hex) of \(process.name) is trimmed: no frame is left")
        return true
      }
    }
    return false
  }

  // MARK: - Steps

  func beginStep() {
    let isReported = detail > .counts
    inspection.found = nil
    frames.beginStep(isJournaled: isReported)
    journal.beginStep(isOpen: isReported)
    report.count(frames.listCounts, frames.listNames)
  }

  /// Brings the database up to date and completes the report of the step.
  func finishStep() throws(StepFailure) {
    if frames.hasStale { try writeDatabase() }
    if frames.hasUnchecked { report.count(after: frames.listCounts) }
    guard detail > .counts else { return }
    told.entries = journal.changes.compactMap(entryReport)
    told.moreEntries = journal.overflow
    let changes = frames.changes(upTo: StepChanges.limit)
    told.frames = changes.kept.map { frame, before in
      FrameChange(number: frame, before: before, after: frames[frame])
    }
    told.moreFrames = changes.more
    report.changes = told
  }

  private func entryReport(_ change: EntryJournal.Change) -> ChangedEntry? {
    // A table that was given back has no entries any more.
    let use = frames[change.place / frameSize].use
    let after = use == .table || use == .kernel ? memory.entry(at: change.place) : 0
    guard after != change.before else { return nil }
    let table: PTETable = change.isPrototype ? .prototype : .process
    func meaning(_ entry: UInt64) -> String {
      let reading = decoder.reading(of: entry, level: change.level, table: table)
      // Entries that lead to tables say all that there is to say of them.
      let isPage = reading.state == .large || reading.state == .valid && change.level == 1
      return reading.words + (isPage ? entries.pageWords(of: entry) : "")
    }
    return ChangedEntry(
      name: change.isPrototype ? "prototype PTE" : state.mode.entryName(change.level),
      level: change.level, isPrototype: change.isPrototype,
      address: VirtualAddress(change.address), process: change.process,
      place: PhysicalAddress(change.place), size: state.entrySize, before: change.before,
      after: after,
      meaningBefore: meaning(change.before), meaningAfter: meaning(after))
  }
}

extension WindowsEntries {
  /// What the memory manager keeps in the entry of a page that is in use: ` write dirty accessed`.
  fileprivate func pageWords(of entry: UInt64) -> String {
    func has(_ name: String) -> Bool { field(named: name)?.isSet(in: entry) ?? false }
    let (set, clear) = dirtyMark
    return (isWritable(entry) ? " write" : "") + (has("CopyOnWrite") ? " copy-on-write" : "")
      + (entry & (set | clear) == set ? " dirty" : "") + (has("Accessed") ? " accessed" : "")
  }
}

extension PTEReading {
  /// The reading in a few words: `transition 0x1234 PAGE_READWRITE`.
  var words: String {
    var words = [state.rawValue]
    if let pfn { words.append(pfn.hex) }
    if let pageFile { words.append("\(pageFile):\((pageFileOffset ?? 0).hex)") }
    if let address = prototypeAddress ?? subsectionAddress { words.append(address.hex) }
    if let protection, protection != .zeroAccess {
      words.append(protection.pageName)
      if protection.modifier != .none { words.append(protection.modifier.rawValue) }
    }
    return words.joined(separator: " ")
  }
}
