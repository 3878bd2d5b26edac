import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// What is done about a fault once the verdict allows it.
extension LinuxSimulation {
  /// What came of a fault.
  enum FaultOutcome {
    /// The access is tried again.
    case retry
    /// The program gets a signal, or waits.
    case hit(StepStatus)
  }

  func fault(
    at address: UInt64, _ access: Access, _ result: AccessResult, _ process: LinuxProcessState
  ) throws(StepFailure) -> FaultOutcome {
    let verdict = decide(address, access, result, process)
    note(verdict, address, access, result)
    if let signal = verdict.signal { return .hit(StepStatus(signal)) }
    if verdict.handler.contains("handle_userfault") { return .hit(StepStatus("waits")) }
    if let index = growing(address, process) {
      let start = address / frameSize * frameSize
      event("the stack grows down to \(start.hex)")
      process.areas[index].page &-= (process.areas[index].start - start) / frameSize
      process.areas[index].start = start
    }
    guard let area = process.area(of: address) else { return .hit(StepStatus("SIGSEGV")) }
    do throws(StepFailure) {
      try resolve(verdict, address, access, area, process)
    } catch {
      if case .status(let status) = error { return .hit(status) }
      throw error
    }
    return .retry
  }

  private func note(
    _ verdict: LinuxDecision, _ address: UInt64, _ access: Access, _ result: AccessResult
  ) {
    let kind = verdict.signal ?? (verdict.isMajor ? "major" : "minor")
    report.faultCounts[kind, default: 0] += 1
    guard report.faults.count < StepReport.limit else { return }
    var code: PageFaultErrorCode?
    if case .pageFault(let fault) = result { code = fault.errorCode }
    report.faults.append(
      FaultReport(
        address: VirtualAddress(address), access: access, errorCode: code?.rawValue,
        errorFlags: code.map { "\($0)" } ?? result.outcome.rawValue,
        state: verdict.state.rawValue, handler: verdict.handler,
        cost: verdict.cost, status: kind + (verdict.signalCode.map { " \($0)" } ?? "")))
  }

  /// The stack that grows to an address which no area holds.
  func growing(_ address: UInt64, _ process: LinuxProcessState) -> Int? {
    guard process.areaIndex(of: address) == nil,
      let index = process.areas.firstIndex(where: { $0.start > address }),
      process.areas[index].growsDown
    else { return nil }
    return index
  }

  private func resolve(
    _ verdict: LinuxDecision, _ address: UInt64, _ access: Access, _ area: LinuxArea,
    _ process: LinuxProcessState
  ) throws(StepFailure) {
    let (entry, level) = entry(of: address, process)
    switch verdict.state {
    case .none: try missing(address, access.isWrite, area, process)
    case .marker:
      try unmap(address, process)
      try missing(address, access.isWrite, area, process)
      try setUserfaultProtection(address, true, process)
    case .swap: try swapIn(address, entry, access.isWrite, area, process)
    case .protnone, .numaHint: restoreRights(address, entry, level, area, process)
    default:
      if access.isWrite { try writeProtected(address, entry, level, area, process) }
    }
  }

  private func rights(_ area: LinuxArea) -> LinuxEntries.Page {
    LinuxEntries.Page(canExecute: area.canExecute)
  }

  // MARK: - Pages that are not there

  private func missing(
    _ address: UInt64, _ isWrite: Bool, _ area: LinuxArea, _ process: LinuxProcessState
  ) throws(StepFailure) {
    // Tables come before the page.
    _ = try makePlace(of: address, level: 2, process)
    if area.isHugeAdvised, area.isAnonymous, try missingHuge(address, isWrite, area, process) {
      return
    }
    _ = try makePlace(of: address, process)
    if area.file != nil { return try missingFile(address, isWrite, area, process) }
    guard isWrite else {
      var page = rights(area)
      page.isSpecial = true
      return try map(zeroFrame, at: address, entries.present(zeroFrame, page), process)
    }
    try mapOwn(try takeFrame(), at: address, area, process)
  }

  /// A page of the process's own, written.
  func mapOwn(
    _ frame: UInt64, at address: UInt64, _ area: LinuxArea, _ process: LinuxProcessState
  ) throws(StepFailure) {
    if let index = process.areaIndex(of: address) { process.areas[index].hasOwnPages = true }
    var page = rights(area)
    (page.canWrite, page.isDirty, page.isSoftDirty) = (area.canWrite, true, true)
    pages[frame] = LinuxPage(isDirty: true)
    anonymous.append(frame)
    try map(frame, at: address, entries.present(frame, page), process)
  }

