import Paging
import PhysicalMemory
import ScenarioFile

/// What an item of `contents:` consists of, byte by byte.
extension Scenario.Content.Data {
  /// The number of bytes.
  var byteCount: UInt64 {
    switch self {
    case .text(let text): UInt64(text.utf8.count)
    case .bytes(let bytes): UInt64(bytes.count)
    case .fill(_, let size), .random(_, let size): size
    case .words(let words): UInt64(words.count) * 8
    }
  }

  /// The bytes from `offset` on.
  func bytes(from offset: UInt64, count: UInt64) -> [UInt8] {
    let range = Int(offset)..<Int(offset + count)
    switch self {
    case .text(let text):
      let start = text.utf8.index(text.utf8.startIndex, offsetBy: range.lowerBound)
      return Array(text.utf8[start...].prefix(range.count))
    case .bytes(let bytes): return Array(bytes[range])
    case .fill(let byte, _): return [UInt8](repeating: byte, count: range.count)
    case .words(let words): return Self.bytes(range) { words[$0] }
    case .random(let seed, _):
      return Self.bytes(range) { SplitMix64.number(UInt64($0), seed: seed) }
    }
  }

  /// Bytes of little-endian words that are asked for by their index.
  private static func bytes(_ range: Range<Int>, of word: (Int) -> UInt64) -> [UInt8] {
    var current = word(range.lowerBound / 8)
    return range.map { index in
      if index % 8 == 0 { current = word(index / 8) }
      return UInt8(truncatingIfNeeded: current >> UInt64(index % 8 * 8))
    }
  }
}

extension Scenario.Content {
  /// Where the address of the first byte is said.
  var addressMark: SourceMark {
    switch place {
    case .physical(let address), .virtual(let address, _): address.mark
    }
  }
}

/// Writes the items of `contents:`.
struct ContentsWriter {
  let tables: PageTables
  /// What items have written so far, by frame.
  private var written: [UInt64: [(range: ClosedRange<UInt64>, mark: SourceMark)]] = [:]
  /// The words that `entries` wrote by their physical address, by frame.
  private var words: [UInt64: [(range: ClosedRange<UInt64>, mark: SourceMark)]] = [:]

  /// Whether places are only checked: no image comes of a scenario that is wrong.
  private let isTrial: Bool

  init(_ tables: PageTables, isTrial: Bool) {
    self.tables = tables
    self.isTrial = isTrial
  }

  /// Notes a word that no contents by virtual address may overwrite.
  mutating func protect(_ word: ClosedRange<UInt64>, writtenAt mark: SourceMark) {
    words[word.lowerBound >> 12, default: []].append((word, mark))
  }

  /// Writes bytes at a physical address.
  mutating func write(_ item: Scenario.Content, at start: UInt64) throws(Diagnostic) {
    let count = item.data.value.byteCount
    try write(item, offset: 0, count: count, at: start)
  }

  /// Writes bytes at the frames that a virtual address leads to.
  mutating func write(
    _ item: Scenario.Content, at start: Located<UInt64>, space: Int
  ) throws(Diagnostic) {
    let total = item.data.value.byteCount
    var offset: UInt64 = 0
    while offset < total {
      let (address, overflow) = start.value.addingReportingOverflow(offset)
      guard !overflow else { throw notMapped(start.value, item) }
      let frame = try translate(Located(address, at: start.mark), space: space)
      let count = min(total - offset, frameSize - address % frameSize)
      try checkWords(frame, count, item)
      try write(item, offset: offset, count: count, at: frame)
      offset += count
    }
  }

