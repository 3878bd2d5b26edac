import Paging
import PhysicalMemory
import WindowsMemory

/// What must hold after every step.
extension WindowsSimulation {
  /// The invariants that do not hold of what was touched since they were asked for, in words.
  var violations: [String] {
    if let known = inspection.found { return known }
    var found: [String] = []
    var changed = frames.takeUnchecked()
    for (table, visit) in inspection.takeTables() {
      changed.formUnion(check(table, visit, &found))
    }
    for frame in changed where frames.isTouched(frame) { check(frame, &found) }
    inspection.found = found.sorted()
    return found.sorted()
  }

  /// The invariants that do not hold of all tables, all frames and all that is charged, in words.
  var allViolations: [String] {
    inspection = Inspection()
    _ = frames.takeUnchecked()
    var found = frames.brokenLists
    var charged = sections.values.reduce(0) { $0 + $1.charge }
    for process in processes {
      charged += checkTables(of: process, &found)
      for area in process.ranges {
        charged += area.charge
        let count =
          area.isPrivate
          ? committedCount(area.pages, area, process)
          : chargedCount(area.pages, of: area, process)
        guard count != area.charge else { continue }
        found.append(
          "\(process.name) has \(count) committed pages from \(area.pages.lowerBound.hex) on, and "
            + "\(area.charge) are charged")
      }
    }
    for frame in frames.records.keys { check(frame, &found) }
    if charged != committed {
      found.append("\(committed) pages are charged, and \(charged) are committed")
    }
    inspection.found = found.sorted()
    return found.sorted()
  }

  // MARK: - Tables

  /// Checks the tables of the user's half of a process; gives how many pages they are.
  private func checkTables(of process: WindowsProcessState, _ found: inout [String]) -> UInt64 {
    let base = paging(of: process).root.rawValue
    guard isPAE else {
      return check(below: base, level: state.topLevel, 0, process, &found)
    }
    // The page with the four pointers is no table of the self-map.
    return directories(of: base).enumerated().reduce(1) { count, directory in
      let start = UInt64(directory.offset) << state.pageShift(3)
      return count + check(below: directory.element, level: 2, start, process, &found)
    }
  }

  private func check(
    below table: UInt64, level: Int, _ start: UInt64, _ process: WindowsProcessState,
    _ found: inout [String]
  ) -> UInt64 {
    let visit = Inspection.Visit(level: level, start: start, process: process)
    _ = check(table / frameSize, visit, &found)
    guard level > 1 else { return 1 }
    var count: UInt64 = 1
    for index in 0..<state.entryCount(level) {
      let address = state.address(start, level: level, index: index)
      let entry = memory.entry(at: table + UInt64(index * state.entrySize))
      guard entry != 0, isUser(address),
        case .table(let next) = state.meaning(of: entry, level: level)
      else { continue }
      count += check(below: next.rawValue, level: level - 1, address, process, &found)
    }
    return count
  }

  /// Checks the entries of one table; gives the frames whose number of mappings is not what it was.
  private func check(
    _ frame: UInt64, _ visit: Inspection.Visit, _ found: inout [String]
  ) -> Set<UInt64> {
    guard frames[frame].use == .table else { return inspection.setMapped([], by: frame) }
    let (level, process) = (visit.level, visit.process)
    var used: UInt64 = 0
    var mapped: [UInt64] = []
    for index in 0..<state.entryCount(level) {
      let place = frame * frameSize + UInt64(index * state.entrySize)
      let entry = memory.entry(at: place)
      guard entry != 0 else { continue }
      let address = state.address(visit.start, level: level, index: index)
      switch state.meaning(of: entry, level: level) {
      case .table: used += 1
      case .page(let page):
        used += 1
        guard isUser(address), level == 1 else { continue }
        mapped.append(page.rawValue / frameSize)
        checkValid(page.rawValue / frameSize, address, process, &found)
      case .notPresent:
        let reading = decoder.reading(of: entry, level: level)
        guard reading.state == .transition, let page = reading.pfn else { continue }
        used += 1
        checkTransition(page, at: place, address, &found)
      case .reserved: found.append("\(address.hex) has an entry with reserved bits")
      }
    }
    if used != frames[frame].entriesInUse {
      found.append(
        "frame \(frame.hex) has \(used) entries in use, and says \(frames[frame].entriesInUse)")
    }
    return inspection.setMapped(mapped, by: frame)
  }

