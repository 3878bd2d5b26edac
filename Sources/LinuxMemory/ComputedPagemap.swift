public import Paging
public import PhysicalMemory

/// The pagemap of a process of a dump, computed from its page tables.
public struct ComputedPagemap: PagemapSource {
  /// The areas of the process; empty where they are not known.
  public let areas: MemoryAreas
  private let memory: MemoryImage
  private let paging: PagingState
  private let decoder: LinuxEntryDecoder
  private let facts: FrameFacts

  /// Prepares for one root.
  ///
  /// - Parameters:
  ///   - memory: physical memory.
  ///   - paging: the paging state with the root of the process.
  ///   - kernel: the kernel that made the tables.
  ///   - areas: the areas of the process; none where they are not known.
  ///   - facts: what is known of frames.
  public init(
    _ memory: MemoryImage, _ paging: PagingState, _ kernel: LinuxKernel,
    areas: MemoryAreas = MemoryAreas([]), facts: FrameFacts = FrameFacts()
  ) {
    self.memory = memory
    self.paging = paging
    self.areas = areas
    self.facts = facts
    decoder = LinuxEntryDecoder(kernel, paging)
  }

  /// The size of a page as a power of 2.
  public var pageShift: UInt64 { paging.pageShift(1) }

  /// Gives the words that follow from the tables; above the addresses of user mode there are none.
  public func read(_ area: MemoryArea, _ emit: (PagemapPiece) -> Bool) {
    var area = area
    let end = paging.lastUserAddress &+ 1
    let rest = max(area.start, end)..<max(area.end, end)
    area.end = min(area.end, rest.lowerBound)
    guard area.start >= area.end || readUserPages(area, emit), !rest.isEmpty else { return }
    let count = (rest.upperBound - rest.lowerBound) >> pageShift
    _ = emit(
      PagemapPiece(PagemapRun(address: rest.lowerBound, pageCount: count, entry: nil, step: 0)))
  }

  private func readUserPages(_ area: MemoryArea, _ emit: (PagemapPiece) -> Bool) -> Bool {
    let words = PagemapVisitor(
      facts, decoder.kernel, pageShift: pageShift, areasAreKnown: !areas.areas.isEmpty)
    var scan = AreaScan([area], decoder, paging, words)
    var visitor = paging.perform(&scan, on: memory)
    for run in visitor.runs() {
      guard emit(PagemapPiece(run)) else { return false }
    }
    return true
  }
}
