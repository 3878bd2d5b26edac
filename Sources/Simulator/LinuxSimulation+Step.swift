import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// The steps of a timeline.
extension LinuxSimulation: SimulatedSystem {
  func perform(_ step: Scenario.Step, _ number: Int) throws(StepFailure) -> StepReport {
    let process = try process(step.process?.value)
    report = StepReport(
      number: number, title: step.operation.title, process: process.name,
      note: step.note?.value)
    report.pid = process.pid
    report.address = step.operation.address
    report.lists = lists().map { ListCount(name: $0, before: $1, after: 0) }
    stepByte = UInt8(truncatingIfNeeded: number)
    wantedFrames = step.frames.map { $0.value / frameSize }
    journal.clear()
    do throws(StepFailure) {
      try perform(step.operation, process)
      if report.status == nil, !step.operation.isAccess {
        report.status = StepStatus("0", isSuccess: true)
      }
    } catch {
      guard case .status(let status) = error else { throw error }
      report.status = status
    }
    for process in processes { process.merge() }
    if report.status?.name == "SIGKILL" { event("no memory is left: the OOM killer ends it") }
    if let left = wantedFrames.first {
      throw .mistake(
        "the step takes no frame for \((left * frameSize).hex)",
        notes: ["`frames` names as many frames as the step needs, or fewer"])
    }
    finish(step.operation, process)
    return report
  }

  private func perform(
    _ operation: Scenario.Operation, _ process: LinuxProcessState
  ) throws(StepFailure) {
    switch operation {
    case .access(let statement): try access(statement, process)
    case .exit: try exit(process)
    case .mmap(let statement): try mmap(statement, process)
    case .munmap(let range): try munmap(range, process)
    case .mprotect(let range, let rights): try mprotect(range, rights, process)
    case .madvise(let range, let advice): try madvise(range, advice, process)
    case .mlock(let range, let isLocked): try mlock(range, isLocked: isLocked, process)
    case .fork(let name, let pid): try fork(process, name, pid: pid)
    case .createFile(let name, let size):
      guard files[name] == nil else {
        throw .mistake(.duplicateItem, "the file \(name) is already there", notes: [])
      }
      files[name] = LinuxFile(name: name, size: size, isMemory: false, inode: nextInode)
      nextInode += 1
    case .swapOn(let pages):
      guard swap == nil else { throw .mistake("there is a swap area already") }
      swap = LinuxSwap(pages: pages)
    case .swapOut(let range): try swapOut(range, process)
    case .dropCaches: dropCaches()
    case .split(let address):
      guard entry(of: address, process).level == 2 else {
        throw .mistake("no huge page has the address \(address.hex)")
      }
      try split(address, process)
    case .numaScan(let range): try numaScan(range, process)
    case .userfaultfd(let range, let modes): try register(range, modes, process)
    case .userfaultFill(let range, let isZero):
      try userfaultFill(range, isZero: isZero, process)
    case .userfaultProtect(let range, let isProtected):
      try userfaultProtect(range, isProtected: isProtected, process)
    case .clearRefs: try clearRefs(process)
    default: throw .mistake("Linux has no such operation")
    }
  }

  /// More pages than this are not shown after a step.
  private static let pageLimit: UInt64 = 16

  private func finish(_ operation: Scenario.Operation, _ process: LinuxProcessState) {
    for (index, list) in lists().enumerated() where index < report.lists.count {
      report.lists[index].after = list.1
    }
    report.entries = journal.changes.compactMap { change in
      let after = memory.entry(at: change.place)
      guard after != change.before else { return nil }
      return ChangedEntry(
        name: state.mode.entryName(change.level), level: change.level, isPrototype: false,
        address: VirtualAddress(change.address), process: change.process,
        place: PhysicalAddress(change.place), size: 8, before: change.before, after: after,
        meaningBefore: words(change.before, change.level), meaningAfter: words(after, change.level))
    }
    report.moreEntries = journal.overflow
    guard let range = operation.range, processes.contains(where: { $0 === process }) else { return }
    let first = range.lowerBound / frameSize
    let last = min(range.upperBound / frameSize, first + Self.pageLimit - 1)
    report.pages = (first...last).map { number in
      let word = pagemapWord(number * frameSize, process)
      return PageReport(
        address: VirtualAddress(number * frameSize), pagemap: word.rawValue, words: word.letters)
    }
  }

  private func words(_ entry: UInt64, _ level: Int) -> String {
    let reading = entries.decoder.reading(of: entry, level: level)
    var words = [reading.state.rawValue]
    if let frame = reading.frame { words.append(frame.frame.hex) }
    if reading.state == .swap { words.append("offset \((reading.swapOffset ?? 0).hex)") }
    if reading.isSpecial { words.append("special") }
    if reading.isWritable { words.append("write") }
    if reading.isDirty { words.append("dirty") }
    if reading.isSoftDirty { words.append("soft-dirty") }
    if reading.isExclusive { words.append("exclusive") }
    if reading.isUserfaultWriteProtected { words.append("uffd-wp") }
    return words.joined(separator: " ")
  }

  // MARK: - Accesses