  private func checkValid(
    _ frame: UInt64, _ address: UInt64, _ process: WindowsProcessState, _ found: inout [String]
  ) {
    let record = frames[frame]
    if record.location != .active || record.shareCount == 0 {
      found.append("\(address.hex) is valid, and frame \(frame.hex) is not in use")
    }
    if !process.workingSet.contains(address / frameSize) {
      found.append("\(address.hex) is valid and not in the working set of \(process.name)")
    }
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

  // MARK: - Frames

  private func check(_ frame: UInt64, _ found: inout [String]) {
    let (record, name) = (frames[frame], "frame \(frame.hex)")
    if record.isListed != (record.referenceCount == 0) {
      let list = record.location.rawValue
      found.append("\(name) has \(record.referenceCount) references and is \(list)")
    }
    switch record.use {
    case .private, .prototype:
      // The kernel has the page that all share at an address of its own.
      let own: UInt64 = frame == sharedData?.frame ? 1 : 0
      let wanted = record.isListed ? 0 : record.shareCount &- own
      let shares = inspection.mappings(of: frame)
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
    case .none, .kernel, .table, .large: break
    }
    checkDatabase(frame, record, &found)
  }

  /// What the classifier reads from memory is what the records say.
  private func checkDatabase(
    _ frame: UInt64, _ record: FrameRecord, _ found: inout [String]
  ) {
    guard let database = classifier(of: processes[0]).pfnDatabase, let composer else { return }
    guard let entry = try? database.entry(of: frame) else {
      return found.append("the PFN database has no entry for frame \(frame.hex)")
    }
    let links =
      record.isListed
      ? (record.next ?? composer.noLink, record.previous ?? composer.noLink)
      : (record.workingSetIndex, record.shareCount)
    let isSame =
      entry.location == record.location && entry.referenceCount == record.referenceCount
      && entry.isPrototype == record.isPrototype && entry.originalPte == record.originalPte
      && entry.setFlags.contains("Modified") == record.isModified
      && entry.pteAddress.rawValue == record.pteAddress && entry.pteFrame == record.pteFrame
      && (entry.forwardLink, entry.backwardLink) == links
    if !isSame { found.append("the PFN database says something else of frame \(frame.hex)") }
  }
}

/// What the checks have seen in page tables, and what they have still to look at.
struct Inspection {
  /// Where a table belongs.
  struct Visit {
    var level: Int
    /// The first address that the table translates.
    var start: UInt64
    var process: WindowsProcessState
  }

  /// What the last check found; nil where something was touched since.
  var found: [String]?
  private var tables: [UInt64: Visit] = [:]
  /// The frames that the entries of each table map, and by how many entries each frame is mapped.
  private var mapped: [UInt64: [UInt64]] = [:]
  private var counts: [UInt64: UInt64] = [:]

  /// A table of a process has changed; what it was before, in the same step, does not matter.
  mutating func touch(_ table: UInt64, _ visit: Visit) { tables[table] = visit }

  /// The tables that have changed since the last call.
  mutating func takeTables() -> [UInt64: Visit] {
    defer { tables = [:] }
    return tables
  }

  func mappings(of frame: UInt64) -> UInt64 { counts[frame] ?? 0 }

  /// Notes what the entries of a table map; gives the frames that are mapped more or fewer times than before.
  mutating func setMapped(_ frames: [UInt64], by table: UInt64) -> Set<UInt64> {
    var changes: [UInt64: Int] = [:]
    for frame in mapped.updateValue(frames, forKey: table) ?? [] { changes[frame, default: 0] -= 1 }
    for frame in frames { changes[frame, default: 0] += 1 }
    for (frame, change) in changes where change != 0 {
      counts[frame] = UInt64(Int(counts[frame] ?? 0) + change)
    }
    return Set(changes.lazy.filter { $0.value != 0 }.map(\.key))
  }
}
