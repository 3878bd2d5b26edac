import Paging
import PhysicalMemory
import WindowsMemory

/// Compares the PFN database of Windows with the page tables.
///
/// A valid entry has an active frame that somebody shares; an entry in transition has one on a list, or being
/// read, that names the entry by its address in the self-map and by the frame of its table; what is on a list
/// has no references; the share count of a page table is the number of its entries in use; a frame that names
/// a prototype entry does not name one in the self-map.
extension Machine {
  /// Gives each disagreement once, until `emit` returns false.
  func checkFrames(_ emit: @escaping (Finding) -> Bool) {
    guard let windows = system.windows, windows.pfnDatabase != nil else { return }
    guard let database = classifier()?.pfnDatabase, let map = selfMap else { return }
    var operation = FrameOperation(
      visitor: FrameVisitor(database, map, windows.decoder, paging, emit))
    var swept: Set<UInt64> = []
    for space in addressSpaces {
      let state = paging(of: space)
      guard swept.insert(state.root.rawValue).inserted else { continue }
      operation.visitor.state = state
      operation = state.perform(&operation, on: memory)
    }
  }
}

private struct FrameOperation: WalkerOperation {
  var visitor: FrameVisitor

  mutating func run(_ walker: some TableWalker) -> FrameOperation {
    walker.scan(visitor: &visitor)
    return self
  }
}

private struct FrameVisitor: TableVisitor {
  static var seesAbsent: Bool { true }

  private let database: PFNDatabase
  private let map: SelfMap
  private let decoder: PTEDecoder
  private let emit: (Finding) -> Bool
  var state: PagingState
  private var wantsMore = true
  /// The tables with their levels.
  private var seen: Set<UInt64> = []
  /// The tables between the root and the one that is read, with their entries in use.
  private var path: [(table: TableVisit, used: UInt64)] = []
  /// The entries in use of the top tables that share a page with another, by page.
  private var shared: [UInt64: UInt64] = [:]
  /// The frames whose own state has been looked at.
  private var judged: Set<UInt64> = []

  init(
    _ database: PFNDatabase, _ map: SelfMap, _ decoder: PTEDecoder, _ state: PagingState,
    _ emit: @escaping (Finding) -> Bool
  ) {
    (self.database, self.map, self.decoder) = (database, map, decoder)
    (self.state, self.emit) = (state, emit)
  }

  mutating func enter(_ table: TableVisit) -> Bool {
    if !path.isEmpty { path[path.count - 1].used += 1 }
    // What the self-map shows is read where it belongs.
    guard wantsMore, !path.contains(where: { $0.table.table == table.table }),
      path.isEmpty || table.table != state.half(of: VirtualAddress(table.address)).rootPage,
      seen.insert(table.table.rawValue + UInt64(table.level)).inserted
    else { return false }
    path.append((table, 0))
    return true
  }

  mutating func leave(_ table: TableVisit) {
    var (table, used) = path.removeLast()
    // The pointers of PAE are no page of their own.
    guard table.isWhole, state.mode != .pae || table.level < 3,
      let frame = frame(table.table.rawValue / frameSize)
    else { return }
    if path.isEmpty, let other = otherHalf(of: table) {
      guard let entries = shared.updateValue(used, forKey: other) else { return }
      used += entries
    }
    guard frame.location == .active, let count = frame.shareCount else {
      return give(frame, table.address, "it holds a page table and is \(frame.location.rawValue)")
    }
    // The books count the entries in use; kernels count the one that leads to the table too.
    guard count != max(1, used), count != 1 + used else { return }
    give(
      frame, table.address,
      "its share count is \(count), and \(used) entries of the table are in use")
  }

  /// The page of a top table that holds that of the other half too.
  private func otherHalf(of table: TableVisit) -> UInt64? {
    let halves = state.halves
    guard halves.count == 2, halves[0].rootPage == halves[1].rootPage,
      halves[0].root != halves[1].root
    else { return nil }
    return halves[0].rootPage.rawValue
  }

  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) {
    path[path.count - 1].used += 1
    guard entry.level == 1, let frame = frame(page.rawValue / frameSize) else { return }
    guard frame.location == .active else {
      return give(
        frame, entry.address, "an entry maps it, and it is \(frame.location.rawValue)", entry)
    }
    if frame.shareCount == 0 {
      give(frame, entry.address, "an entry maps it, and its share count is 0", entry)
    }
  }

  mutating func absent(_ entry: EntryVisit) {
    guard entry.entry != 0 else { return }
    let reading = decoder.reading(of: entry.entry, level: entry.level)
    guard reading.state == .transition, let number = reading.pfn else { return }
    path[path.count - 1].used += 1
    guard let frame = frame(number) else { return }
    switch frame.location {
    case .standby, .modified, .modifiedNoWrite, .transition: break
    case .zeroed, .free, .bad, .active:
      return give(
        frame, entry.address,
        "an entry in transition names it, and it is \(frame.location.rawValue)",
        entry)
    }
    guard !frame.isPrototype else { return }
    let wanted = map.address(of: VirtualAddress(entry.address), level: entry.level)
    if let wanted, frame.pteAddress != wanted {
      give(
        frame, entry.address,
        "it names the entry at \(frame.pteAddress), and that in transition is at \(wanted)",
        entry)
    }
    let table = entry.entryAddress.rawValue / frameSize
    if frame.pteFrame != table {
      give(
        frame, entry.address,
        "it names the table in frame \(frame.pteFrame.hex), and its entry is in \(table.hex)",
        entry)
    }
  }

  mutating func reserved(_ entry: EntryVisit, bits: UInt64) {}
  mutating func missing(_ entry: EntryVisit) {}

  /// The entry of a frame, where the database has one; what is wrong with it by itself is said once.
  private mutating func frame(_ number: UInt64) -> PFNEntry? {
    guard let frame = try? database.entry(of: number), frame.pteAddress.rawValue != 0 else {
      return nil
    }
    guard judged.insert(number).inserted else { return frame }
    if frame.location == .active, frame.referenceCount == 0 {
      give(frame, nil, "it is active and has no references")
    } else if frame.location.isList, frame.referenceCount != 0 {
      give(
        frame, nil, "it is \(frame.location.rawValue) and has \(frame.referenceCount) references")
    }
    if frame.isPrototype == (map.translated(byEntryAt: frame.pteAddress) != nil) {
      give(
        frame, nil,
        frame.isPrototype
          ? "it names a prototype entry, at an address of the self-map"
          : "it names an entry of a page table, at an address outside of the self-map")
    }
    return frame
  }

  private mutating func give(
    _ frame: PFNEntry, _ address: UInt64?, _ detail: String, _ entry: EntryVisit? = nil
  ) {
    guard wantsMore else { return }
    wantsMore = emit(
      Finding(
        .frameDatabase, root: state.root, address: address.map { VirtualAddress($0) },
        entryAddress: entry?.entryAddress, value: entry?.entry,
        detail: "frame \(frame.pfn.hex): \(detail)"))
  }
}

extension PFNEntry.Location {
  /// Whether the frames of the list are used by nobody.
  fileprivate var isList: Bool {
    switch self {
    case .zeroed, .free, .standby, .modified, .modifiedNoWrite, .bad: true
    case .active, .transition: false
    }
  }
}
