import Paging
import PhysicalMemory
import WindowsMemory

/// What must hold after every step.
extension WindowsSimulation {
  /// The invariants that do not hold of what was touched since they were asked for, in words.
  var violations: [String] {
    if let known = inspection.found { return known }
    guard inspection.isPending || frames.hasUnchecked else { return [] }
    var found: [String] = []
    inspection.databasePage = nil
    for (table, entries) in inspection.takeTables() { check(table, entries, &found) }
    for frame in frames.takeUnchecked() { inspection.noteFrame(frame) }
    for frame in inspection.takeFrames() where frames.isTouched(frame) { check(frame, &found) }
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
    for (frame, _) in frames.records.all { check(frame, &found) }
    _ = inspection.takeFrames()
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
    inspection.visit(table / frameSize, .init(level: level, start: start, process: process))
    check(table / frameSize, nil, &found)
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

  /// Checks the entries of a table that have changed, or all of one that was not looked at before.
  ///
  /// `places` are in units of four bytes; nil stands for all.
  private func check(_ table: UInt64, _ places: [UInt64]?, _ found: inout [String]) {
    guard let visit = inspection.visit(of: table) else { return }
    guard frames[table].use == .table else { return inspection.forget(table) }
    let count = format.entryCount(visit.level)
    let known = inspection.takeSeen(table)
    var seen = known ?? Inspection.SeenTable(entryCount: count)
    if let places, known != nil {
      for place in places {
        check(entry: Int(place) * 4 / format.entrySize, of: table, visit, &seen, &found)
      }
    } else {
      for index in 0..<count { check(entry: index, of: table, visit, &seen, &found) }
    }
    if seen.inUse != frames[table].entriesInUse {
      found.append(
        "frame \(table.hex) has \(seen.inUse) entries in use, and says \(frames[table].entriesInUse)"
      )
    }
    inspection.keep(seen, of: table)
  }

  /// Checks one entry of a table, and counts it in place of the one that was there at the last check.
  private func check(
    entry index: Int, of table: UInt64, _ visit: Inspection.Visit,
    _ known: inout Inspection.SeenTable, _ found: inout [String]
  ) {
    let place = table * frameSize + UInt64(index * format.entrySize)
    let entry = memory.entry(at: place)
    let address = format.address(visit.start, level: visit.level, index: index)
    var seen = Inspection.SeenEntry.unused
    switch format.meaning(of: entry, level: visit.level) {
    case .table: seen = .used
    case .page(let page):
      seen = .used
      guard visit.level == 1, format.isUser(address) else { break }
      seen = .mapping(page.rawValue / frameSize)
      checkValid(page.rawValue / frameSize, address, visit.process, &found)
    case .notPresent:
      guard entry != 0 else { break }
      let reading = decoder.reading(of: entry, level: visit.level)
      guard reading.state == .transition, let page = reading.pfn else { break }
      seen = .used
      checkTransition(page, at: place, address, &found)
    case .reserved: found.append("\(address.hex) has an entry with reserved bits")
    }
    inspection.note(seen, at: index, of: &known)
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
    let record = frames[frame]
    var name: String { "frame \(frame.hex)" }
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
    guard let database, let composer else { return }
    guard let entry = databaseRecord(of: frame, in: database) else {
      return found.append("the PFN database has no entry for frame \(frame.hex)")
    }
    let links =
      record.isListed
      ? (record.next ?? composer.noLink, record.previous ?? composer.noLink)
      : (record.workingSetIndex, record.shareCount)
    let isSame =
      entry.location == record.location && entry.referenceCount == record.referenceCount
      && entry.isPrototype == record.isPrototype && entry.originalPte == record.originalPte
      && entry.isModified == record.isModified
      && entry.pteAddress == record.pteAddress && entry.pteFrame == record.pteFrame
      && (entry.u1, entry.u2) == links
    if !isSame { found.append("the PFN database says something else of frame \(frame.hex)") }
  }

  /// What the database says of a frame, found by way of the kernel's page tables.
  ///
  /// The entries of frames that follow each other are in one page, which is looked up once in a check.
  private func databaseRecord(of frame: UInt64, in database: PFNDatabase) -> PFNRecord? {
    let address = database.address(of: frame)
    guard database.isInOnePage(address) else { return try? database.record(of: frame) }
    let page = address.rawValue / frameSize
    if inspection.databasePage?.page != page {
      guard let place = try? database.place(of: VirtualAddress(page * frameSize)) else {
        return nil
      }
      inspection.databasePage = (page, place.rawValue)
    }
    let place = (inspection.databasePage?.place ?? 0) + address.rawValue % frameSize
    return database.record { memory.number(at: place + $0.offset, size: $0.size) }
  }
}
