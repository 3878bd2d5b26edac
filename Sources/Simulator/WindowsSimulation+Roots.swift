import BitLayout
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// The top tables of processes, and the kernel's half that all have in common.
extension WindowsSimulation {
  /// Whether a process has four page directories rather than one top table.
  var isPAE: Bool { state.mode == .pae }

  /// Makes the top tables of a process, with the kernel's half and the self-map; gives CR3.
  ///
  /// The top table is at `wanted`, unless that is 0; `slot` is that of the self-map of x64 and arm64,
  /// `owner` the name of the process.
  func makeRoot(_ wanted: UInt64, slot: Int, owner: String) throws(StepFailure) -> UInt64 {
    let register: UInt64
    if wanted == 0 {
      register = try takeTableFrame() * frameSize
    } else {
      register = wanted
      let frame = wanted / frameSize
      try charge(1)
      guard let taken = frames.take(named: frame) else {
        throw .mistake(
          .overlap, "the frame of the root \(wanted.hex) is in use or not installed", notes: [])
      }
      memory.zero(frame: taken)
    }
    var root = state
    root.cr3 = register
    let base = root.root.rawValue
    switch state.mode {
    case .pae:
      do throws(StepFailure) {
        try makeDirectories(base, owner)
      } catch {
        release(table: base / frameSize)
        throw error
      }
    case .x86: setRoot(base, slot: SelfMap.fixed(.x86)?.slot ?? slot, level: 2, owner)
    default: setRoot(base, slot: slot, level: state.topLevel, owner)
    }
    copyKernelHalf(to: base, owner)
    return register
  }

  /// Gives back the top tables of a process, of which nothing else is left.
  func releaseRoot(_ base: UInt64) {
    for directory in isPAE ? directories(of: base) : [] { release(table: directory / frameSize) }
    release(table: base / frameSize)
  }

  private func release(table frame: UInt64) {
    inspection.forget(frame)
    frames.release(frame)
    committed -= 1
  }

  /// A frame for a table, which is charged like a page.
  func takeTableFrame() throws(StepFailure) -> UInt64 {
    try charge(1)
    let frame: UInt64
    do throws(StepFailure) {
      frame = try takeFrame(isZeroed: true)
    } catch {
      committed -= 1
      throw error
    }
    frames.update(frame) { $0.use = .table }
    return frame
  }

  func tableEntry(_ frame: UInt64, isUser: Bool) -> UInt64 {
    let entry = frame * frameSize | tableBits
    return isUser ? entry | entries.userTableBit : entry & ~entries.userTableBit
  }

  /// The top table leads to itself.
  private func setRoot(_ base: UInt64, slot: Int, level: Int, _ owner: String) {
    let place = base + UInt64(slot * state.entrySize)
    frames.update(base / frameSize) { record in
      record.use = .table
      record.pteFrame = base / frameSize
    }
    store(
      tableEntry(base / frameSize, isUser: false), at: place, level: level,
      address: SelfMap(state, slot: slot).base, process: nil, owner: owner)
    guard let map = selfMap ?? SelfMap(of: rooted(base), in: memory.image) else {
      return
    }
    // The entry that leads to itself is the top table's own.
    frames.update(base / frameSize) { record in
      record.pteAddress = pteAddress(of: map.base, level: level, in: map)
    }
  }

  func rooted(_ base: UInt64) -> PagingState {
    var state = state
    state.cr3 = base
    return state
  }

  /// The page directories of PAE to which the pointers at CR3 lead.
  func directories(of base: UInt64) -> [UInt64] {
    (0..<state.entryCount(3)).map { index in
      memory.entry(at: base + UInt64(index * state.entrySize)) & PAELayouts.frame.mask
    }
  }

