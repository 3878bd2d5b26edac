import PhysicalMemory

/// What the checks have seen in page tables, and what they have still to look at.
///
/// A check looks at the entries that changed since the one before it, and at the frames that these map and
/// mapped; what it has seen of all others is kept here.
struct Inspection {
  /// Where a table belongs.
  struct Visit {
    var level: Int
    /// The first address that the table translates.
    var start: UInt64
    var process: WindowsProcessState
  }

  /// What an entry counts for.
  enum SeenEntry: Hashable {
    /// Nothing.
    case unused
    /// It is valid or in transition, and maps no page of a program.
    case used
    /// It maps a page of a program.
    case mapping(UInt64)
  }

  /// A table as the last check saw it.
  struct SeenTable {
    fileprivate var entries: [SeenEntry]
    /// How many of its entries are valid or in transition.
    fileprivate(set) var inUse: UInt64 = 0

    init(entryCount: Int) { entries = Array(repeating: .unused, count: entryCount) }
  }

  /// The page of the PFN database that this check looked at last, and where it is.
  var databasePage: (page: UInt64, place: UInt64)?
  /// What the last check found; nil where something was touched since.
  var found: [String]?
  private var visits: [UInt64: Visit] = [:]
  /// The table that was visited last, as most entries are in the same one.
  private var lastTable = UInt64.max
  private var lastProcess: ObjectIdentifier?
  /// The places of the entries that changed, in units of four bytes.
  private var places = NumberSet()
  private var seen: [UInt64: SeenTable] = [:]
  /// By how many entries each frame is mapped.
  private var counts = NumberMap(filler: 0 as UInt64)
  /// The frames that have to be looked at.
  private var frames = NumberSet()

  // MARK: - What changes

  /// Where a table belongs from now on.
  mutating func visit(_ table: UInt64, _ visit: @autoclosure () -> Visit) {
    visits[table] = visit()
  }

  /// An entry has changed; what it was before, in the same step, does not matter.
  ///
  /// - Parameters:
  ///   - place: where it is.
  ///   - process: whose table it is; nil of tables that the kernel shares.
  ///   - visit: where the table belongs.
  mutating func touch(
    _ place: UInt64, of process: WindowsProcessState?, _ visit: (WindowsProcessState) -> Visit
  ) {
    places.insert(place / 4)
    let table = place / frameSize
    guard let process else { return }
    // As long as it is in a visit, no other process has its place in memory.
    let identity = ObjectIdentifier(process)
    guard table != lastTable || identity != lastProcess else { return }
    (lastTable, lastProcess) = (table, identity)
    visits[table] = visit(process)
  }

  /// The tables with changes since the last call, each with the places in it, in units of four bytes.
  mutating func takeTables() -> [(table: UInt64, places: [UInt64])] {
    var tables: [(table: UInt64, places: [UInt64])] = []
    var known: [UInt64: Int] = [:]
    let perFrame = frameSize / 4
    for place in places.takeAll() {
      let table = place / perFrame
      // Most places follow others in the same table.
      if let last = tables.indices.last, tables[last].table == table {
        tables[last].places.append(place % perFrame)
      } else if let index = known[table] {
        tables[index].places.append(place % perFrame)
      } else {
        if let last = tables.indices.last { known[tables[last].table] = last }
        tables.append((table, [place % perFrame]))
      }
    }
    return tables
  }

  /// Whether something changed since the last check.
  var isPending: Bool { !places.isEmpty || !frames.isEmpty }

  // MARK: - What was seen

  func visit(of table: UInt64) -> Visit? { visits[table] }

  func mappings(of frame: UInt64) -> UInt64 { counts[filled: frame] }

  /// What was seen of a table, to be given back with `keep`; nil of a new one.
  mutating func takeSeen(_ table: UInt64) -> SeenTable? { seen.removeValue(forKey: table) }

  mutating func keep(_ known: SeenTable, of table: UInt64) { seen[table] = known }

  /// The frame is no table any more: its entries count for nothing.
  mutating func forget(_ table: UInt64) {
    visits[table] = nil
    if lastTable == table { lastTable = UInt64.max }
    for entry in seen.removeValue(forKey: table)?.entries ?? [] { count(entry, -1) }
  }

  /// Notes what an entry of a table counts for now.
  mutating func note(_ entry: SeenEntry, at index: Int, of table: inout SeenTable) {
    let before = table.entries[index]
    guard before != entry else { return }
    table.entries[index] = entry
    if before != .unused { table.inUse -= 1 }
    if entry != .unused { table.inUse += 1 }
    count(before, -1)
    count(entry, 1)
  }

  private mutating func count(_ entry: SeenEntry, _ change: Int) {
    guard case .mapping(let frame) = entry else { return }
    counts[filled: frame] = UInt64(Int(counts[filled: frame]) + change)
    frames.insert(frame)
  }

  /// A frame has to be looked at.
  mutating func noteFrame(_ frame: UInt64) { frames.insert(frame) }

  /// The frames that have to be looked at since the last call.
  mutating func takeFrames() -> [UInt64] { frames.takeAll() }
}
