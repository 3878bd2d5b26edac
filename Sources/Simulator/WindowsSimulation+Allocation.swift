import Paging
import PhysicalMemory
import WindowsMemory

/// VirtualAlloc: addresses are reserved, pages committed.
extension WindowsSimulation {
  /// Reservations and views begin at multiples of 64 KiB.
  static let granularity: UInt64 = 0x1_0000

  /// Charges pages to the commitment; a status where there is no room.
  func charge(_ pages: UInt64) throws(StepFailure) {
    guard committed + pages <= commitLimit else { throw .status(.commitmentLimit) }
    committed += pages
  }

  func check(_ protection: MMProtection) throws(StepFailure) {
    // Private memory has nothing to copy from.
    guard !protection.isCopyOnWrite else { throw .status(.invalidPageProtection) }
  }

  func pages(of range: ClosedRange<UInt64>) -> ClosedRange<UInt64> {
    range.lowerBound / frameSize...range.upperBound / frameSize
  }

  /// Refuses addresses that no program has, by the parameter of the call that says where the range begins, or
  /// how long it is (the flows of the calls in ReactOS).
  func requireUser(
    _ range: ClosedRange<UInt64>, base: NTStatus, size: NTStatus
  ) throws(StepFailure) {
    guard range.lowerBound <= lastProgramAddress else { throw .status(base) }
    guard range.upperBound <= lastProgramAddress else { throw .status(size) }
  }

  /// The same of what is to be reserved or committed; VirtualAlloc itself refuses the first 64 KiB.
  private func requireAllocatable(_ range: ClosedRange<UInt64>) throws(StepFailure) {
    guard range.lowerBound >= Self.granularity else { throw .status(.invalidParameter) }
    try requireUser(range, base: .invalidParameter2, size: .invalidParameter4)
  }

  /// The last address that a program can have (GetSystemInfo): 64 KiB below the end of the user's half, which is
  /// 8 TiB large before Windows 8.1.
  private var lastProgramAddress: UInt64 {
    guard !kernel.format.isThirtyTwoBit else { return 0x7ffe_ffff }
    return kernel.id.build < Self.firstWideBuild ? 0x7ff_fffe_ffff : 0x7fff_fffe_ffff
  }

  /// Windows 8.1.
  private static let firstWideBuild = 9600

  func reserve(
    _ range: ClosedRange<UInt64>, _ protection: MMProtection, isCommitted: Bool, isLarge: Bool,
    _ process: WindowsProcessState
  ) throws(StepFailure) {
    try requireAllocatable(range)
    try check(protection)
    let start = range.lowerBound / Self.granularity * Self.granularity
    let pages = pages(of: start...range.upperBound)
    if isLarge { return try reserveLarge(range, pages, protection, process) }
    guard process.hasRoom(for: pages) else { throw .status(.conflictingAddresses) }
    let count = isCommitted ? UInt64(pages.count) : 0
    try charge(count)
    try add(
      AddressRange(
        pages: pages, kind: .none, protection: protection, isPrivate: true,
        isCommitted: isCommitted, address: 0, charge: count), to: process)
  }

  /// Large pages are in memory from the start and stay there.
  private func reserveLarge(
    _ range: ClosedRange<UInt64>, _ pages: ClosedRange<UInt64>, _ protection: MMProtection,
    _ process: WindowsProcessState
  ) throws(StepFailure) {
    let size: UInt64 = 1 << state.pageShift(2)
    guard range.lowerBound % size == 0, (range.upperBound &+ 1) % size == 0 else {
      throw .status(.invalidParameter)
    }
    guard process.hasRoom(for: pages) else { throw .status(.conflictingAddresses) }
    let count = UInt64(pages.count)
    try charge(count)
    var taken: [UInt64] = []
    for _ in stride(from: range.lowerBound, through: range.upperBound, by: Int(size)) {
      guard let frame = frames.takeAligned(size / frameSize) else {
        committed -= count
        for frame in taken.flatMap({ $0..<$0 + size / frameSize }) { frames.release(frame) }
        throw .status(.insufficientResources)
      }
      taken.append(frame)
    }
    try add(
      AddressRange(
        pages: pages, kind: .largePages, protection: protection, isPrivate: true,
        isCommitted: true, address: 0, charge: count), to: process)
    for (index, first) in taken.enumerated() {
      let address = range.lowerBound + UInt64(index) * size
      let (place, _) = try makePlace(of: address, level: 2, root: process.root, process: process)
      let entry = try validEntry(first, protection, isDirty: true, isLarge: true)
      store(entry, at: place, level: 2, address: address, process: process)
      for frame in first..<first + size / frameSize {
        frames.update(frame) { record in
          record.use = .large
          record.pteAddress = pteAddress(of: address, level: 2)
          record.pteFrame = place / frameSize
          record.isModified = true
          record.caching = protection.caching
        }
      }
    }
  }

