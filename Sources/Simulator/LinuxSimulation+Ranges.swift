import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory

/// The entries of a range of addresses, one after the other.
extension LinuxSimulation {
  /// An entry of page tables that is not empty and leads to no other table.
  struct FoundEntry {
    /// The first address that it is about, of those that were asked for.
    var address: UInt64
    var place: UInt64
    var entry: UInt64
    var level: Int
    /// The address after the last that it is about.
    var end: UInt64
  }

  /// The number of addresses that an entry is about.
  func span(_ level: Int) -> UInt64 { Format.pageSize(level) }

  /// The first entry from an address on; whatever has no table is passed over at once.
  func nextEntry(
    from start: UInt64, to end: UInt64, _ process: LinuxProcessState
  ) -> FoundEntry? {
    nextEntry(from: start, to: end, in: process.root, level: Format.levelCount)
  }

  private func nextEntry(
    from start: UInt64, to end: UInt64, in base: UInt64, level: Int
  ) -> FoundEntry? {
    let span = span(level)
    var address = start
    while address < end {
      let place = place(of: address, in: base, level: level)
      let entry = memory.entry(at: place)
      let next = (address / span + 1) * span
      defer { address = next }
      guard entry != 0 else { continue }
      guard let table = table(of: entry, level: level) else {
        return FoundEntry(address: address, place: place, entry: entry, level: level, end: next)
      }
      let found = nextEntry(from: address, to: min(next, end), in: table, level: level - 1)
      if let found { return found }
    }
    return nil
  }

  /// The first entry from an address on that is about nothing beyond a range; huge pages that reach beyond
  /// it are split.
  func nextWholeEntry(
    from start: UInt64, to end: UInt64, _ process: LinuxProcessState
  ) -> FoundEntry? {
    guard let found = nextEntry(from: start, to: end, process) else { return nil }
    let isWhole = found.address % span(found.level) == 0 && found.end <= end
    guard found.level > 1, !isWhole else { return found }
    split(found.address, process)
    return nextEntry(from: found.address, to: end, process)
  }

  /// Calls `body` with every entry of a range that is not empty; huge pages that reach beyond it are
  /// split first.
  func forEachEntry(
    _ start: UInt64, _ end: UInt64, _ process: LinuxProcessState,
    _ body: (UInt64, UInt64, UInt64, Int) -> Void
  ) {
    var next = start
    while let found = nextWholeEntry(from: next, to: end, process) {
      next = found.end
      body(found.address, found.place, found.entry, found.level)
    }
  }

  /// The frame that an entry has in memory, whether or not the processor may use it.
  func frame(of entry: UInt64, level: Int = 1) -> UInt64? {
    entries.decoder.reading(of: entry, level: level).frame?.frame
  }
}
