import BitLayout
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Places of pages in page files.
extension WindowsSimulation {
  /// The size of a page file of which the scenario says none.
  private static let usualSize: UInt64 = 16 << 20

  /// The page files of a scenario; a file begins with a page that holds its header.
  static func pageFiles(
    _ windows: Scenario.Windows?, store: UInt64?
  ) throws(StepFailure) -> [PageFileState] {
    try (windows?.pageFiles ?? []).map { (file) throws(StepFailure) in
      let pages = (file.size?.value ?? usualSize) / frameSize
      guard pages > 0 else {
        throw .mistake(
          .doesNotFit, "a page file of less than a page has no room for its header",
          at: file.size?.mark)
      }
      return PageFileState(
        number: file.number.value, isStore: file.number.value == store, pageCount: pages)
    }
  }

  /// The entry of a page that is in a page file, which kernels from Windows 8 on note beside the place.
  func pageFileEntry(
    _ number: UInt64, page: UInt64, _ protection: MMProtection
  ) throws(StepFailure) -> UInt64 {
    let allocated: PTEEncoder.FieldValue = ("PageFileAllocated", 1)
    let isNoted = kernel.layout(.software)?.field(named: allocated.name) != nil
    return try word(
      entries.paged(number, page: page, protection), setting: isNoted ? [allocated] : [])
  }

  /// The page file and page that an original entry names.
  func slot(of original: UInt64, isPrototype: Bool) -> (file: Int, page: UInt64)? {
    let reading = decoder.reading(of: original, table: isPrototype ? .prototype : .process)
    guard let number = reading.pageFile, let page = reading.pageFileOffset, page != 0,
      let file = pageFiles.firstIndex(where: { $0.number == number })
    else { return nil }
    return (file, page)
  }

  /// The copy of a page in a page file is worth nothing any more.
  func releaseSlot(of frame: UInt64) throws(StepFailure) {
    let record = frames[frame]
    guard let slot = slot(of: record.originalPte, isPrototype: record.isPrototype) else { return }
    let protection = protection(ofOriginal: record.originalPte, isPrototype: record.isPrototype)
    let entry = try softwareEntry(protection)
    frames.update(frame) { $0.originalPte = entry }
    release(slot)
  }

  func release(_ slot: (file: Int, page: UInt64)) {
    pageFiles[slot.file].release(slot.page)
    event("page \(slot.page.hex) of page file \(pageFiles[slot.file].number) is given back")
  }
}