  private func missingHuge(
    _ address: UInt64, _ isWrite: Bool, _ area: LinuxArea, _ process: LinuxProcessState
  ) throws(StepFailure) -> Bool {
    let start = address / Self.hugeSize * Self.hugeSize
    guard start >= area.start, start + Self.hugeSize <= area.end,
      place(of: address, level: 2, process).map({ memory.entry(at: $0) == 0 }) ?? true
    else { return false }
    var page = rights(area)
    if isWrite {
      guard let first = takeHuge() else { return false }
      if let index = process.areaIndex(of: address) { process.areas[index].hasOwnPages = true }
      (page.canWrite, page.isDirty, page.isSoftDirty) = (area.canWrite, true, true)
      for frame in first..<first + 512 { pages[frame] = LinuxPage(isDirty: true) }
      anonymous += first..<first + 512
      try mapHuge(first, at: start, entries.present(first, page, isHuge: true), process)
    } else {
      if hugeZeroFrame == nil {
        guard let first = takeHuge() else { return false }
        for frame in first..<first + 512 { pages[frame] = LinuxPage() }
        hugeZeroFrame = first
      }
      let first = hugeZeroFrame ?? 0
      try mapHuge(first, at: start, entries.present(first, page, isHuge: true), process)
    }
    return true
  }

  /// The frame of a page of a file, which is read where it is not in the cache.
  func cached(_ file: LinuxFile, _ page: UInt64) throws(StepFailure) -> UInt64 {
    if let frame = file.cache[page] { return frame }
    let frame = try takeFrame()
    if let place = file.swapped.removeValue(forKey: page) {
      memory.set(frame, to: swap?.slots[place]?.content ?? nil)
      swap?.change(place) { $0.entries -= 1 }
      event("page \(page) of \(file.words) is read from swap, page \(place.hex)")
    } else {
      memory.set(frame, to: file.content(ofPage: page))
      if !file.isMemory { event("page \(page) of \(file.name) is read") }
    }
    pages[frame] = LinuxPage(file: (file, page), isDirty: file.isMemory)
    file.cache[page] = frame
    return frame
  }

  private func missingFile(
    _ address: UInt64, _ isWrite: Bool, _ area: LinuxArea, _ process: LinuxProcessState
  ) throws(StepFailure) {
    guard let file = area.file else { return }
    let source = try cached(file, area.filePage(of: address))
    var page = rights(area)
    if isWrite, !area.isShared {
      pin(source)
      defer { unpin(source) }
      let frame = try takeFrame()
      memory.copy(source, to: frame)
      return try mapOwn(frame, at: address, area, process)
    }
    if area.isShared {
      // Only file systems on disks are told of the first write.
      page.canWrite = area.canWrite && (isWrite || file.isMemory)
      (page.isDirty, page.isSoftDirty) = (isWrite, isWrite)
      if isWrite { pages[source]?.isDirty = true }
    }
    try map(source, at: address, entries.present(source, page), process)
  }

  /// Keeps a frame while others are looked for.
  func pin(_ frame: UInt64) {
    pages[frame]?.mappers.append(.init(pid: 0, address: frame))
  }

  func unpin(_ frame: UInt64) {
    pages[frame]?.mappers.removeAll { $0.pid == 0 }
  }

  // MARK: - Pages in swap

  private func swapIn(
    _ address: UInt64, _ entry: UInt64, _ isWrite: Bool, _ area: LinuxArea,
    _ process: LinuxProcessState
  ) throws(StepFailure) {
    let reading = entries.decoder.reading(of: entry, level: 1)
    guard let offset = reading.swapOffset, let slot = swap?.slots[offset] else { return }
    let frame: UInt64
    if let cached = slot.frame {
      frame = cached
    } else {
      frame = try takeFrame()
      memory.set(frame, to: slot.content)
      pages[frame] = LinuxPage(swap: offset)
      anonymous.append(frame)
      swap?.change(offset) { $0.frame = frame }
      event("page \(offset.hex) of swap is read")
    }
    let isAlone = slot.entries == 1 && pages[frame]?.mappers.isEmpty == true
    var page = rights(area)
    page.isSoftDirty = reading.isSoftDirty
    page.isUserfaultProtected = reading.isUserfaultWriteProtected
    if isAlone, isWrite, !page.isUserfaultProtected {
      (page.canWrite, page.isDirty, page.isSoftDirty) = (area.canWrite, true, true)
    }
    let start = address / frameSize * frameSize
    store(entries.present(frame, page), at: try makePlace(of: address, process), start, process)
    pages[frame]?.mappers.append(.init(pid: process.pid, address: start))
    swap?.change(offset) { $0.entries -= 1 }
    if isAlone, isWrite { leaveSwapCache(frame) }
  }

