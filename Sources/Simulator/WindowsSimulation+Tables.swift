import BitLayout
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// The page tables: their entries are found, written and counted.
extension WindowsSimulation {
  /// Where the entry of a level is that translates an address; nil where a table above is not there.
  func place(of address: UInt64, level: Int = 1, root: UInt64) -> UInt64? {
    let lowest = lowestPlace(of: address, downTo: level, root: root)
    return lowest.level == level ? lowest.place : nil
  }

  /// Where the lowest entry is that translates an address, of those not below `level`, and its level.
  func lowestPlace(
    of address: UInt64, downTo level: Int = 1, root: UInt64
  ) -> (place: UInt64, level: Int) {
    let state = rooted(root).half(of: VirtualAddress(address))
    var base = state.root.rawValue
    var current = state.topLevel
    while true {
      let index = state.index(of: VirtualAddress(address), level: current)
      let place = base + UInt64(index * state.entrySize)
      guard current > level,
        case .table(let next) = state.meaning(of: memory.entry(at: place), level: current)
      else { return (place, current) }
      base = next.rawValue
      current -= 1
    }
  }

  /// The same, where tables that lack are made; says how many were.
  func makePlace(
    of address: UInt64, level: Int = 1, root: UInt64, process: WindowsProcessState?
  ) throws(StepFailure) -> (place: UInt64, made: Int) {
    let state = rooted(root).half(of: VirtualAddress(address))
    var base = state.root.rawValue
    var current = state.topLevel
    var made = 0
    while true {
      let index = state.index(of: VirtualAddress(address), level: current)
      let place = base + UInt64(index * state.entrySize)
      if current == level { return (place, made) }
      let entry = memory.entry(at: place)
      switch state.meaning(of: entry, level: current) {
      case .table(let next): base = next.rawValue
      case .notPresent where entry == 0:
        base = try makeTable(place, current, address, process) * frameSize
        made += 1
        if process == nil { spread(place, of: address, from: rooted(root).root.rawValue) }
      default:
        throw .mistake("the address \(address.hex) has a large page where a table would be")
      }
      current -= 1
    }
  }

  private func makeTable(
    _ place: UInt64, _ level: Int, _ address: UInt64, _ process: WindowsProcessState?
  ) throws(StepFailure) -> UInt64 {
    let frame: UInt64
    if process == nil {
      frame = try takeKernelFrame(forTable: level - 1, above: address)
      frames.update(frame) { $0.use = .table }
    } else {
      frame = try takeTableFrame()
    }
    let entry = tableEntry(frame, isUser: process != nil)
    store(entry, at: place, level: level, address: address, process: process)
    frames.update(frame) { record in
      record.pteAddress = pteAddress(of: address, level: level)
      record.pteFrame = place / frameSize
      record.originalPte = (try? word(.demandZero(Self.readWrite))) ?? 0
      record.isModified = true
    }
    if let process {
      let page = frames[frame].pteAddress / frameSize
      let index = process.workingSet.enter(page)
      frames.update(frame) { $0.workingSetIndex = index }
      event("\(state.mode.tableName(level - 1)) for \(address.hex) in frame \(frame.hex)")
    }
    return frame
  }

  // MARK: - Entries

  /// The address of the entry of a level in the self-map.
  func pteAddress(of address: UInt64, level: Int, in map: SelfMap? = nil) -> UInt64 {
    guard let map = map ?? selfMap else { return 0 }
    return map.entry(above: VirtualAddress(address), times: level).rawValue
  }

  /// Whether an entry counts for the share count of its table.
  private func isInUse(_ entry: UInt64, level: Int) -> Bool {
    if leaf.isValid(entry) { return true }
    return entry != 0 && decoder.reading(of: entry, level: level).state == .transition
  }

  /// Writes an entry, and keeps the counts of its table true.
  ///
  /// `owner` names the process of a table that is made before the process itself.
  func store(
    _ entry: UInt64, at place: UInt64, level: Int, address: UInt64, process: WindowsProcessState?,
    owner: String? = nil, isPrototype: Bool = false
  ) {
    let before = memory.entry(at: place)
    guard before != entry else { return }
    journal.note(
      EntryJournal.Change(
        place: place, before: before, level: level, address: address, isPrototype: isPrototype,
        process: owner ?? process?.name ?? ""), at: place)
    memory.store(entry: entry, at: place)
    let table = place / frameSize
    guard !isPrototype, frames[table].use == .table else { return }
    inspection.touch(place, of: process) { process in
      // What the table translates begins where what the entry above it translates does.
      let mask = level == format.topLevel ? 0 : UInt64.max << format.pageShift(level + 1)
      return .init(level: level, start: address & mask, process: process)
    }
    let (was, isNow) = (isInUse(before, level: level), isInUse(entry, level: level))
    guard was != isNow || (before == 0) != (entry == 0) else { return }
    frames.update(table) { record in
      record.entriesInUse = record.entriesInUse &+ (isNow ? 1 : 0) &- (was ? 1 : 0)
      record.usedEntries = record.usedEntries &+ (entry == 0 ? 0 : 1) &- (before == 0 ? 0 : 1)
      record.shareCount = max(1, record.entriesInUse)
    }
  }

  /// Gives back the tables above an address of the user's half that have no entry left.
  func releaseEmptyTables(above address: UInt64, _ process: WindowsProcessState) {
    let lowest = isPAE ? 2 : state.topLevel
    for level in 2...max(2, lowest) {
      guard let place = place(of: address, level: level, root: process.root) else { continue }
      let entry = memory.entry(at: place)
      guard case .table(let table) = state.meaning(of: entry, level: level) else { continue }
      let frame = table.rawValue / frameSize
      guard frames[frame].use == .table, frames[frame].usedEntries == 0 else { return }
      process.workingSet.leave(frames[frame].pteAddress / frameSize)
      store(0, at: place, level: level, address: address, process: process)
      inspection.forget(frame)
      frames.release(frame)
      committed -= 1
      event("\(state.mode.tableName(level - 1)) for \(address.hex) given back")
    }
  }
}
