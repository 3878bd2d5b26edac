import Paging
import PhysicalMemory
import WindowsMemory

/// The PFN database, which costs the host nothing for frames that nobody has used.
///
/// All its frames are in use from the start on, as those of Windows are. A page of it is mapped when
/// the first frame is used whose entry is on it; until then its frame, and those of the page tables
/// above it, are set aside.
extension WindowsSimulation {
  /// Sets frames aside for the entries of all frames that are installed.
  func setAsideDatabase() throws(StepFailure) {
    guard let size = structures.pfn?.size else { return }
    var pages: [ClosedRange<UInt64>] = []
    for frames in memory.installed {
      let first = space.pfnDatabase + frames.lowerBound * size
      let last = space.pfnDatabase + frames.upperBound * size + (size - 1)
      var start = first / frameSize
      // Entries of frames behind a hole may be on the last page of those before it.
      if let previous = pages.last, start <= previous.upperBound {
        start = previous.lowerBound
        pages.removeLast()
      }
      pages.append(start...(last / frameSize))
    }
    let ownTables = 1..<kernelLevel
    var database = DatabaseFrames(
      pages: pages, tableShifts: ownTables.map { state.pageShift($0 + 1) - state.pageShift(1) })
    guard let ranges = frames.setAside(database.count) else { throw .status(.noMemory) }
    database.take(ranges)
    databaseFrames = database
    // Each process has an entry of its own for these, from its beginning on.
    let level = kernelLevel - 1
    for page in database.firstPages(ofTables: level) {
      _ = try makePlace(of: page * frameSize, level: level, root: state.cr3, process: nil)
    }
  }

  /// A frame for a page table of the kernel: one that is set aside for it, or else any.
  func takeKernelFrame(
    forTable level: Int, above address: UInt64
  ) throws(StepFailure) -> UInt64 {
    guard let frame = databaseFrames?.frame(ofTable: level, above: address / frameSize) else {
      return try takeKernelFrame()
    }
    frames.take(setAside: frame)
    return frame
  }

  /// Maps the pages of the database that hold an entry, where nothing was written to them before.
  private func mapDatabase(_ entry: ClosedRange<UInt64>) throws(StepFailure) {
    for page in entry.lowerBound / frameSize...entry.upperBound / frameSize
    where kernelPages[page] == nil {
      guard let frame = databaseFrames?.frame(ofPage: page) else { continue }
      frames.take(setAside: frame)
      try mapKernel(page, to: frame)
    }
  }

  // MARK: - Entries

  /// The priority of pages of programs that have not asked for another.
  private static let usualPriority: UInt64 = 5

  /// Writes the records that have changed into the database.
  func writeDatabase() throws(StepFailure) {
    guard let composer, let size = structures.pfn?.size else { return }
    // That a page of the database is needed is nothing that the step did.
    let wasReported = isReported
    isReported = false
    defer { isReported = wasReported }
    // The frame of a page that is mapped has an entry too, on that page or on another.
    while frames.hasStale {
      for frame in frames.takeStale() {
        let address = space.pfnDatabase + frame * size
        let last = address + (size - 1)
        try mapDatabase(address...last)
        let content = content(of: frames[frame], composer)
        // Few entries are on two pages.
        let place = address / frameSize == last / frameSize ? kernelPlace(address) : nil
        composer.forEachValue(of: content) { member, value in
          if let place {
            memory.store(value, at: place + member.offset, size: min(member.size, 8))
          } else {
            storeKernel(value, at: address + member.offset, size: min(member.size, 8))
          }
        }
      }
    }
  }

  private func content(of record: FrameRecord, _ composer: PFNComposer) -> PFNContent {
    var content = PFNContent(
      location: UInt64(frames.index(record.location)),
      u1: record.isListed ? record.next ?? composer.noLink : record.workingSetIndex,
      u2: record.isListed ? record.previous ?? composer.noLink : record.shareCount)
    content.pteAddress = record.pteAddress
    content.pteFrame = record.pteFrame
    content.originalPte = record.originalPte
    content.referenceCount = record.referenceCount
    content.isPrototype = record.isPrototype
    content.isModified = record.isModified
    content.caching = record.caching
    content.priority = record.use == .none ? 0 : Self.usualPriority
    return content
  }
}
