import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory

/// Page tables and the pages they map.
extension LinuxSimulation {
  typealias Format = FourLevelFormat

  /// The place of an address's entry in a table.
  func place(of address: UInt64, in table: UInt64, level: Int) -> UInt64 {
    table + Format.index(of: address, level) * Format.entrySize
  }

  /// The table that an entry leads to, if it does.
  func table(of entry: UInt64, level: Int) -> UInt64? {
    guard case .table(let table) = format.meaning(of: entry, level: level) else { return nil }
    return table.rawValue
  }

  /// The tables that the entries of a table lead to.
  func tables(in base: UInt64, level: Int) -> some Sequence<UInt64> {
    stride(from: base, to: base + frameSize, by: Int(Format.entrySize)).lazy.compactMap {
      self.table(of: self.memory.entry(at: $0), level: level)
    }
  }

  func place(of address: UInt64, level: Int = 1, _ process: LinuxProcessState) -> UInt64? {
    var base = process.root
    var current = Format.levelCount
    while true {
      let place = place(of: address, in: base, level: current)
      if current == level { return place }
      guard let next = table(of: memory.entry(at: place), level: current) else { return nil }
      base = next
      current -= 1
    }
  }

  /// The same, where tables that lack are made.
  func makePlace(
    of address: UInt64, level: Int = 1, _ process: LinuxProcessState
  ) throws(StepFailure) -> UInt64 {
    var base = process.root
    var current = Format.levelCount
    while true {
      let place = place(of: address, in: base, level: current)
      if current == level { return place }
      let entry = memory.entry(at: place)
      guard let next = table(of: entry, level: current) else {
        if entry != 0 {
          split(address, process)
        } else {
          let table = try takeTable()
          store(entries.table(table), at: place, level: current, address, process)
        }
        continue
      }
      base = next
      current -= 1
    }
  }

  func store(
    _ entry: UInt64, at place: UInt64, level: Int = 1, _ address: UInt64,
    _ process: LinuxProcessState
  ) {
    let before = memory.entry(at: place)
    guard before != entry else { return }
    journal.note(
      EntryJournal.Change(
        place: place, before: before, level: level,
        address: address / span(level) * span(level),
        isPrototype: false, process: process.name), at: place)
    memory.store(entry: entry, at: place)
    changes.note(address, of: process.pid)
  }

  /// The entry that ends the walk of an address, and its level: 2 of a huge page.
  func entry(of address: UInt64, _ process: LinuxProcessState) -> (entry: UInt64, level: Int) {
    guard let place = place(of: address, level: 2, process) else { return (0, 1) }
    let entry = memory.entry(at: place)
    if let table = table(of: entry, level: 2) {
      return (memory.entry(at: self.place(of: address, in: table, level: 1)), 1)
    }
    return entry == 0 ? (0, 1) : (entry, 2)
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
  func unmap(_ address: UInt64, _ process: LinuxProcessState) {
    if entry(of: address, process).level == 2 { split(address, process) }
    guard let place = place(of: address, process) else { return }
    let start = address / frameSize * frameSize
    let entry = memory.entry(at: place)
    let reading = entries.decoder.reading(of: entry, level: 1)
    store(0, at: place, start, process)
    if reading.isPresent, let frame = reading.frame?.frame, frame != zeroFrame {
      if reading.isDirty, pages[frame]?.file != nil { pages[frame]?.isDirty = true }
      pages[frame]?.mappers.remove(.init(pid: process.pid, address: start))
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

  /// Gives back the tables that a table of a process that ends leads to.
  func freeAllTables(below base: UInt64, level: Int) {
    for table in tables(in: base, level: level) {
      if level > 2 { freeAllTables(below: table, level: level - 1) }
      release(table / frameSize)
    }
  }

  /// Gives back the lowest tables that are in a range as a whole and have no entries (Linux mm/pt_reclaim.c).
  func freeEmptyTables(_ start: UInt64, _ end: UInt64, _ process: LinuxProcessState) {
    freeTables(start, end, in: process.root, level: Format.levelCount, process) { span, level in
      level == 2 && span.lowerBound >= start && span.upperBound <= end
        && nextEntry(from: span.lowerBound, to: span.upperBound, process) == nil
    }
  }

  /// Gives back the tables between two addresses that no area needs any more, the lower ones first.
  func freeTables(_ start: UInt64, _ end: UInt64, _ process: LinuxProcessState) {
    freeTables(start, end, in: process.root, level: Format.levelCount, process) { span, _ in
      !process.hasAreas(in: span.lowerBound, span.upperBound)
    }
  }

  /// Gives back those tables of a range that may go, by the addresses that an entry of some level is about.
  private func freeTables(
    _ start: UInt64, _ end: UInt64, in base: UInt64, level: Int, _ process: LinuxProcessState,
    where mayGo: (Range<UInt64>, Int) -> Bool
  ) {
    var address = start
    while address < end {
      let first = address / span(level) * span(level)
      let next = first + span(level)
      defer { address = next }
      let place = place(of: address, in: base, level: level)
      guard let table = table(of: memory.entry(at: place), level: level) else { continue }
      if level > 2 {
        freeTables(
          address, min(next, end), in: table, level: level - 1, process, where: mayGo)
      }
      guard mayGo(first..<next, level) else { continue }
      store(0, at: place, level: level, first, process)
      release(table / frameSize)
    }
  }
}

extension FourLevelFormat {
  /// The bytes of an entry.
  static let entrySize = UInt64(MemoryLayout<Word>.size)
}