  func commit(
    _ range: ClosedRange<UInt64>, _ protection: MMProtection, _ process: WindowsProcessState
  ) throws(StepFailure) {
    try requireAllocatable(range)
    let pages = pages(of: range)
    guard let index = process.rangeIndex(of: pages.lowerBound),
      process.ranges[index].pages.contains(pages.upperBound),
      process.ranges[index].kind != .largePages
    else { throw .status(.conflictingAddresses) }
    let area = process.ranges[index]
    guard area.isPrivate else { return try commitView(area, pages, protection, process) }
    try check(protection)
    let fresh = UInt64(pages.count) - committedCount(pages, area, process)
    try charge(fresh)
    // What the descriptor says already, no entry has to say.
    let isSaid = area.isCommitted && area.protection == protection
    do throws(StepFailure) {
      if !isSaid { try makeTables(of: pages, process) }
    } catch {
      committed -= fresh
      throw error
    }
    process.ranges[index].charge += fresh
    for span in spans(of: pages, process) {
      for (page, place) in span.entries {
        let (address, entry) = (page * frameSize, memory.entry(at: place))
        if entry == 0, isSaid { continue }
        if entry == 0 || isDecommitted(entry) {
          store(
            try softwareEntry(protection), at: place, level: 1, address: address, process: process)
        } else {
          // Committing what is committed changes its protection.
          try reprotect(address, place: place, protection, process)
        }
      }
    }
  }

  /// How many of these pages of a private range are committed.
  func committedCount(
    _ pages: ClosedRange<UInt64>, _ area: AddressRange, _ process: WindowsProcessState
  ) -> UInt64 {
    spans(of: pages, process).reduce(0) { count, span in
      guard span.hasTable else { return count + (area.isCommitted ? UInt64(span.pages.count) : 0) }
      return count
        + span.entries.reduce(0) {
          $0 + (area.isCommitted(by: memory.entry(at: $1.place), decoder) ? 1 : 0)
        }
    }
  }

  func entry(ofPage page: UInt64, _ process: WindowsProcessState) -> UInt64 {
    place(of: page * frameSize, root: process.root).map { memory.entry(at: $0) } ?? 0
  }

  private func isDecommitted(_ entry: UInt64) -> Bool {
    decoder.reading(of: entry).state == .decommitted
  }

  /// A stack: its top pages are committed, the one below them is the guard.
  func makeStack(
    _ range: ClosedRange<UInt64>, committed count: UInt64, _ process: WindowsProcessState
  ) throws(StepFailure) {
    try reserve(range, Self.readWrite, isCommitted: false, isLarge: false, process)
    let top = range.upperBound + 1
    guard (count + 2) * frameSize <= top - range.lowerBound else {
      throw .mistake("a stack has a committed page, a guard page and one that stays unused")
    }
    try commit(top - count * frameSize...range.upperBound, Self.readWrite, process)
    let limit = top - (count + 1) * frameSize
    try commit(limit...limit + (frameSize - 1), Self.guarded, process)
    process.stack = ThreadStack(
      allocationBase: VirtualAddress(range.lowerBound), base: VirtualAddress(top))
  }
}
