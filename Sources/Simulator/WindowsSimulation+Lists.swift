import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// What the kernel's own threads do with the lists, and what locks pages into memory.
extension WindowsSimulation {
  func trim(_ range: ClosedRange<UInt64>?, _ process: WindowsProcessState) throws(StepFailure) {
    let pages = range.map { self.pages(of: $0) }
    // In the order in which they entered the working set.
    for (page, _) in process.workingSet.sorted(by: { $0.value < $1.value })
    where pages?.contains(page) ?? true {
      _ = try trim(page, of: process)
    }
  }

  /// Writes modified pages, from the front of the list; gives how many.
  @discardableResult
  func writeModified(count: UInt64?, toStore: Bool) throws(StepFailure) -> Int {
    if toStore, !pageFiles.contains(where: \.isStore) {
      throw .mistake(
        "there is no store of compressed pages",
        notes: ["`page-files` has one with `store: true`, on kernels from Windows 10 on"])
    }
    var written = 0
    for frame in frames.frames(of: .modified) {
      guard count.map({ UInt64(written) < $0 }) ?? true else { break }
      if try write(frame, toStore: toStore) { written += 1 }
    }
    return written
  }

  private func write(_ frame: UInt64, toStore: Bool) throws(StepFailure) -> Bool {
    let record = frames[frame]
    let reading = decoder.reading(
      of: record.originalPte, table: record.isPrototype ? .prototype : .process)
    if reading.state == .subsection {
      guard !toStore, try writeToFile(frame, record) else { return false }
    } else {
      guard let file = pageFiles.firstIndex(where: { $0.isStore == toStore && !$0.isFull }) else {
        event("no page file has room for frame \(frame.hex): it stays modified")
        return false
      }
      guard let page = pageFiles[file].put(memory.content(of: frame)) else { return false }
      let protection = reading.protection ?? Self.readWrite
      let number = pageFiles[file].number
      let next = try word(.pageFile(number: number, page: page, protection))
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

  private func writeToFile(_ frame: UInt64, _ record: FrameRecord) throws(StepFailure) -> Bool {
    for section in sections.values {
      guard
        let page = section.page(
          ofPrototype: record.pteAddress, entrySize: structures.entrySize)
      else { continue }
      section.written[page] = memory.page(frame)
      event("frame \(frame.hex) is written to page \(page) of \(section.name)")
      return true
    }
    return false
  }

  /// Takes pages from the standby list, whose entries then say where the content is; gives how many.
  @discardableResult
  func repurpose(count: UInt64?) throws(StepFailure) -> Int {
    var done = 0
    for frame in frames.frames(of: .standby) {
      guard count.map({ UInt64(done) < $0 }) ?? true else { break }
      let record = frames[frame]
      store(
        record.originalPte, at: record.ptePlace, level: 1,
        address: record.isPrototype ? record.pteAddress : userAddress(record),
        process: record.isPrototype ? nil : owner(of: record), isPrototype: record.isPrototype)
      frames.release(frame)
      done += 1
    }
    return done
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

  func zeroPages(count: UInt64?) {
    for (index, frame) in frames.frames(of: .free).enumerated() {
      guard count.map({ UInt64(index) < $0 }) ?? true else { return }
      memory.zero(frame: frame)
      frames.move(frame, to: .zeroed)
    }
  }

  func lock(
    _ range: ClosedRange<UInt64>, isLocked: Bool, _ process: WindowsProcessState
  ) throws(StepFailure) {
    let pages = pages(of: range)
    if isLocked {
      // Every page is read once, so that it is in the working set.
      try access(.init(.read, range.lowerBound / frameSize * frameSize...range.upperBound), process)
      guard report.status == nil else { return }
    }
    if !isLocked, pages.contains(where: { !process.lockedPages.contains($0) }) {
      throw .status(.notLocked)
    }
    for page in pages { setLock(page, isLocked: isLocked, process) }
  }

  /// Locks a page that is in memory, or lets it go; what is locked already stays so.
  func setLock(_ page: UInt64, isLocked: Bool, _ process: WindowsProcessState) {
    let reading = decoder.reading(of: entry(ofPage: page, process))
    guard reading.state == .valid, let frame = reading.pfn,
      process.lockedPages.contains(page) != isLocked
    else { return }
    if isLocked { process.lockedPages.insert(page) } else { process.lockedPages.remove(page) }
    frames.update(frame) { record in
      record.lockCount = isLocked ? record.lockCount + 1 : record.lockCount - 1
      record.referenceCount = isLocked ? record.referenceCount + 1 : record.referenceCount - 1
    }
  }
}
