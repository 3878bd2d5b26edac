import Paging
import PhysicalMemory
import WindowsMemory

/// VirtualFree: pages are decommitted, ranges given back.
extension WindowsSimulation {
  func decommit(_ range: ClosedRange<UInt64>, _ process: WindowsProcessState) throws(StepFailure) {
    try requireUser(range, base: .invalidParameter2, size: .invalidParameter3)
    let pages = pages(of: range)
    guard let index = process.rangeIndex(of: pages.lowerBound) else {
      throw .status(.memoryNotAllocated)
    }
    let area = process.ranges[index]
    guard area.pages.contains(pages.upperBound) else { throw .status(.unableToFree) }
    guard area.isPrivate else { throw .status(.unableToDeleteSection) }
    guard area.kind == .none else { throw .status(.unableToFree) }
    let gone = try word(.decommitted)
    // Against what the descriptor says, each page needs an entry.
    if area.isCommitted { try makeTables(of: pages, process) }
    var count: UInt64 = 0
    for span in spans(of: pages, process) {
      for (page, place) in span.entries
      where area.isCommitted(by: memory.entry(at: place), decoder) {
        try delete(page * frameSize, place: place, of: process, leaving: gone)
        count += 1
      }
    }
    committed -= count
    process.ranges[index].charge -= count
  }

  func free(_ address: UInt64, _ process: WindowsProcessState) throws(StepFailure) {
    try requireUser(address...address, base: .invalidParameter2, size: .invalidParameter3)
    guard let index = process.rangeIndex(of: address / frameSize) else {
      throw .status(.memoryNotAllocated)
    }
    let area = process.ranges[index]
    guard area.isPrivate else { throw .status(.unableToDeleteSection) }
    guard area.pages.lowerBound == address / frameSize else { throw .status(.freeNotAtBase) }
    try release(area, of: process)
    remove(index, of: process)
  }

  /// Gives back all that a range has; its descriptor stays.
  func release(_ area: AddressRange, of process: WindowsProcessState) throws(StepFailure) {
    committed -= area.charge
    if area.kind == .largePages { return releaseLarge(area, process) }
    for span in spans(of: area.pages, process) where span.hasTable {
      for (page, place) in span.entries where memory.entry(at: place) != 0 {
        try delete(page * frameSize, place: place, of: process)
      }
      releaseEmptyTables(above: span.pages.upperBound * frameSize, process)
    }
    area.view?.section.viewCount -= 1
  }

  private func releaseLarge(_ area: AddressRange, _ process: WindowsProcessState) {
    let size: UInt64 = 1 << state.pageShift(2)
    let first = area.pages.lowerBound * frameSize
    for address in stride(from: first, through: area.pages.upperBound * frameSize, by: Int(size)) {
      guard let place = place(of: address, level: 2, root: process.root),
        let frame = decoder.reading(of: memory.entry(at: place), level: 2).pfn
      else { continue }
      store(0, at: place, level: 2, address: address, process: process)
      for page in frame..<frame + size / frameSize { frames.release(page) }
      releaseEmptyTables(above: address, process)
    }
  }
}