  /// PAE has four page directories for each process, the last of which maps all four.
  private func makeDirectories(_ base: UInt64, _ owner: String) throws(StepFailure) {
    frames.update(base / frameSize) { $0.use = .kernel }
    var directories: [UInt64] = []
    do throws(StepFailure) {
      for _ in 0..<state.entryCount(3) { directories.append(try takeTableFrame()) }
    } catch {
      for directory in directories { release(table: directory) }
      throw error
    }
    let present = EntryEncoder(state, level: 3, isPage: false)?.base ?? 1
    for (index, frame) in directories.enumerated() {
      memory.store(entry: frame * frameSize | present, at: base + UInt64(index * state.entrySize))
    }
    let last = directories[3]
    let map = SelfMap(state, slot: 0)
    for (index, frame) in directories.enumerated() {
      let first = UInt64(index) << state.pageShift(3)
      store(
        tableEntry(frame, isUser: false),
        at: last * frameSize + UInt64(index * state.entrySize), level: 2,
        address: pteAddress(of: first, level: 1, in: map), process: nil, owner: owner)
      frames.update(frame) { record in
        record.pteAddress = pteAddress(of: first, level: 3, in: map)
        record.pteFrame = last
      }
    }
  }

  // MARK: - The kernel's half

  /// A table of a process with entries of the kernel's half.
  private struct KernelTable {
    var table: UInt64
    /// The first address that the table translates.
    var start: UInt64
    /// The numbers of those entries.
    var entries: Range<UInt64>
  }

  /// The tables of a process that have entries of the kernel's half.
  private func kernelTables(of base: UInt64) -> [KernelTable] {
    let state = rooted(base).half(of: VirtualAddress(UInt64.max))
    let count = UInt64(state.entryCount(kernelLevel))
    guard isPAE else {
      // Where the kernel's half has a top table of its own, all of it is the kernel's.
      let (table, start) = (state.root.rawValue, state.firstAddress)
      return [
        KernelTable(table: table, start: start, entries: (start == 0 ? count / 2 : 0)..<count)
      ]
    }
    let directories = directories(of: base)
    return (2..<directories.count).map { index in
      // The last begins with the entries that map all of them.
      let isLast = index == directories.count - 1
      return KernelTable(
        table: directories[index], start: UInt64(index) << state.pageShift(3),
        entries: (isLast ? UInt64(directories.count) : 0)..<count)
    }
  }

  /// Gives a process the entries of the kernel's half that the System process has.
  private func copyKernelHalf(to base: UInt64, _ owner: String) {
    guard let system = processes.first else { return }
    let source = rooted(system.root).root.rawValue
    for (from, to) in zip(kernelTables(of: source), kernelTables(of: base)) {
      for index in from.entries {
        let address = state.address(from.start, level: kernelLevel, index: Int(index))
        copy(from.table, to.table, index, address, owner)
      }
    }
  }

  private func copy(
    _ source: UInt64, _ target: UInt64, _ index: UInt64, _ address: UInt64, _ owner: String
  ) {
    let offset = index * UInt64(state.entrySize)
    let entry = memory.entry(at: source + offset)
    // The self-map is each table's own.
    let own = PhysicalAddress(source / frameSize * frameSize)
    guard entry != 0, state.meaning(of: entry, level: kernelLevel) != .table(own),
      memory.entry(at: target + offset) == 0
    else { return }
    store(
      entry, at: target + offset, level: kernelLevel, address: address, process: nil, owner: owner)
  }

  /// The level of the tables that a process has of its own: of PAE, the page directories below the root.
  var kernelLevel: Int { isPAE ? 2 : state.topLevel }

  /// Copies an entry of the kernel's half that is new, for an address, to all other processes.
  func spread(_ place: UInt64, of address: UInt64, from base: UInt64) {
    let tables = kernelTables(of: base)
    guard let number = tables.firstIndex(where: { $0.table / frameSize == place / frameSize })
    else { return }
    let table = tables[number].table
    let index = (place - table) / UInt64(state.entrySize)
    for process in processes.dropFirst() {
      let other = kernelTables(of: rooted(process.root).root.rawValue)[number].table
      copy(table, other, index, address, process.name)
    }
  }
}
