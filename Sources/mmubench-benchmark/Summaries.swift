import Paging
import PhysicalMemory

/// What many walks gave; both languages must agree on all of it.
struct WalkSummary: Equatable, WalkSink {
  var checksum: UInt64 = 0
  var mapped: UInt64 = 0
  var notPresent: UInt64 = 0
  var reserved: UInt64 = 0
  var nonCanonical: UInt64 = 0
  var missing: UInt64 = 0

  mutating func receive(_ result: WalkResult, for address: VirtualAddress) {
    switch result {
    case .mapped(let page):
      mapped &+= 1
      checksum &+= page.address.rawValue ^ UInt64(page.rights.rawValue) &<< 56
    case .stopped(let stop):
      switch stop.cause {
      case .notPresent: notPresent &+= 1
      case .reservedBits: reserved &+= 1
      case .nonCanonical: nonCanonical &+= 1
      case .missing: missing &+= 1
      }
    }
  }
}

/// What an enumeration gave; both languages must agree on all of it.
struct RunSummary: Equatable, MapSink {
  var checksum: UInt64 = 0
  var runs: UInt64 = 0
  var pages: UInt64 = 0

  mutating func receive(_ piece: MapPiece) -> Bool {
    if case .run(let run) = piece { add(run) }
    return true
  }

  mutating func add(_ run: MappingRun) {
    runs &+= 1
    pages &+= run.pageCount
    checksum &+=
      (run.start.rawValue ^ run.address.rawValue &<< 1) &+ UInt64(run.rights.rawValue)
  }
}

/// Joins the pages of an enumeration to runs and visits each table once, as the map verb does.
struct RunCounter: TableVisitor {
  private(set) var summary = RunSummary()
  private var coalescer = RunCoalescer()
  private var seen = FoldTable<Bool>(empty: false)

  mutating func enter(_ table: TableVisit) -> Bool {
    guard seen.value(for: table.key) == nil else { return false }
    seen.store(true, for: table.key)
    return true
  }

  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) {
    if let run = coalescer.add(entry, at: page) { summary.add(run) }
  }

  mutating func reserved(_ entry: EntryVisit, bits: UInt64) {}

  mutating func missing(_ entry: EntryVisit) {}

  mutating func leave(_ table: TableVisit) {}

  mutating func finish() {
    if let run = coalescer.finish() { summary.add(run) }
  }
}

/// Counts the pages of an enumeration and visits each table once: as little as a visitor can do.
struct PageCounter: TableVisitor {
  private(set) var pages: UInt64 = 0
  private var seen = FoldTable<Bool>(empty: false)

  mutating func enter(_ table: TableVisit) -> Bool {
    guard seen.value(for: table.key) == nil else { return false }
    seen.store(true, for: table.key)
    return true
  }

  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) { pages &+= 1 }

  mutating func reserved(_ entry: EntryVisit, bits: UInt64) {}

  mutating func missing(_ entry: EntryVisit) {}

  mutating func leave(_ table: TableVisit) {}
}

/// Enumerates the pages and does nothing with them.
struct PageCount: WalkerOperation {
  mutating func run(_ walker: some TableWalker) -> UInt64 {
    var counter = PageCounter()
    walker.scan(visitor: &counter)
    return counter.pages
  }
}

/// Enumerates the pages with a visitor of the caller's own.
struct RunCount: WalkerOperation {
  mutating func run(_ walker: some TableWalker) -> RunSummary {
    var counter = RunCounter()
    walker.scan(visitor: &counter)
    counter.finish()
    return counter.summary
  }
}

/// What an index came to; both languages must agree on it.
struct ReverseSummary: Equatable {
  var pages: UInt64
  var tables: UInt64
}
