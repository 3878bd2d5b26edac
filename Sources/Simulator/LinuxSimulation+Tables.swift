import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory

/// Page tables and the pages they map.
extension LinuxSimulation {
  static let hugeSize: UInt64 = 512 * frameSize

  func place(of address: UInt64, level: Int = 1, _ process: LinuxProcessState) -> UInt64? {
    var base = process.root
    var current = 4
    while true {
      let place = base + UInt64(state.index(of: VirtualAddress(address), level: current) * 8)
      if current == level { return place }
      guard case .table(let next) = state.meaning(of: memory.entry(at: place), level: current)
      else { return nil }
      base = next.rawValue
      current -= 1
    }
  }

  /// The same, where tables that lack are made.
  func makePlace(
    of address: UInt64, level: Int = 1, _ process: LinuxProcessState
  ) throws(StepFailure) -> UInt64 {
    var base = process.root
    var current = 4
    while true {
      let place = base + UInt64(state.index(of: VirtualAddress(address), level: current) * 8)
      if current == level { return place }
      let entry = memory.entry(at: place)
      guard case .table(let next) = state.meaning(of: entry, level: current) else {
        if entry != 0 {
          try split(address, process)
        } else {
          let table = try takeTable()
          store(entries.table(table), at: place, level: current, address, process)
        }
        continue
      }
      base = next.rawValue
      current -= 1
    }
  }

  func store(
    _ entry: UInt64, at place: UInt64, level: Int = 1, _ address: UInt64,
    _ process: LinuxProcessState
  ) {
    let before = memory.entry(at: place)
    guard before != entry else { return }
    let size = frameSize << UInt64(9 * (level - 1))
    journal.note(
      EntryJournal.Change(
        place: place, before: before, level: level, address: address / size * size,
        isPrototype: false, process: process.name), at: place)
    memory.store(entry: entry, at: place)
  }

  /// The entry that ends the walk of an address, and its level: 2 of a huge page.
  func entry(of address: UInt64, _ process: LinuxProcessState) -> (entry: UInt64, level: Int) {
    if let place = place(of: address, level: 2, process) {
      let entry = memory.entry(at: place)
      if case .table = state.meaning(of: entry, level: 2) {
        return (self.place(of: address, process).map { memory.entry(at: $0) } ?? 0, 1)
      }
      if entry != 0 { return (entry, 2) }
    }
    return (0, 1)
  }

  /// The frame that an entry has in memory, whether or not the processor may use it.
  func frame(of entry: UInt64, level: Int = 1) -> UInt64? {
    entries.decoder.reading(of: entry, level: level).frame?.frame
  }

  // MARK: - Mapping

  func map(
    _ frame: UInt64, at address: UInt64, _ entry: UInt64, _ process: LinuxProcessState
  ) throws(StepFailure) {
    let start = address / frameSize * frameSize
    store(entry, at: try makePlace(of: address, process), start, process)
    guard frame != zeroFrame else { return }
    pages[frame, default: LinuxPage()].mappers.append(.init(pid: process.pid, address: start))
  }

  /// Takes the entry of a page away, and the page where nobody else has it.
  func unmap(
    _ address: UInt64, _ process: LinuxProcessState, leaving replacement: UInt64 = 0
  ) throws(StepFailure) {
    if entry(of: address, process).level == 2 { try split(address, process) }
    guard let place = place(of: address, process) else { return }
    let start = address / frameSize * frameSize
    let entry = memory.entry(at: place)
    let reading = entries.decoder.reading(of: entry, level: 1)
    store(replacement, at: place, start, process)
    if reading.isPresent, let frame = reading.frame?.frame, frame != zeroFrame {
      if reading.isDirty { pages[frame]?.isDirty = true }
      pages[frame]?.mappers.removeAll { $0 == .init(pid: process.pid, address: start) }
      dropIfUnused(frame)
    } else if reading.state == .swap, let offset = reading.swapOffset {
      swap?.change(offset) { $0.entries -= 1 }
      dropSwapCache(offset)
    }
  }