  /// The copy in swap is worth nothing once the page is written.
  func leaveSwapCache(_ frame: UInt64) {
    pages[frame]?.isDirty = true
    guard let place = pages[frame]?.swap, swap?.slots[place]?.entries == 0 else { return }
    pages[frame]?.swap = nil
    swap?.change(place) { $0.frame = nil }
  }

  // MARK: - Pages that are there

  private func restoreRights(
    _ address: UInt64, _ entry: UInt64, _ level: Int, _ area: LinuxArea,
    _ process: LinuxProcessState
  ) {
    guard let place = place(of: address, level: level, process),
      let frame = frame(of: entry, level: level)
    else { return }
    var page = entries.page(of: entry)
    page.isYoung = true
    page.canExecute = area.canExecute
    store(
      entries.present(frame, page, isHuge: level == 2), at: place, level: level,
      address / frameSize * frameSize, process)
  }

  /// A write to a page whose entry does not allow it.
  private func writeProtected(
    _ address: UInt64, _ entry: UInt64, _ level: Int, _ area: LinuxArea,
    _ process: LinuxProcessState
  ) throws(StepFailure) {
    guard let first = frame(of: entry, level: level) else { return }
    if level == 2 {
      // A huge page that others have too is split, and the small page copied.
      let isAlone = pages[first]?.mappers.count == 1
      guard isAlone, first != hugeZeroFrame else {
        try split(address, process)
        return
      }
    }
    let page = pages[first] ?? LinuxPage()
    let isOwn = first != zeroFrame && page.isAnonymous
    let isReused = isOwn && page.mappers.count == 1 && isUnreferenced(page)
    if isReused || area.isShared {
      if page.file != nil || isOwn { pages[first]?.isDirty = true }
      pages[first]?.isLazyFree = false
      if isReused { leaveSwapCache(first) }
      var next = entries.page(of: entry)
      (next.canWrite, next.isDirty, next.isYoung, next.isSoftDirty) = (true, true, true, true)
      next.isUserfaultProtected = false
      guard let place = place(of: address, level: level, process) else { return }
      return store(
        entries.present(first, next, isHuge: level == 2), at: place, level: level,
        address / frameSize * frameSize, process)
    }
    pin(first)
    defer { unpin(first) }
    let frame = try takeFrame()
    if first != zeroFrame { memory.copy(first, to: frame) }
    unpin(first)
    try unmap(address, process)
    try mapOwn(frame, at: address, area, process)
  }

  /// Whether no entry of another process leads to the page's copy in swap.
  private func isUnreferenced(_ page: LinuxPage) -> Bool {
    page.swap.map { swap?.slots[$0]?.entries == 0 } ?? true
  }

  func setUserfaultProtection(
    _ address: UInt64, _ isProtected: Bool, _ process: LinuxProcessState
  ) throws(StepFailure) {
    if entry(of: address, process).level == 2 { try split(address, process) }
    guard let place = place(of: address, process) else { return }
    let entry = memory.entry(at: place)
    let start = address / frameSize * frameSize
    let reading = entries.decoder.reading(of: entry, level: 1)
    if reading.isPresent, let frame = reading.frame?.frame {
      var page = entries.page(of: entry)
      page.isUserfaultProtected = isProtected
      page.canWrite = false
      store(entries.present(frame, page), at: place, start, process)
    } else if reading.state == .swap, let offset = reading.swapOffset {
      store(
        entries.swap(
          type: 0, offset: offset, isSoftDirty: reading.isSoftDirty,
          isExclusive: reading.isExclusive, isUserfaultProtected: isProtected), at: place, start,
        process)
    }
  }
}

extension LinuxFile {
  var words: String { isMemory ? "shared memory" : name }
}
