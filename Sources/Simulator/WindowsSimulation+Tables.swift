import BitLayout
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// The page tables.
extension WindowsSimulation {
  /// The levels above the PTE whose tables a process has of its own.
  private var isPAE: Bool { state.mode == .pae }

  /// Makes the top tables of a process, with the kernel's half and the self-map; gives CR3.
  ///
  /// The top table is at `wanted`, unless that is 0; `slot` is that of the self-map of x64.
  func makeRoot(_ wanted: UInt64, slot: Int) throws(StepFailure) -> UInt64 {
    let register: UInt64
    if wanted == 0 {
      register = try takeTableFrame() * frameSize
    } else {
      register = wanted
      let frame = wanted / frameSize
      guard let taken = frames.take(named: frame) else {
        throw .mistake(
          .overlap, "the frame of the root \(wanted.hex) is in use or not installed", notes: [])
      }
      memory.zero(frame: taken)
      try charge(1)
    }
    var root = state
    root.cr3 = register
    let base = root.root.rawValue
    switch state.mode {
    case .pae: try makeDirectories(base)
    case .x86: setRoot(base, slot: 0x300, level: 2)
    default: setRoot(base, slot: slot, level: 4)
    }
    copyKernelHalf(to: base)
    return register
  }

  /// A frame for a table, which is charged like a page.
  func takeTableFrame() throws(StepFailure) -> UInt64 {
    try charge(1)
    let frame = try takeFrame(isZeroed: true)
    frames.update(frame) { record in
      record.use = .table
      record.shareCount = 0
    }
    return frame
  }

  private func tableEntry(_ frame: UInt64) -> UInt64 { frame * frameSize | tableBits }

  /// The top table leads to itself.
  private func setRoot(_ base: UInt64, slot: Int, level: Int) {
    let place = base + UInt64(slot * state.entrySize)
    frames.update(base / frameSize) { record in
      record.use = .table
      record.shareCount = 0
      record.pteFrame = base / frameSize
    }
    store(
      tableEntry(base / frameSize) & ~userMask, at: place, level: level, address: 0, process: nil)
    guard let map = selfMap ?? WindowsMemory.SelfMap(of: rooted(base), in: memory.image) else {
      return
    }
    // The entry that leads to itself is the top table's own.
    frames.update(base / frameSize) { record in
      record.pteAddress = pteAddress(of: map.base, level: level, in: map)
    }
  }

  private func rooted(_ base: UInt64) -> PagingState {
    var state = state
    state.cr3 = base
    return state
  }

  private var userMask: UInt64 { X86Fields.user.mask }

  /// PAE has four page directories for each process, the last of which maps all four.
  private func makeDirectories(_ base: UInt64) throws(StepFailure) {
    frames.update(base / frameSize) { $0.use = .kernel }
    var directories: [UInt64] = []
    for _ in 0..<4 { directories.append(try takeTableFrame()) }
    let present = EntryEncoder(state, level: 3, isPage: false)?.base ?? 1
    for (index, frame) in directories.enumerated() {
      memory.store(entry: frame * frameSize | present, at: base + UInt64(index * 8))
    }
    let last = directories[3]
    for (index, frame) in directories.enumerated() {
      store(
        tableEntry(frame) & ~userMask, at: last * frameSize + UInt64(index * 8), level: 2,
        address: 0xc000_0000 + UInt64(index) << 21, process: nil)
      frames.update(frame) { record in
        record.pteAddress = 0xc060_3000 + UInt64(index * 8)
        record.pteFrame = last
      }
    }
  }

  // MARK: - The kernel's half

  /// The tables of a process that have entries of the kernel's half, with the first and last of them.
  private func kernelTables(of base: UInt64) -> [(table: UInt64, entries: Range<UInt64>)] {
    switch state.mode {
    case .pae:
      (2..<4).map { index in
        (memory.entry(at: base + index * 8) / frameSize * frameSize, index == 3 ? 4..<512 : 0..<512)
      }
    case .x86: [(base, 512..<1024)]
    default: [(base, 256..<512)]
    }
  }

  /// Gives a process the entries of the kernel's half that the System process has.
  private func copyKernelHalf(to base: UInt64) {
    guard let system = processes.first else { return }
    let source = rooted(system.root).root.rawValue
    for (from, to) in zip(kernelTables(of: source), kernelTables(of: base)) {
      for index in from.entries {
        copy(from.table, to.table, index)
      }
    }
  }