  private mutating func write(
    _ item: Scenario.Content, offset: UInt64, count: UInt64, at start: UInt64
  ) throws(Diagnostic) {
    guard count > 0 else { return }
    guard let range = start.range(count: count), tables.memory.present.contains(range) else {
      let absent = tables.memory.installed.contains(start)
      throw Diagnostic(
        .outsideMemory, "the contents at \(start.hex) do not lie in the image",
        at: item.addressMark,
        notes: [tables.memory.note] + (absent ? ["`absent` takes it away, at least in part"] : []))
    }
    for frame in (range.lowerBound >> 12)...(range.upperBound >> 12) {
      guard let earlier = written[frame]?.first(where: { $0.range.overlaps(range) }) else {
        continue
      }
      throw Diagnostic(
        .overlap, "the contents at \(start.hex) overlap others", at: item.addressMark,
        notes: ["line \(earlier.mark.line) has contents at \(earlier.range.asText)"])
    }
    if let (table, owner) = tables.ownedTable(touching: range) {
      let name = tables.state.mode.tableName(table.level)
      throw Diagnostic(
        .overlap, "the contents at \(start.hex) overlap a \(name)", at: item.addressMark,
        notes: ["line \(owner.line) wrote entries of the \(name) at \(table.base.hex)"])
    }
    for frame in (range.lowerBound >> 12)...(range.upperBound >> 12) {
      written[frame, default: []].append((range, item.mark))
    }
    if !isTrial { try store(item, offset, range) }
  }

  private func store(
    _ item: Scenario.Content, _ offset: UInt64, _ range: ClosedRange<UInt64>
  ) throws(Diagnostic) {
    var address = range.lowerBound
    var offset = offset
    while true {
      try tables.checkRoom(for: address, at: item.addressMark)
      let end = min(address | (frameSize - 1), range.upperBound)
      let count = end - address + 1
      let bytes = item.data.value.bytes(from: offset, count: count)
      let place = tables.bytes.makeOffset(of: address)
      tables.bytes.mapping.store(bytes, at: place)
      guard end < range.upperBound else { return }
      address = end + 1
      offset += count
    }
  }

  private func checkWords(
    _ start: UInt64, _ count: UInt64, _ item: Scenario.Content
  ) throws(Diagnostic) {
    guard let range = start.range(count: count),
      let word = words[start >> 12]?.first(where: { $0.range.overlaps(range) })
    else { return }
    throw Diagnostic(
      .overlap,
      "the contents at \(start.hex) overlap the word at \(word.range.lowerBound.hex)",
      at: item.addressMark, notes: ["line \(word.mark.line) writes that word"])
  }

  /// Where an address leads, by the tables as they are now.
  private func translate(
    _ address: Located<UInt64>, space: Int
  ) throws(Diagnostic) -> UInt64 {
    let root = tables.root(of: space, for: address.value)
    let state = tables.state(of: root)
    var base = root.base
    for level in stride(from: root.level, through: 1, by: -1) {
      let index = state.index(of: VirtualAddress(address.value), level: level)
      let entry = tables.entry(at: tables.entryAddress(base, index))
      switch state.meaning(of: entry, level: level) {
      case .table(let next): base = next.rawValue
      case .page(let page):
        return page.rawValue + (address.value & (1 << state.pageShift(level) - 1))
      case .notPresent, .reserved:
        throw Diagnostic(
          .notMapped, "\(address.value.hex) is not mapped", at: address.mark,
          notes: ["the \(state.mode.entryName(level)) for it is \(entry.hex)"])
      }
    }
    preconditionFailure("an entry of level 1 leads to no table")
  }

  private func notMapped(_ address: UInt64, _ item: Scenario.Content) -> Diagnostic {
    Diagnostic(
      .notMapped, "the contents at \(address.hex) pass the end of all addresses",
      at: item.addressMark)
  }
}

extension PageTables {
  /// A table with entries that the builder wrote, if one shares a byte with `range`.
  func ownedTable(touching range: ClosedRange<UInt64>) -> (Table, SourceMark)? {
    // A table may begin in a frame before the one that is touched.
    let before = state.tableFrames - 1
    let first = range.lowerBound >> 12
    for frame in (first - min(first, before))...(range.upperBound >> 12) {
      for base in [frame << 12] + rootsInFrame[frame, default: []] {
        guard let table = tables[base], let owner = owners[base],
          extent(of: table)?.overlaps(range) == true
        else { continue }
        return (table, owner)
      }
    }
    return nil
  }

  /// The addresses of a table's entries.
  func extent(of table: Table) -> ClosedRange<UInt64>? {
    table.base.range(count: state(of: table).tableSize(table.level))
  }
}
