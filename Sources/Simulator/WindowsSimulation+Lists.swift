import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// What the kernel's own threads do with the lists, and what locks pages into memory.
extension WindowsSimulation {
  func trim(_ range: ClosedRange<UInt64>?, _ process: WindowsProcessState) throws(StepFailure) {
    let pages = range.map { self.pages(of: $0) }
    // In the order in which they entered the working set.
    for page in process.workingSet.pages where pages?.contains(page) ?? true {
      _ = try trim(page, of: process)
    }
  }

  /// Writes modified pages, from the front of the list; gives how many.
  @discardableResult
  func writeModified(count: UInt64?, toStore: Bool) throws(StepFailure) -> UInt64 {
    if toStore, !pageFiles.contains(where: \.isStore) {
      throw .mistake(
        "there is no store of compressed pages",
        notes: ["`page-files` has one with `store: true`, on kernels from Windows 10 on"])
    }
    return try forEach(of: .modified, upTo: count) { (frame) throws(StepFailure) in
      try write(frame, toStore: toStore)
    }
  }

  /// Does something with the frames of a list, from its front on, and gives with how many of them.
  ///
  /// It ends with `count` of them, or with the list. What is done may take the frame off the list.
  private func forEach(
    of location: PFNEntry.Location, upTo count: UInt64?,
    _ action: (UInt64) throws(StepFailure) -> Bool
  ) throws(StepFailure) -> UInt64 {
    var done: UInt64 = 0
    var next = frames.first(of: location)
    while let frame = next, done < count ?? .max {
      next = frames[frame].next
      if try action(frame) { done += 1 }
    }
    return done
  }

  private func write(_ frame: UInt64, toStore: Bool) throws(StepFailure) -> Bool {
    let record = frames[frame]
    let reading = decoder.reading(
      of: record.originalPte, table: record.isPrototype ? .prototype : .process)
    if reading.state == .subsection, let (section, page) = fileOfData(record) {
      guard !toStore else { return false }
      section.written[page] = memory.page(frame)
      event("frame \(frame.hex) is written to page \(page) of \(section.name)")
    } else {
      guard
        let file = pageFiles.firstIndex(where: { $0.isStore == toStore && $0.slots.freeCount > 0 })
      else {
        event("no page file has room for frame \(frame.hex): it stays modified")
        return false
      }
      guard let page = pageFiles[file].put(memory.content(of: frame)) else { return false }
      let protection = protection(of: reading)
      let number = pageFiles[file].number
      let next = try pageFileEntry(number, page: page, protection)
      frames.update(frame) { $0.originalPte = next }
      event(
        toStore
          ? "frame \(frame.hex) is compressed into the store, key \(page.hex)"
          : "frame \(frame.hex) is written to page file \(number), page \(page.hex)")
    }
    frames.update(frame) { $0.isModified = false }
    frames.move(frame, to: .standby)
    return true
  }

  /// The file of data, and the page of it, that a frame is written back to.
  ///
  /// No image is written to its file: what its processes share and write goes to a page file.
  private func fileOfData(_ record: FrameRecord) -> (SectionState, page: UInt64)? {
    for section in sections.values where section.isFile && !section.isImage {
      if let page = section.page(ofPrototype: record.pteAddress, entrySize: structures.entrySize) {
        return (section, page)
      }
    }
    return nil
  }

  /// Takes pages from the standby list, whose entries then say where the content is; gives how many.
  @discardableResult
  func repurpose(count: UInt64?) throws(StepFailure) -> UInt64 {
    try forEach(of: .standby, upTo: count) { frame in
      let record = frames[frame]
      store(
        record.originalPte, at: record.ptePlace, level: 1,
        address: record.isPrototype ? record.pteAddress : userAddress(record),
        process: record.isPrototype ? nil : owner(of: record), isPrototype: record.isPrototype)
      frames.release(frame)
      return true
    }
  }

  private func userAddress(_ record: FrameRecord) -> UInt64 {
    selfMap?.translated(byEntryAt: VirtualAddress(record.pteAddress))?.rawValue ?? 0
  }

  /// The process whose table has the entry of a frame.
  private func owner(of record: FrameRecord) -> WindowsProcessState? {
    let address = userAddress(record)
    return processes.first { process in
      place(of: address, root: process.root).map { $0 / frameSize == record.pteFrame } ?? false
    }
  }

  func zeroPages(count: UInt64?) throws(StepFailure) {
    _ = try forEach(of: .free, upTo: count) { frame in
      memory.zero(frame: frame)
      frames.move(frame, to: .zeroed)
      return true
    }
  }

  // MARK: - Locks

  /// The usual minimum is 50 pages (SetProcessWorkingSetSize), of which the Windows Research Kernel keeps 8
  /// that can be exchanged.
  private static let lockLimit = 50 - 8

  /// Locks pages into the working set, or lets them go; what is locked already stays so.
  ///
  /// A process may lock the pages of its minimum working set, less a small overhead (VirtualLock); no step
  /// changes that size, which is the usual one.
  ///
  /// A lock keeps the page from being trimmed and is no reference to its frame: those that drivers take,
  /// for transfers, are.
  func lock(
    _ range: ClosedRange<UInt64>, isLocked: Bool, _ process: WindowsProcessState
  ) throws(StepFailure) {
    try requireUser(range, base: .invalidParameter, size: .invalidParameter)
    let pages = pages(of: range)
    guard isLocked else {
      guard pages.allSatisfy(process.lockedPages.contains) else {
        // What is not locked leaves the working set (VirtualUnlock), and what is stays locked.
        try trim(range, process)
        throw .status(.notLocked)
      }
      process.lockedPages.subtract(pages)
      return
    }
    let known = process.lockedPages.reduce(0) { $0 + (pages.contains($1) ? 1 : 0) }
    guard process.lockedPages.count - known + pages.count <= Self.lockLimit else {
      throw .status(.workingSetQuota)
    }
    // Every page is read once, so that it is in the working set.
    try access(.init(.read, range.lowerBound / frameSize * frameSize...range.upperBound), process)
    guard report.status == nil else { return }
    for page in pages {
      let address = page * frameSize
      // Where memory is short, the first pages are gone before the last are there.
      if decoder.reading(of: entry(ofPage: page, process)).state != .valid {
        try access(.init(.read, address...address), process)
        guard report.status == nil else { return }
      }
      process.lockedPages.insert(page)
    }
    if known > 0 { report.status = StepStatus(.wasLocked) }
  }
}
