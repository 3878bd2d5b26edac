import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// Swap, the page cache, fork, NUMA hints, userfaultfd and soft-dirty bits.
extension LinuxSimulation {
  // MARK: - Reclaim

  /// Frees a page where none is left; false where nothing can be freed.
  func reclaim() throws(StepFailure) -> Bool {
    let before = freeCount
    for file in files.values.sorted(by: { $0.inode < $1.inode }) {
      for (page, frame) in file.cache.sorted(by: { $0.key < $1.key })
      where pages[frame]?.mappers.isEmpty == true {
        drop(frame, page, file)
        event("page \(page) of \(file.words) leaves the page cache: no frame is left")
        return true
      }
    }
    for _ in 0..<anonymous.count {
      let frame = anonymous.removeFirst()
      guard let page = pages[frame], page.isAnonymous, page.file == nil else { continue }
      anonymous.append(frame)
      guard try evict(frame) else { continue }
      dropFromSwapCache(frame)
      if freeCount > before { return true }
    }
    return freeCount > before
  }

  private func drop(_ frame: UInt64, _ page: UInt64, _ file: LinuxFile) {
    if pages[frame]?.isDirty == true, !file.isMemory { file.disk[page] = memory.page(frame) }
    file.cache[page] = nil
    release(frame)
  }

  private func dropFromSwapCache(_ frame: UInt64) {
    guard let page = pages[frame], page.mappers.isEmpty, let place = page.swap else { return }
    event("frame \(frame.hex) is freed: page \(place.hex) of swap has its content")
    swap?.change(place) { $0.frame = nil }
    release(frame)
  }

  func swapOut(_ range: ClosedRange<UInt64>, _ process: LinuxProcessState) throws(StepFailure) {
    try swapOut(
      range.lowerBound / frameSize * frameSize, (range.upperBound / frameSize + 1) * frameSize,
      process)
  }

  /// Reclaims the pages of a range: anonymous ones into swap, those of files to their file.
  func swapOut(
    _ start: UInt64, _ end: UInt64, _ process: LinuxProcessState
  ) throws(StepFailure) {
    for address in stride(from: start, to: end, by: Int(frameSize)) {
      guard let area = process.area(of: address), !area.isLocked else { continue }
      if entry(of: address, process).level == 2 { try split(address, process) }
      let entry = entry(of: address, process).entry
      guard let frame = frame(of: entry), frame != zeroFrame else { continue }
      _ = try evict(frame)
    }
  }

  /// Takes a page out of all page tables; false where that cannot be done.
  private func evict(_ frame: UInt64) throws(StepFailure) -> Bool {
    guard let page = pages[frame], !page.mappers.contains(where: { $0.pid == 0 }) else {
      return false
    }
    let users = page.mappers.compactMap { mapper in
      processes.first { $0.pid == mapper.pid }.map { ($0, mapper.address) }
    }
    let isLocked = users.contains { $0.area(of: $1)?.isLocked == true }
    guard !isLocked, users.count == page.mappers.count else { return false }
    for (process, address) in users where entry(of: address, process).level == 2 {
      try split(address, process)
    }
    if page.file != nil { return try evictFile(frame, users) }
    let isWritten = users.contains { process, address in
      entries.page(of: entry(of: address, process).entry).isDirty
    }
    if page.isLazyFree, !isWritten, page.swap == nil {
      for (process, address) in users { try unmap(address, process) }
      event("frame \(frame.hex) is dropped: nobody wrote to it since MADV_FREE")
      return true
    }
    guard let place = page.swap ?? putIntoSwap(frame) else { return false }
    if page.swap != nil, page.isDirty || isWritten {
      swap?.change(place) { $0.content = memory.content(of: frame) }
    }
    pages[frame]?.isDirty = false
    let isExclusive = users.count == 1 && swap?.slots[place]?.entries == 0
    for (process, address) in users {
      let now = entries.page(of: entry(of: address, process).entry)
      let next = entries.swap(
        type: 0, offset: place, isSoftDirty: now.isSoftDirty, isExclusive: isExclusive,
        isUserfaultProtected: now.isUserfaultProtected)
      swap?.change(place) { $0.entries += 1 }
      if let entryPlace = self.place(of: address, process) {
        store(next, at: entryPlace, address, process)
      }
    }
    pages[frame]?.mappers = []
    return true
  }

  private func putIntoSwap(_ frame: UInt64) -> UInt64? {
    let place = swap?.take(.init(content: memory.content(of: frame), entries: 0, frame: frame))
    guard let place else {
      event("swap has no room for frame \(frame.hex)")
      return nil
    }
    pages[frame]?.swap = place
    event("frame \(frame.hex) is written to page \(place.hex) of swap")
    return place
  }

  private func evictFile(
    _ frame: UInt64, _ users: [(LinuxProcessState, UInt64)]
  ) throws(StepFailure) -> Bool {
    guard let (file, page) = pages[frame]?.file else { return false }
    for (process, address) in users { try unmap(address, process) }
    if file.isMemory {
      guard
        let place = swap?.take(
          .init(content: memory.content(of: frame), entries: 1, frame: nil))
      else { return true }
      file.swapped[page] = place
      file.cache[page] = nil
      release(frame)
      event("page \(page) of \(file.words) is written to page \(place.hex) of swap")
    } else if pages[frame]?.isDirty == true {
      file.disk[page] = memory.page(frame)
      pages[frame]?.isDirty = false
      event("page \(page) of \(file.name) is written back")
    }
    return true
  }

