import DumpFormats
import Machine
import Paging
import PhysicalMemory

/// The part that lists mappings one by one, where a graph would be larger than an index may be.
extension IndexBuilder {
  /// The mappings, where a list of them is to stand instead of the graph in `bytes`.
  func list(
    insteadOf bytes: ByteMapping, _ shape: IndexShape, _ tables: TableGraph, _ graph: SortedGraph
  ) throws(ReverseMapError) -> [MappingRecord]? {
    guard form != .graph else { return nil }
    let enough = shape.leastMappings
    if form == nil, has(enough, bytes, shape, tables, graph) { return nil }
    let index = try ReverseIndex(bytes, path: "the index", isTrusted: true)
    do {
      let limit = form == .list ? 1 << 40 : enough
      let list = try ReverseMap(machine, index).list(fewerThan: limit, while: interest)
      try checkInterest()
      return list
    } catch .disagrees {
      throw .imageChanged
    }
  }

  /// Whether an index is sure to have `enough` mappings, as that of nearly every image is; a table that is at
  /// many addresses has its pages at each.
  private func has(
    _ enough: UInt64, _ bytes: ByteMapping, _ shape: IndexShape, _ tables: TableGraph,
    _ graph: SortedGraph
  ) -> Bool {
    // Nobody else can have said what the only address space says.
    let isAlone = tables.firstSpaceCount == tables.count
    if isAlone, shape.pages + shape.far + shape.views >= enough { return true }
    let ways = graph.certainWays(tables, lowerCount: lowerCount)
    return unsafe bytes.fill { raw in
      let words = unsafe raw.bindMemory(to: UInt64.self)
      var count = shape.views
      for section in [IndexLayout.Section.pages, .far] where count < enough {
        let start = shape.start(section)
        for place in start..<start + shape.count(section) {
          let node = unsafe IndexLayout.PageFields.node.get(words[place])
          count += ways[Int(node)]
          if count >= enough { break }
        }
      }
      return count >= enough
    }
  }

  /// How many entries of a top table that begins in the lower half translate addresses of it.
  private var lowerCount: Int {
    let state = machine.paging
    guard !state.isARM64 else { return .max }
    return (0..<state.entryCount(state.topLevel)).count { index in
      state.address(0, level: state.topLevel, index: index)
        < TableGraph.upperHalf(of: state.mode)
    }
  }

  /// Writes a list where the graph was.
  func write(
    _ list: [MappingRecord], into file: OutputFile
  ) throws(ReverseMapError) -> ByteMapping {
    var widths = RecordWidths()
    for record in list { widths.fit(record) }
    let shape = IndexShape(records: UInt64(list.count), widths: widths, key: key)
    let bytes: ByteMapping
    do {
      try file.restart()
      bytes = try file.mapped(adding: shape.fileSize)
    } catch { throw .file(error) }
    unsafe bytes.fill { raw in
      let words = unsafe raw.bindMemory(to: UInt64.self)
      guard let base = words.baseAddress else { return }
      var writer = unsafe BitWriter(base + shape.start(.list))
      for record in list {
        for field in MappingRecord.Field.allCases {
          writer.put(record.value(field), count: widths[field])
        }
      }
      unsafe seal(base, shape)
    }
    try checkInterest()
    return bytes
  }
}

extension ReverseMap {
  /// All mappings, those of address spaces with one top table as one; nil where they are not fewer than
  /// `limit`, or nearly all of very many ways lead to the same ones.
  fileprivate func list(
    fewerThan limit: UInt64, while interest: Interest
  ) throws(ReverseMapError) -> [MappingRecord]? {
    var records: [MappingRecord] = []
    var count: UInt64 = 0
    // Thousands of address spaces whose upper halves say the same, each by another way, could take hours.
    var waysLeft = limit * 4 + 1 << 24
    var pages = try index.pages(from: 0)
    while let mapped = try pages.next() {
      var said: Set<Saying> = []
      let goesOn = try ways(to: mapped) { way throws(ReverseMapError) in
        guard waysLeft > 0, interest.lasts else { return false }
        waysLeft -= 1
        let address = VirtualAddress(way.start)
        guard let answer = try confirm(way, at: address, leadingTo: mapped.page) else {
          return true
        }
        // Of all that share a mapping the first one says it.
        if way.sharing == .shared {
          guard said.insert(Saying(address: address, answer: answer)).inserted else { return true }
        }
        records.append(MappingRecord(page: mapped.page, way: way, pageShift: answer.pageShift))
        count += way.sharing == .own ? UInt64(roots[way.owner].owners.count) : 1
        return count < limit
      }
      guard goesOn else { return nil }
    }
    return records
  }

  /// What an address space says of an address.
  private struct Saying: Hashable {
    var address: VirtualAddress
    var answer: PageAnswer
  }
}
