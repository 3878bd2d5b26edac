import BitLayout
import Paging
import PhysicalMemory

/// Huge pages: entries of the level above that map pages themselves.
extension LinuxSimulation {
  /// The frames of a huge page: as many as a table has entries.
  static let hugeFrames: UInt64 = 512
  static let hugeSize = hugeFrames * frameSize

  func isHugeZero(_ frame: UInt64) -> Bool {
    hugeZeroFrame.map { frame >= $0 && frame < $0 + Self.hugeFrames } ?? false
  }

  /// Whether a frame holds zeros that all share.
  func isZero(_ frame: UInt64) -> Bool { frame == zeroFrame || isHugeZero(frame) }

  /// A huge page becomes 512 small ones, in the same frames and with the table that waits for it.
  func split(_ address: UInt64, _ process: LinuxProcessState) {
    guard let place = place(of: address, level: 2, process) else { return }
    let entry = memory.entry(at: place)
    let start = address / Self.hugeSize * Self.hugeSize
    guard entry != 0, let first = frame(of: entry, level: 2),
      let table = process.deposited.popLast()
    else { return }
    let isPresent = X86Fields.present.isSet(in: entry)
    var page = entries.page(of: entry)
    let isZero = first == hugeZeroFrame
    if isZero { page.isSpecial = true }
    for index in 0..<Self.hugeFrames {
      let target = isZero ? zeroFrame : first + index
      let small = entries.present(target, page)
      memory.store(
        entry: isPresent ? small : entries.protNone(small),
        at: table * frameSize + index * Format.entrySize)
      guard !isZero else { continue }
      pages[target, default: LinuxPage()].isHuge = false
    }
    store(entries.table(table), at: place, level: 2, start, process)
    event("the huge page at \(start.hex) is split")
  }

  /// Maps a huge page, for which a table was deposited already.
  func mapHuge(
    _ first: UInt64, at start: UInt64, _ entry: UInt64, _ process: LinuxProcessState
  ) throws(StepFailure) {
    let place = try makePlace(of: start, level: 2, process)
    store(entry, at: place, level: 2, start, process)
    guard first != hugeZeroFrame else { return }
    for index in 0..<Self.hugeFrames {
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
    if let table = process.deposited.popLast() { release(table) }
    guard first != hugeZeroFrame else { return }
    for index in 0..<Self.hugeFrames {
      pages[first + index]?.mappers.removeAll {
        $0 == .init(pid: process.pid, address: start + index * frameSize)
      }
      dropIfUnused(first + index)
    }
  }
}