  /// Gives back an anonymous page that nobody maps and that is in no cache.
  func dropIfUnused(_ frame: UInt64) {
    guard let page = pages[frame], page.mappers.isEmpty, page.isAnonymous,
      !isHugeZero(frame)
    else { return }
    if let place = page.swap {
      // With no entry left, the copy in swap is worth nothing.
      guard swap?.slots[place]?.entries == 0 else { return }
      swap?.change(place) { $0.frame = nil }
    }
    release(frame)
  }

  private func dropSwapCache(_ offset: UInt64) {
    guard let slot = swap?.slots[offset], slot.entries == 0, let frame = slot.frame else { return }
    if pages[frame]?.mappers.isEmpty == true {
      swap?.change(offset) { $0.frame = nil }
      release(frame)
    }
  }

  private func isHugeZero(_ frame: UInt64) -> Bool {
    hugeZeroFrame.map { frame >= $0 && frame < $0 + 512 } ?? false
  }

  /// Whether a frame holds zeros that all share.
  func isZero(_ frame: UInt64) -> Bool { frame == zeroFrame || isHugeZero(frame) }

  // MARK: - Huge pages

  /// A huge page becomes 512 small ones, in the same frames.
  func split(_ address: UInt64, _ process: LinuxProcessState) throws(StepFailure) {
    guard let place = place(of: address, level: 2, process) else { return }
    let entry = memory.entry(at: place)
    let start = address / Self.hugeSize * Self.hugeSize
    guard entry != 0, let first = frame(of: entry, level: 2) else { return }
    let isPresent = X86Fields.present.isSet(in: entry)
    var page = entries.page(of: entry)
    let table = try takeTable()
    let isZero = first == hugeZeroFrame
    if isZero { page.isSpecial = true }
    for index in 0..<512 as Range<UInt64> {
      let target = isZero ? zeroFrame : first + index
      let small = entries.present(target, page)
      memory.store(
        entry: isPresent ? small : entries.protNone(small), at: table * frameSize + index * 8)
      guard !isZero else { continue }
      pages[target, default: LinuxPage()].isHuge = false
    }
    store(entries.table(table), at: place, level: 2, start, process)
    event("the huge page at \(start.hex) is split")
  }

  func mapHuge(
    _ first: UInt64, at start: UInt64, _ entry: UInt64, _ process: LinuxProcessState
  ) throws(StepFailure) {
    let place = try makePlace(of: start, level: 2, process)
    store(entry, at: place, level: 2, start, process)
    guard first != hugeZeroFrame else { return }
    for index in 0..<512 as Range<UInt64> {
      pages[first + index, default: LinuxPage()].mappers.append(
        .init(pid: process.pid, address: start + index * frameSize))
      pages[first + index]?.isHuge = true
    }
  }

  func unmapHuge(_ start: UInt64, _ process: LinuxProcessState) {
    guard let place = place(of: start, level: 2, process),
      let first = frame(of: memory.entry(at: place), level: 2)
    else { return }
    store(0, at: place, level: 2, start, process)
    guard first != hugeZeroFrame else { return }
    for index in 0..<512 as Range<UInt64> {
      pages[first + index]?.mappers.removeAll {
        $0 == .init(pid: process.pid, address: start + index * frameSize)
      }
      dropIfUnused(first + index)
    }
  }

  /// Gives back the tables that a table of a process that ends leads to.
  func freeAllTables(below base: UInt64, level: Int) {
    for index in 0..<512 as Range<UInt64> {
      let entry = memory.entry(at: base + index * 8)
      guard entry != 0, case .table(let table) = state.meaning(of: entry, level: level) else {
        continue
      }
      if level > 2 { freeAllTables(below: table.rawValue, level: level - 1) }
      release(table.rawValue / frameSize)
    }
  }

  /// Gives back the tables between two addresses that no area needs any more.
  func freeTables(_ start: UInt64, _ end: UInt64, _ process: LinuxProcessState) {
    for level in 2...4 {
      let span = frameSize << UInt64(9 * (level - 1))
      var address = start / span * span
      while address < end {
        defer { address += span }
        let isNeeded = process.areas.contains { $0.start < address + span && $0.end > address }
        guard !isNeeded, let place = place(of: address, level: level, process),
          case .table(let table) = state.meaning(of: memory.entry(at: place), level: level)
        else { continue }
        store(0, at: place, level: level, address, process)
        release(table.rawValue / frameSize)
      }
    }
  }
}
