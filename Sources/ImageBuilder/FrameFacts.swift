import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// What the PFN database says of a frame.
struct FrameFacts {
  /// `_MMLISTS`.
  enum Location: UInt64 {
    case standby = 2
    case active = 6
  }

  var location: Location
  /// The address of the entry that maps the page.
  var pteAddress: UInt64
  /// The frame of the table with that entry.
  var pteFrame: UInt64
  var isPrototype = false
  /// The entry that is put back when the page leaves memory.
  var originalPte: UInt64
  /// The valid entries that share the page; of a table, those of its entries that are in use.
  var shareCount: UInt64 = 0
}

/// Finds out what the PFN database has to say, from the tables and prototype arrays as written.
struct FrameCensus {
  private let tables: PageTables
  private let decoder: PTEDecoder
  private let windows: WindowsEntries
  private let selfMap: SelfMap
  /// The first frame that the database has no entry for.
  private let limit: UInt64
  private(set) var facts: [UInt64: FrameFacts] = [:]
  /// How many valid entries of page tables there are for a frame.
  private var mapped: [UInt64: UInt64] = [:]

  init(
    _ tables: PageTables, _ windows: WindowsEntries, _ selfMap: SelfMap, limit: UInt64
  ) {
    self.limit = limit
    self.tables = tables
    self.windows = windows
    self.selfMap = selfMap
    decoder = PTEDecoder(windows.kernel, mask: windows.mask, virtualStore: windows.store)
  }

  /// A page that comes back as zeros, readable and writable, as page tables and private pages do.
  private func demandZero(_ protection: MMProtection) -> UInt64 {
    (try? windows.encoder.entry(.demandZero(protection))) ?? 0
  }

  private static let readWrite = MMProtection(base: "PAGE_READWRITE") ?? .zeroAccess

  /// Counts what the page tables use.
  mutating func countTables() {
    for table in tables.tables.values.sorted(by: { $0.base < $1.base }) { count(table) }
    // The PDPT of PAE paging is no page of the self-map.
    for root in tables.roots where tables.state.mode != .pae {
      // The top table maps itself: its entry in the self-map is in itself.
      add(
        root.base >> 12, .active, level: root.level,
        of: selfMap.entry(above: VirtualAddress(0), times: 1).rawValue,
        in: root.base, protection: Self.readWrite)
    }
  }

  private mutating func count(_ table: PageTables.Table) {
    let state = tables.state(of: table)
    var used: UInt64 = 0
    for index in 0..<state.entryCount(table.level) {
      let entry = tables.entry(at: tables.entryAddress(table.base, index))
      guard entry != 0 else { continue }
      let address = tables.coverage(table, index).lowerBound
      switch state.meaning(of: entry, level: table.level) {
      case .table(let next):
        used += 1
        // An entry that was copied is not the one that the child belongs to.
        guard let child = tables.tables[next.rawValue], child.level == table.level - 1,
          child.space == table.space, child.address == address
        else { continue }
        add(
          next.rawValue >> 12, .active, level: table.level, of: address, in: table.base,
          protection: Self.readWrite)
      case .page(let page):
        used += 1
        let protection = protection(of: entry, state, level: table.level)
        let frames = 1 << (state.pageShift(table.level) - 12) as UInt64
        // A large page can have more frames than there are.
        for frame in 0..<frames where page.rawValue >> 12 + frame < limit {
          mapped[page.rawValue >> 12 + frame, default: 0] += 1
          add(
            page.rawValue >> 12 + frame, .active, level: table.level, of: address, in: table.base,
            protection: protection)
        }
      case .notPresent:
        let reading = decoder.reading(of: entry, level: table.level)
        guard reading.state == .transition, let frame = reading.pfn else { continue }
        used += 1
        add(
          frame, .standby, level: table.level, of: address, in: table.base,
          protection: reading.protection ?? Self.readWrite)
      case .reserved: continue
      }
    }
    facts[table.base >> 12, default: Self.unknown].shareCount += used
  }

  private static var unknown: FrameFacts {
    FrameFacts(location: .active, pteAddress: 0, pteFrame: 0, originalPte: 0)
  }

  private mutating func add(
    _ frame: UInt64, _ location: FrameFacts.Location, level: Int, of address: UInt64,
    in table: UInt64, protection: MMProtection
  ) {
    // The first entry that maps a page is the one its frame names.
    if let known = facts[frame], known.pteAddress != 0 { return }
    var entry = facts[frame] ?? Self.unknown
    entry.location = location
    entry.pteAddress = selfMap.entry(above: VirtualAddress(address), times: level).rawValue
    let isDirectory = tables.state.mode == .pae && level == 3
    entry.pteFrame = (isDirectory ? lastDirectory(of: table) : table) >> 12
    entry.originalPte = demandZero(protection)
    facts[frame] = entry
  }

  /// Of PAE paging, the page directory with the self-map, which has the entries of the others.
  private func lastDirectory(of root: UInt64) -> UInt64 {
    let entry = tables.entry(at: tables.entryAddress(root, 3))
    guard case .table(let next) = tables.state.meaning(of: entry, level: 3) else { return root }
    return next.rawValue
  }

  private func protection(of entry: UInt64, _ state: PagingState, level: Int) -> MMProtection {
    let rights = state.rights(of: entry, level: level)
    let write = rights.contains(.write) || windows.isWritable(entry)
    let name =
      switch (write, rights.contains(.execute)) {
      case (true, true): "PAGE_EXECUTE_READWRITE"
      case (true, false): "PAGE_READWRITE"
      case (false, true): "PAGE_EXECUTE_READ"
      case (false, false): "PAGE_READONLY"
      }
    return MMProtection(base: name) ?? Self.readWrite
  }

  /// Counts the pages that prototype entries have in memory.
  mutating func count(
    _ sections: [SectionPlan], entrySize: UInt64, place: (UInt64) -> UInt64
  ) {
    for section in sections {
      for part in section.parts {
        guard let base = part.base else { continue }
        for run in part.runs {
          for index in 0..<run.count {
            guard let (frame, isValid) = run.frame(index) else { continue }
            let address = base + (run.first + index) * entrySize
            facts[frame] = FrameFacts(
              location: isValid ? .active : .standby, pteAddress: address,
              pteFrame: place(address) >> 12, isPrototype: true,
              originalPte: original(run, part, section),
              shareCount: 0)
          }
        }
      }
    }
  }

  /// What a page of a section goes back to: its file, or zeros.
  private func original(
    _ run: SectionPlan.Run, _ part: SectionPlan.Part, _ section: SectionPlan
  ) -> UInt64 {
    var protection = Self.readWrite
    if case .software(let rule) = run.entries { protection = rule.protection ?? protection }
    guard section.kind != .pageFile else { return demandZero(protection) }
    let form = PTEForm.subsection(address: part.address, protection)
    return (try? windows.encoder.entry(form)) ?? 0
  }

  /// The facts of all frames in use, with the number of entries that share each page.
  var complete: [(frame: UInt64, facts: FrameFacts)] {
    facts.map { frame, facts in
      var facts = facts
      if facts.location == .active {
        facts.shareCount = max(1, facts.shareCount + (mapped[frame] ?? 0))
      }
      if facts.location == .standby { facts.shareCount = 0 }
      return (frame, facts)
    }
  }
}
