public import Paging
public import PhysicalMemory

/// How many entries of page tables mean what to Windows.
///
/// Every entry of every table that the processor would read is counted once, those that are not
/// present included; tables in transition count as entries and are not entered.
public struct PTECensus: Sendable {
  /// The entries with reserved bits set.
  public let malformed: UInt64
  /// The entries that the image does not hold.
  public let missing: UInt64
  private let counts: [PTEState: UInt64]

  init(_ counts: [PTEState: UInt64], malformed: UInt64, missing: UInt64) {
    self.counts = counts
    self.malformed = malformed
    self.missing = missing
  }

  /// The number of entries of a state.
  public func count(of state: PTEState) -> UInt64 { counts[state] ?? 0 }
}

extension PTEDecoder {
  /// Counts the entries of an address space by what they mean.
  ///
  /// - Parameters:
  ///   - state: The paging state with the root.
  ///   - memory: The memory that holds the tables.
  ///   - range: The addresses whose entries are counted.
  /// - Returns: The counts.
  public func census(
    of state: PagingState, in memory: MemoryImage, _ range: ClosedRange<UInt64> = 0...UInt64.max
  ) -> PTECensus {
    var operation = CensusOperation(decoder: self, range: range)
    return state.perform(&operation, on: memory)
  }
}

private struct CensusOperation: WalkerOperation {
  let decoder: PTEDecoder
  let range: ClosedRange<UInt64>

  mutating func run(_ walker: some TableWalker) -> PTECensus {
    let keys = PTEStateKey(decoder)
    var histogram = [UInt64](repeating: 0, count: PTEStateKey.count)
    var census = unsafe histogram.withUnsafeMutableBufferPointer { buffer in
      var visitor = unsafe CensusVisitor(decoder: decoder, keys: keys, histogram: buffer)
      walker.scan(range, visitor: &visitor)
      return visitor.tally
    }
    for (key, count) in histogram.enumerated() where count > 0 {
      census.counts[keys.state(of: key, decoder), default: 0] += count
    }
    return PTECensus(census.counts, malformed: census.malformed, missing: census.missing)
  }
}

/// Counts keys, whose states are looked up in the end: that takes no branch for an entry.
@safe private struct CensusVisitor: TableVisitor {
  struct Tally {
    var counts: [PTEState: UInt64] = [:]
    var malformed: UInt64 = 0
    var missing: UInt64 = 0
  }

  static var seesAbsent: Bool { true }

  let decoder: PTEDecoder
  let keys: PTEStateKey
  /// A count for each key; it outlives the scan.
  let histogram: UnsafeMutableBufferPointer<UInt64>
  private var valid: UInt64 = 0
  private var large: UInt64 = 0
  private var others = Tally()
  private var seen = FoldTable<Bool>(empty: false)

  init(decoder: PTEDecoder, keys: PTEStateKey, histogram: UnsafeMutableBufferPointer<UInt64>) {
    self.decoder = decoder
    self.keys = keys
    unsafe self.histogram = histogram
  }

  var tally: Tally {
    var tally = others
    tally.counts[.valid, default: 0] += valid
    tally.counts[.large, default: 0] += large
    return tally
  }

  mutating func enter(_ table: TableVisit) -> Bool {
    guard seen.value(for: table.key) == nil else { return false }
    seen.store(true, for: table.key)
    return true
  }

  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) {
    if entry.level == 1 { valid &+= 1 } else { large &+= 1 }
  }

  mutating func absent(_ entry: EntryVisit) {
    if entry.level == 1 {
      // A key is a number below `PTEStateKey.count`, whatever the entry.
      unsafe histogram.baseAddress.unsafelyUnwrapped[keys.key(of: entry.entry)] &+= 1
    } else {
      let state = decoder.reading(of: entry.entry, level: entry.level).state
      others.counts[state, default: 0] += 1
    }
  }

  mutating func reserved(_ entry: EntryVisit, bits: UInt64) { others.malformed &+= 1 }

  mutating func missing(_ entry: EntryVisit) { others.missing &+= 1 }

  mutating func leave(_ table: TableVisit) {}
}
