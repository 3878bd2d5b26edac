import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// The steps of a timeline.
extension LinuxSimulation: SimulatedSystem {
  func perform(
    _ step: Scenario.Step, _ number: Int, _ detail: StepDetail
  ) throws(StepFailure) {
    let process = try process(step.process)
    current = process
    self.detail = detail
    report = StepReport(step, number, by: process.name, process.pid, detail)
    if detail > .counts { told = StepChanges() }
    report.count(listCounts, Self.listNames)
    stepByte = UInt8(truncatingIfNeeded: number)
    if !step.frames.isEmpty { wantedFrames = step.frames }
    journal.beginStep(isOpen: detail > .counts)
    pages.beginStep(areNoted: detail > .counts)
    do throws(StepFailure) {
      try perform(step.operation, process)
      if report.status == nil, !step.operation.isAccess {
        report.status = StepStatus(linux: .success)
      }
    } catch {
      guard case .status(let status) = error else { throw error }
      report.status = status
    }
    if let status = report.status, status == StepStatus(linux: .killed) { end(process) }
    process.merge()
    if !step.frames.isEmpty, let left = wantedFrames.first { throw .unused(left) }
    finish(step.operation, process)
  }

  private func perform(
    _ operation: Scenario.Operation, _ process: LinuxProcessState
  ) throws(StepFailure) {
    switch operation {
    case .access(let statement): try access(statement, process)
    case .exit: exit(process)
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
    case .swapOut(let range): swapOut(range, process)
    case .dropCaches: dropCaches()
    case .split(let address):
      guard entry(of: address, process).level == 2 else {
        throw .mistake("no huge page has the address \(address.hex)")
      }
      split(address, process)
    case .numaScan(let range): numaScan(range, process)
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
    report.count(after: listCounts)
    guard detail > .counts else { return }
    tell(operation, process)
    report.changes = told
  }

  private func tell(_ operation: Scenario.Operation, _ process: LinuxProcessState) {
    told.entries = journal.changes.compactMap { change in
      // A table that was given back has no entries any more.
      let isTable = pages[change.place / frameSize]?.isTable == true
      let after = isTable ? memory.entry(at: change.place) : 0
      guard after != change.before else { return nil }
      return ChangedEntry(
        name: state.mode.entryName(change.level), level: change.level, isPrototype: false,
        address: VirtualAddress(change.address), process: change.process,
        place: PhysicalAddress(change.place), size: 8, before: change.before, after: after,
        meaningBefore: words(change.before, change.level), meaningAfter: words(after, change.level))
    }
    told.moreEntries = journal.overflow
    told.linuxFrames = pages.changed.compactMap { frame, before in
      let (before, after) = (
        before.map(LinuxFrameRecord.init), pages[frame].map(LinuxFrameRecord.init)
      )
      return before == after
        ? nil : LinuxFrameChange(number: frame, before: before, after: after)
    }
    told.moreLinuxFrames = pages.overflow
    guard let range = operation.range,
      processes[pid: process.pid] === process
    else { return }
    let first = range.lowerBound / frameSize
    let last = min(range.upperBound / frameSize, first + Self.pageLimit - 1)
    told.pages = (first...last).map { number in
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
    var run = AccessRun(statement, access, rules: rules, memory: memory)
    run.filler = stepByte
    // What the kernel itself does to bring a page in writes nothing.
    run.writesNothing = isSilent
    var attempts = 0
    while !state.perform(&run, on: memory.image), let stop = run.stop {
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
}