  func access(
    _ statement: Scenario.AccessStatement, _ process: LinuxProcessState, isSilent: Bool = false
  ) throws(StepFailure) {
    let access = Access(statement)
    let state = paging(of: process)
    var run = AccessRun(access: access, rules: AccessRules(state), data: statement, memory: memory)
    run.filler = stepByte
    // What the kernel itself does to bring a page in writes nothing.
    run.writesNothing = isSilent
    var attempts = 0
    while let stop = state.perform(&run, on: memory.image) {
      attempts = run.hasMoved ? 1 : attempts + 1
      run.hasMoved = false
      guard attempts <= Self.faultLimit else {
        throw .mistake("\(stop.address.hex) faults again and again: the model has a mistake")
      }
      switch try fault(at: stop.address, access, stop.result, process) {
      case .retry: continue
      case .hit(let status):
        report.status = status
        if !isSilent { report.accesses += run.made }
        return
      }
    }
    if !isSilent { report.accesses += run.made }
    for (update, address) in run.updates {
      journal.note(
        EntryJournal.Change(
          place: update.address.rawValue, before: update.before, level: update.level,
          address: address, isPrototype: false, process: process.name),
        at: update.address.rawValue)
    }
  }

  private static let faultLimit = 16

  // MARK: - pagemap

  func pagemap(_ address: UInt64, of process: Scenario.ProcessReference?) -> UInt64? {
    guard let process = try? self.process(process) else { return nil }
    return pagemapWord(address, process).rawValue
  }

  /// The word of pagemap (Linux fs/proc/task_mmu.c, pte_to_pagemap_entry).
  func pagemapWord(_ address: UInt64, _ process: LinuxProcessState) -> PagemapEntry {
    let fields = PagemapEntry.self
    let format = PagemapFormat(kernel.version)
    let (entry, level) = entry(of: address, process)
    let reading = entries.decoder.reading(of: entry, level: level)
    var word: UInt64 = 0
    func set(_ field: BitField, _ isSet: Bool) {
      guard isSet, format.hasFlag(field) || field.low >= fields.swapped.low else { return }
      word |= field.mask
    }
    let area = process.area(of: address)
    set(fields.softDirty, reading.isSoftDirty || area?.isSoftDirty == true)
    set(fields.userfaultWriteProtect, reading.isUserfaultWriteProtected)
    if reading.isPresent, let first = reading.frame?.frame {
      let frame = level == 2 ? first + address % Self.hugeSize / frameSize : first
      word |= frame & fields.frame.mask
      set(fields.present, true)
      if let page = pages[frame], frame != zeroFrame, first != hugeZeroFrame {
        set(fields.file, page.file != nil)
        set(fields.exclusive, page.mappers.count == 1)
      }
    } else if reading.state == .swap || reading.state == .marker {
      word |= fields.swapType.setting(reading.swapType ?? 0, in: 0) ?? 0
      word |= fields.swapOffset.setting(reading.swapOffset ?? 0, in: 0) ?? 0
      set(fields.swapped, true)
      set(fields.guardRegion, reading.markers.contains(.guardRegion))
    }
    return PagemapEntry(rawValue: word)
  }

  // MARK: - Invariants

  var violations: [String] {
    var found: [String] = []
    var mapped: [UInt64: Int] = [:]
    var swapped: [UInt64: Int] = [:]
    for process in processes {
      for area in process.areas {
        try? forEachEntry(area.start, area.end, process) { address, _, entry, level in
          let reading = entries.decoder.reading(of: entry, level: level)
          if reading.isPresent, let first = reading.frame?.frame {
            guard first != zeroFrame, first != hugeZeroFrame else { return }
            for index in 0..<UInt64(level == 2 ? 512 : 1) { mapped[first + index, default: 0] += 1 }
            if reading.isWritable, pages[first]?.isAnonymous == true,
              pages[first]?.mappers.count != 1
            {
              found.append("\(address.hex) may be written, and others have the page too")
            }
          } else if reading.state == .swap, let offset = reading.swapOffset {
            swapped[offset, default: 0] += 1
          }
        }
      }
    }
    for (frame, page) in pages where !page.isTable && frame != zeroFrame {
      if page.mappers.count != mapped[frame] ?? 0 {
        found.append("frame \(frame.hex) is mapped \(mapped[frame] ?? 0) times and says otherwise")
      }
    }
    for frame in mapped.keys where pages[frame] == nil {
      found.append("frame \(frame.hex) is mapped and free")
    }
    for file in files.values {
      for place in file.swapped.values { swapped[place, default: 0] += 1 }
    }
    for (place, slot) in swap?.slots ?? [:] where files.isEmpty || slot.frame != nil {
      if slot.entries != swapped[place] ?? 0, slot.frame != nil {
        found.append("page \(place.hex) of swap does not have \(slot.entries) entries")
      }
    }
    return found.sorted()
  }
}

extension PagemapEntry {
  /// The flags in words.
  var letters: String {
    let all: [(BitField, String)] = [
      (Self.present, "present"), (Self.swapped, "swapped"), (Self.file, "file"),
      (Self.exclusive, "exclusive"), (Self.softDirty, "soft-dirty"),
      (Self.userfaultWriteProtect, "uffd-wp"), (Self.guardRegion, "guard"),
    ]
    return all.filter { has($0.0) }.map(\.1).joined(separator: " ")
  }
}

extension PagemapFormat {
  /// Whether the kernel writes a flag.
  func hasFlag(_ field: BitField) -> Bool { flags.contains { $0.mask == field.mask } }
}
