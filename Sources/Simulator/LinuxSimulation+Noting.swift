import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// Entries that make the next access fault so that somebody learns of it: NUMA hints, userfaultfd,
/// soft-dirty bits.
extension LinuxSimulation {
  func numaScan(_ range: ClosedRange<UInt64>, _ process: LinuxProcessState) throws(StepFailure) {
    let end = (range.upperBound / frameSize + 1) * frameSize
    try forEachEntry(range.lowerBound / frameSize * frameSize, end, process) {
      (address, place, entry, level) throws(StepFailure) in
      let reading = entries.decoder.reading(of: entry, level: level)
      guard reading.state == .present, let frame = reading.frame?.frame, frame != zeroFrame,
        process.area(of: address)?.isAccessible == true
      else { return }
      let hint = entries.protNone(entry, keepingWrite: kernel.version < LinuxVersion(6, 2))
      store(hint, at: place, level: level, address, process)
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

  private func setUserfaultProtection(
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
      store(entries.changed(reading.state, frame, page), at: place, start, process)
    } else if reading.state == .swap, let offset = reading.swapOffset {
      store(
        entries.swap(
          type: 0, offset: offset, isSoftDirty: reading.isSoftDirty,
          isExclusive: reading.isExclusive, isUserfaultProtected: isProtected), at: place, start,
        process)
    }
  }

  func clearRefs(_ process: LinuxProcessState) throws(StepFailure) {
    guard kernel.bits.softDirty != nil else { throw .status(StepStatus("EINVAL")) }
    for index in process.areas.indices { process.areas[index].isSoftDirty = false }
    for area in process.areas {
      try forEachEntry(area.start, area.end, process) {
        (address, place, entry, level) throws(StepFailure) in
        let reading = entries.decoder.reading(of: entry, level: level)
        if reading.isPresent, let frame = reading.frame?.frame {
          var page = entries.page(of: entry)
          (page.isSoftDirty, page.canWrite) = (false, false)
          store(
            entries.changed(reading.state, frame, page, isHuge: level == 2), at: place,
            level: level, address, process)
        } else if reading.state == .swap, let mask = kernel.swapEntry.softDirty?.mask {
          store(entry & ~mask, at: place, address, process)
        }
      }
    }
  }
}