  private func copy(_ source: UInt64, _ target: UInt64, _ index: UInt64) {
    let offset = index * UInt64(state.entrySize)
    let entry = memory.entry(at: source + offset)
    // The self-map of x86 and x64 is each table's own.
    guard entry != 0, entry & LongModeLayouts.frame.mask != source,
      memory.entry(at: target + offset) == 0
    else { return }
    store(entry, at: target + offset, level: state.topLevel, address: 0, process: nil)
  }

  /// Copies an entry of the kernel's half that is new to all other processes.
  private func spread(_ place: UInt64, from base: UInt64) {
    let table = place / frameSize * frameSize
    let tables = kernelTables(of: base)
    guard let number = tables.firstIndex(where: { $0.table == table }) else { return }
    let index = place % frameSize / UInt64(state.entrySize)
    for process in processes.dropFirst() {
      let other = kernelTables(of: rooted(process.root).root.rawValue)[number].table
      copy(table, other, index)
    }
  }

  // MARK: - Descending

  /// Where the entry of a level is that translates an address; nil where a table above is not there.
  func place(of address: UInt64, level: Int = 1, root: UInt64) -> UInt64? {
    let state = rooted(root)
    var base = state.root.rawValue
    var current = state.topLevel
    while true {
      let index = state.index(of: VirtualAddress(address), level: current)
      let place = base + UInt64(index * state.entrySize)
      if current == level { return place }
      guard case .table(let next) = state.meaning(of: memory.entry(at: place), level: current)
      else { return nil }
      base = next.rawValue
      current -= 1
    }
  }

  /// The same, where tables that lack are made; says how many were.
  func makePlace(
    of address: UInt64, level: Int = 1, root: UInt64, process: WindowsProcessState?
  ) throws(StepFailure) -> (place: UInt64, made: Int) {
    let state = rooted(root)
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
        if process == nil { spread(place, from: state.root.rawValue) }
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
      guard let last = frames.takeLast() else { throw .status(.noMemory) }
      memory.zero(frame: last)
      frame = last
      frames.update(frame) { record in
        record.use = .table
        record.shareCount = 0
      }
    } else {
      frame = try takeTableFrame()
    }
    let entry = tableEntry(frame) & (process == nil ? ~userMask : ~0)
    store(entry, at: place, level: level, address: address, process: process)
    frames.update(frame) { record in
      record.pteAddress = pteAddress(of: address, level: level)
      record.pteFrame = place / frameSize
      record.originalPte = (try? word(.demandZero(Self.readWrite))) ?? 0
      record.isModified = true
    }
    if let process {
      let page = frames[frame].pteAddress / frameSize
      let index = process.enter(page)
      frames.update(frame) { $0.workingSetIndex = index }
      event("\(state.mode.tableName(level - 1)) for \(address.hex) in frame \(frame.hex)")
    }
    return frame
  }

  // MARK: - Entries

  /// The address of the entry of a level in the self-map.
  func pteAddress(of address: UInt64, level: Int, in map: WindowsMemory.SelfMap? = nil) -> UInt64 {
    guard let map = map ?? selfMap else { return 0 }
    var place = VirtualAddress(address)
    for _ in 0..<level { place = map.address(of: place, level: 1) ?? VirtualAddress(0) }
    return place.rawValue
  }

  /// Whether an entry counts for the share count of its table.
  private func isInUse(_ entry: UInt64, level: Int) -> Bool {
    if entry & X86Fields.present.mask != 0 { return true }
    return entry != 0 && decoder.reading(of: entry, level: level).state == .transition
  }

  /// Writes an entry, and keeps the counts of its table true.
  func store(
    _ entry: UInt64, at place: UInt64, level: Int, address: UInt64, process: WindowsProcessState?,
    isPrototype: Bool = false
  ) {
    let before = memory.entry(at: place)
    guard before != entry else { return }
    journal.note(
      EntryJournal.Change(
        place: place, before: before, level: level, address: address, isPrototype: isPrototype,
        process: process?.name ?? ""), at: place)
    memory.store(entry: entry, at: place)
    let table = place / frameSize
    guard !isPrototype, frames[table].use == .table else { return }
    let (was, isNow) = (isInUse(before, level: level), isInUse(entry, level: level))
    guard was != isNow || (before == 0) != (entry == 0) else { return }
    frames.update(table) { record in
      record.shareCount = record.shareCount &+ (isNow ? 1 : 0) &- (was ? 1 : 0)
      record.usedEntries = record.usedEntries &+ (entry == 0 ? 0 : 1) &- (before == 0 ? 0 : 1)
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
      process.leave(frames[frame].pteAddress / frameSize)
      store(0, at: place, level: level, address: address, process: process)
      frames.release(frame)
      committed -= 1
      event("\(state.mode.tableName(level - 1)) for \(address.hex) given back")
    }
  }
}
