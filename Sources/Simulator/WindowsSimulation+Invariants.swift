import Paging
import PhysicalMemory
import WindowsMemory

/// What must hold after every step.
extension WindowsSimulation {
  /// The invariants that do not hold, in words; of the tables of all processes and of all frames.
  var violations: [String] {
    var found: [String] = []
    var shares: [UInt64: UInt64] = [:]
    var tables: [UInt64: UInt64] = [:]
    for process in processes {
      let base = paging(of: process).root.rawValue
      if state.mode == .pae {
        for index in 0..<4 as Range<UInt64> {
          let table = memory.entry(at: base + index * 8) / frameSize * frameSize
          check(table, level: 2, index << 30, process, &shares, &tables, &found)
        }
      } else {
        check(base, level: state.topLevel, 0, process, &shares, &tables, &found)
      }
    }
    for (frame, record) in frames.records {
      check(frame, record, shares[frame] ?? 0, tables[frame], &found)
    }
    if let total = Optional(processes.flatMap(\.ranges).reduce(0) { $0 + $1.charge }),
      total > committed
    {
      found.append("\(committed) pages are charged, and ranges say \(total)")
    }
    return found.sorted()
  }

  /// Follows a table of the user's half, and counts what it has of each frame.
  private func check(
    _ table: UInt64, level: Int, _ start: UInt64, _ process: WindowsProcessState,
    _ shares: inout [UInt64: UInt64], _ tables: inout [UInt64: UInt64], _ found: inout [String]
  ) {
    var used: UInt64 = 0
    for index in 0..<state.entryCount(level) {
      let entry = memory.entry(at: table + UInt64(index * state.entrySize))
      guard entry != 0 else { continue }
      let address = state.address(start, level: level, index: index)
      switch state.meaning(of: entry, level: level) {
      case .table(let next):
        used += 1
        if isUser(address) {
          check(next.rawValue, level: level - 1, address, process, &shares, &tables, &found)
        }
      case .page(let page):
        used += 1
        guard isUser(address) else { continue }
        let frame = page.rawValue / frameSize
        shares[frame, default: 0] += 1
        let record = frames[frame]
        guard level == 1 else { continue }
        if record.location != .active || record.shareCount == 0 {
          found.append("\(address.hex) is valid, and frame \(frame.hex) is not in use")
        }
        if process.workingSet[address / frameSize] == nil {
          found.append("\(address.hex) is valid and not in the working set of \(process.name)")
        }
      case .notPresent:
        let reading = decoder.reading(of: entry, level: level)
        guard reading.state == .transition, let frame = reading.pfn else { continue }
        used += 1
        checkTransition(frame, at: table + UInt64(index * state.entrySize), address, &found)
      case .reserved: found.append("\(address.hex) has an entry with reserved bits")
      }
    }
    if frames[table / frameSize].use == .table { tables[table / frameSize] = used }
  }

  private func checkTransition(
    _ frame: UInt64, at place: UInt64, _ address: UInt64, _ found: inout [String]
  ) {
    let record = frames[frame]
    switch record.location {
    case .standby, .modified, .modifiedNoWrite, .transition: break
    default: found.append("\(address.hex) is in transition, and frame \(frame.hex) is not")
    }
    if record.pteAddress != pteAddress(of: address, level: 1)
      || record.pteFrame != place / frameSize
    {
      found.append("frame \(frame.hex) does not lead back to the entry of \(address.hex)")
    }
  }

  private func check(
    _ frame: UInt64, _ record: FrameRecord, _ shares: UInt64, _ used: UInt64?,
    _ found: inout [String]
  ) {
    let name = "frame \(frame.hex)"
    let isListed = record.location != .active && record.location != .transition
    if isListed != (record.referenceCount == 0) {
      let list = record.location.rawValue
      found.append("\(name) has \(record.referenceCount) references and is \(list)")
    }
    switch record.use {
    case .table:
      if let used, used != record.shareCount {
        found.append("\(name) has \(used) entries in use, and says \(record.shareCount)")
      }
    case .private, .prototype:
      let wanted = isListed ? 0 : record.shareCount
      if shares != wanted { found.append("\(name) is mapped \(shares) times, and says \(wanted)") }
      let isInArray = prototypeArena.start..<prototypeArena.end ~= record.pteAddress
      if record.isPrototype != isInArray {
        found.append("\(name) says prototype \(record.isPrototype) of \(record.pteAddress.hex)")
      }
      let entry = memory.entry(at: record.ptePlace)
      let reading = decoder.reading(of: entry, table: record.isPrototype ? .prototype : .process)
      if reading.pfn != frame {
        found.append("\(name) does not lead back to its entry: that is \(entry.hex)")
      }
    case .none, .kernel, .large: break
    }
    checkDatabase(frame, record, &found)
  }

  /// What the classifier reads from memory is what the records say.
  private func checkDatabase(
    _ frame: UInt64, _ record: FrameRecord, _ found: inout [String]
  ) {
    guard let database = classifier(of: processes[0]).pfnDatabase else { return }
    guard let entry = try? database.entry(of: frame) else {
      return found.append("the PFN database has no entry for frame \(frame.hex)")
    }
    let isSame =
      entry.location == record.location && entry.referenceCount == record.referenceCount
      && entry.isPrototype == record.isPrototype && entry.originalPte == record.originalPte
      && (entry.shareCount.map { $0 == max(1, record.shareCount) } ?? true)
      && entry.pteFrame == record.pteFrame
    if !isSame { found.append("the PFN database says something else of frame \(frame.hex)") }
  }
}