  func dropCaches() {
    for file in files.values.sorted(by: { $0.inode < $1.inode }) {
      for (page, frame) in file.cache.sorted(by: { $0.key < $1.key })
      where pages[frame]?.mappers.isEmpty == true && pages[frame]?.isDirty == false {
        drop(frame, page, file)
      }
    }
    for frame in pages.keys.sorted() { dropFromSwapCache(frame) }
  }

  // MARK: - fork

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
      var next = entries.present(frame, page, isHuge: level == 2)
      if reading.state != .present { next = entries.protNone(next) }
      store(next, at: place, level: level, address, parent)
      page.isUserfaultProtected = false
      next = entries.present(frame, page, isHuge: level == 2)
      if reading.state != .present { next = entries.protNone(next) }
      if level == 2 {
        try mapHuge(frame, at: address, next, child)
      } else {
        try map(frame, at: address, next, child)
      }
    } else if reading.state == .swap, let offset = reading.swapOffset {
      let next = entries.swap(type: 0, offset: offset, isSoftDirty: reading.isSoftDirty)
      store(next, at: place, address, parent)
      store(next, at: try makePlace(of: address, child), address, child)
      swap?.change(offset) { $0.entries += 1 }
    } else if reading.markers.contains(.guardRegion) {
      store(entry, at: try makePlace(of: address, child), address, child)
    }
  }

  func exit(_ process: LinuxProcessState) throws(StepFailure) {
    for area in process.areas { try zap(area.start, area.end, process) }
    process.areas = []
    freeAllTables(below: process.root, level: 4)
    release(process.root / frameSize)
    processes.removeAll { $0 === process }
  }

  // MARK: - NUMA hints, userfaultfd, soft-dirty

  func numaScan(_ range: ClosedRange<UInt64>, _ process: LinuxProcessState) throws(StepFailure) {
    let end = (range.upperBound / frameSize + 1) * frameSize
    try forEachEntry(range.lowerBound / frameSize * frameSize, end, process) {
      (address, place, entry, level) throws(StepFailure) in
      let reading = entries.decoder.reading(of: entry, level: level)
      guard reading.state == .present, let frame = reading.frame?.frame, frame != zeroFrame,
        process.area(of: address)?.isAccessible == true
      else { return }
      // The right to write is found again by a fault of its own.
      store(entries.protNone(entry), at: place, level: level, address, process)
    }
  }

  func register(
    _ range: ClosedRange<UInt64>, _ modes: Set<Scenario.UserfaultMode>,
    _ process: LinuxProcessState
  ) throws(StepFailure) {
    let (start, end) = (range.lowerBound, range.upperBound + 1)
    guard process.covers(start, end), start % frameSize == 0, end % frameSize == 0 else {
      throw .status(StepStatus("EINVAL"))
    }
    for index in process.isolate(start, end) {
      process.areas[index].isMissingNoted = modes.contains(.missing)
      process.areas[index].isProtectNoted = modes.contains(.writeProtect)
    }
  }

  func userfaultFill(
    _ range: ClosedRange<UInt64>, isZero: Bool, _ process: LinuxProcessState
  ) throws(StepFailure) {
    for address in stride(from: range.lowerBound, through: range.upperBound, by: Int(frameSize)) {
      guard let area = process.area(of: address), area.isMissingNoted else {
        throw .status(StepStatus("ENOENT"))
      }
      guard entry(of: address, process).entry == 0 else { throw .status(StepStatus("EEXIST")) }
      _ = try makePlace(of: address, process)
      if isZero {
        let page = LinuxEntries.Page(canExecute: area.canExecute, isSpecial: true)
        try map(zeroFrame, at: address, entries.present(zeroFrame, page), process)
      } else {
        let frame = try takeFrame()
        memory.fill(stepByte, at: frame * frameSize, count: Int(frameSize))
        try mapOwn(frame, at: address, area, process)
      }
    }
  }

  func userfaultProtect(
    _ range: ClosedRange<UInt64>, isProtected: Bool, _ process: LinuxProcessState
  ) throws(StepFailure) {
    for address in stride(from: range.lowerBound, through: range.upperBound, by: Int(frameSize)) {
      guard process.area(of: address)?.isProtectNoted == true else {
        throw .status(StepStatus("ENOENT"))
      }
      try setUserfaultProtection(address, isProtected, process)
    }
  }

  func clearRefs(_ process: LinuxProcessState) throws(StepFailure) {
    guard kernel.bits.softDirty != nil else { throw .status(StepStatus("EINVAL")) }
    for index in process.areas.indices { process.areas[index].isSoftDirty = false }
    for area in process.areas {
      try forEachEntry(area.start, area.end, process) {
        (address, place, entry, level) throws(StepFailure) in
        let reading = entries.decoder.reading(of: entry, level: level)
        if reading.state == .present, let frame = reading.frame?.frame {
          var page = entries.page(of: entry)
          (page.isSoftDirty, page.canWrite) = (false, false)
          store(
            entries.present(frame, page, isHuge: level == 2), at: place, level: level, address,
            process)
        } else if reading.state == .swap, let mask = kernel.swapEntry.softDirty?.mask {
          store(entry & ~mask, at: place, address, process)
        }
      }
    }
  }
}
