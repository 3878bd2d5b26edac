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
    case .x86: setRoot(base, slot: SelfMap.fixed(.x86)?.slot ?? slot, level: 2)
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

  func tableEntry(_ frame: UInt64) -> UInt64 { frame * frameSize | tableBits }

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

  var userMask: UInt64 { X86Fields.user.mask }

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
    let map = SelfMap(state, slot: 0)
    for (index, frame) in directories.enumerated() {
      let first = UInt64(index) << state.pageShift(3)
      store(
        tableEntry(frame) & ~userMask, at: last * frameSize + UInt64(index * 8), level: 2,
        address: pteAddress(of: first, level: 1, in: map), process: nil)
      frames.update(frame) { record in
        record.pteAddress = pteAddress(of: first, level: 3, in: map)
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
  func spread(_ place: UInt64, from base: UInt64) {
    let table = place / frameSize * frameSize
    let tables = kernelTables(of: base)
    guard let number = tables.firstIndex(where: { $0.table == table }) else { return }
    let index = place % frameSize / UInt64(state.entrySize)
    for process in processes.dropFirst() {
      let other = kernelTables(of: rooted(process.root).root.rawValue)[number].table
      copy(table, other, index)
    }
  }
}
