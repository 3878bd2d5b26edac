import Paging
import PhysicalMemory
import WindowsMemory

/// VirtualFree: pages are decommitted, ranges given back.
extension WindowsSimulation {
  func decommit(_ range: ClosedRange<UInt64>, _ process: WindowsProcessState) throws(StepFailure) {
    let pages = pages(of: range)
    guard let index = process.rangeIndex(of: pages.lowerBound) else {
      throw .status(.memoryNotAllocated)
    }
    let area = process.ranges[index]
    guard area.pages.contains(pages.upperBound), area.kind == .none else {
      throw .status(.unableToFree)
    }
    guard area.isPrivate else { throw .status(.unableToDeleteSection) }
    let gone = try word(.decommitted)
    var count: UInt64 = 0
    for page in pages where isCommitted(page, area, process) {
      let address = page * frameSize
      let (place, _) = try makePlace(of: address, root: process.root, process: process)
      try delete(address, place: place, of: process, leaving: gone)
      count += 1
    }
    committed -= count
    process.ranges[index].charge -= min(count, process.ranges[index].charge)
  }

  func free(_ address: UInt64, _ process: WindowsProcessState) throws(StepFailure) {
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
    committed -= min(area.charge, committed)
    if area.kind == .largePages { return releaseLarge(area, process) }
    let pagesOfTable = (1 << state.pageShift(2)) / frameSize
    var page = area.pages.lowerBound
    while page <= area.pages.upperBound {
      let address = page * frameSize
      guard let place = place(of: address, root: process.root) else {
        // Nothing is below this table.
        page = (page / pagesOfTable + 1) * pagesOfTable
        continue
      }
      if memory.entry(at: place) != 0 { try delete(address, place: place, of: process) }
      let isLast = page == area.pages.upperBound
      if isLast || (page + 1) % pagesOfTable == 0 {
        releaseEmptyTables(above: address, process)
      }
      page += 1
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
