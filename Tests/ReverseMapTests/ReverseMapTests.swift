import DumpFormats
import Foundation
import Machine
import Paging
import PhysicalMemory
import ReverseMap
import TestSupport
import Testing

/// What an index answers is what enumerating all address spaces finds.
@Suite struct ReverseMapTests {
  static let seeds: ClosedRange<UInt64> = 1...5

  static let forms: [IndexBuilder.Form?] = [nil, .graph, .list]

  static func map(_ machine: Machine, _ form: IndexBuilder.Form? = nil) throws -> ReverseMap {
    try ReverseMap(machine, index(machine, form))
  }

  /// The index of a machine, of a certain form or of the one that is right for it.
  static func index(
    _ machine: Machine, _ form: IndexBuilder.Form? = nil, key: IndexKey = IndexKey(high: 0, low: 0)
  ) throws -> ReverseIndex {
    let path = FileManager.default.temporaryDirectory.appending(path: "index-\(UUID())").path
    let builder = IndexBuilder(machine, key: key, form: form)
    let index = try ReverseIndex(builder.build(into: OutputFile(path)), path: "index", key: key)
    if let form { #expect(index.isList == (form == .list)) }
    return index
  }

  static func mappings(
    _ map: ReverseMap, of range: ClosedRange<UInt64> = 0...UInt64.max, expanding: Bool = false
  ) throws -> [ReverseMapping] {
    var found: [ReverseMapping] = []
    try map.mappings(of: range, expandingShared: expanding) {
      found.append($0)
      return true
    }
    return found
  }

  /// The pages that several processes have.
  static func shared(_ map: ReverseMap) throws -> [ReverseMapping] {
    var found: [ReverseMapping] = []
    try map.sharedPages(of: 0...UInt64.max) {
      found.append($0)
      return true
    }
    return found
  }

  /// How often each mapping is there, those of upper halves said once.
  static func counts(_ all: [PlainMapping], _ mode: PagingMode) -> [PlainMapping: Int] {
    var counts: [PlainMapping: Int] = [:]
    for mapping in all { counts[once(mapping, mode), default: 0] += 1 }
    return counts
  }

  private static func once(_ mapping: PlainMapping, _ mode: PagingMode) -> PlainMapping {
    var mapping = mapping
    let upperHalf: UInt64 = mode.virtualAddressBits == 32 ? 1 << 31 : 1 << 63
    if mapping.address >= upperHalf { mapping.space = 0 }
    return mapping
  }

  static func plain(_ mapping: ReverseMapping) -> PlainMapping {
    PlainMapping(
      page: mapping.physical.rawValue, space: mapping.space, address: mapping.address.rawValue,
      shift: mapping.pageShift, rights: mapping.rights.rawValue)
  }

  /// Runs `body` for random machines of a mode, with all that enumeration finds in each.
  static func forMachines(
    _ mode: PagingMode, _ body: (Machine, [PlainMapping], Comment) throws -> Void
  ) throws {
    var total = 0
    for seed in seeds {
      let machine = try RandomSpaces.machine(mode, seed: seed)
      let expected = PlainMapping.all(machine)
      total += expected.count
      try body(machine, expected, "\(mode.rawValue), seed \(seed)")
    }
    #expect(total > 100, "the machines of mode \(mode.rawValue) have hardly any pages")
  }

  @Test(arguments: RandomSpaces.modes, forms)
  func expandedMappingsAreThoseOfAllAddressSpaces(
    mode: PagingMode, form: IndexBuilder.Form?
  ) throws {
    try Self.forMachines(mode) { machine, expected, comment in
      let found = try Self.mappings(Self.map(machine, form), expanding: true).map(Self.plain)
      #expect(found.sorted() == expected.sorted(), comment)
      #expect(found.map(\.page) == found.map(\.page).sorted(), comment)
    }
  }

  /// Sharing is by what the address spaces translate, whatever tables they do it with.
  @Test(arguments: RandomSpaces.modes, forms)
  func whatUpperHalvesHaveInCommonIsSaidOnce(mode: PagingMode, form: IndexBuilder.Form?) throws {
    var shared = 0
    try Self.forMachines(mode) { machine, expected, comment in
      let counts = Self.counts(expected, mode)
      let found = try Self.mappings(Self.map(machine, form))
      #expect(found.count == counts.count, comment)
      let wrong = found.filter { counts[Self.once(Self.plain($0), mode)] != $0.sharers }
      #expect(wrong == [], comment)
      shared += found.count { $0.sharers > 1 }
    }
    #expect(shared > 20)
  }

  @Test(arguments: RandomSpaces.modes, forms)
  func everyByteOfAPageHasItsOwners(mode: PagingMode, form: IndexBuilder.Form?) throws {
    var random = SeededGenerator(seed: 7)
    try Self.forMachines(mode) { machine, expected, comment in
      let map = try Self.map(machine, form)
      for mapping in expected.shuffled(using: &random).prefix(40) {
        let offset = random.next() % (1 << mapping.shift)
        let address = mapping.page + (random.chance(4) ? (1 << mapping.shift) - 1 : offset)
        let answer = try Self.mappings(map, of: address...address, expanding: true)
        let wanted = expected.filter { $0.page <= address && address - $0.page < 1 << $0.shift }
        let places = answer.map { Place(space: $0.space, address: $0.address.rawValue) }
        #expect(Set(places) == Set(wanted.map { Place($0, at: address) }), comment)
        #expect(answer.count == wanted.count, comment)
        #expect(answer.allSatisfy { $0.physical.rawValue == address })
      }
    }
  }

  private struct Place: Hashable {
    var space: Int
    var address: UInt64

    init(space: Int, address: UInt64) { (self.space, self.address) = (space, address) }

    init(_ mapping: PlainMapping, at physical: UInt64) {
      self.init(space: mapping.space, address: mapping.address &+ (physical - mapping.page))
    }
  }

  @Test(arguments: RandomSpaces.modes, forms)
  func aRangeHasThePagesThatTouchIt(mode: PagingMode, form: IndexBuilder.Form?) throws {
    var random = SeededGenerator(seed: 11)
    try Self.forMachines(mode) { machine, expected, comment in
      let map = try Self.map(machine, form)
      for _ in 0..<10 {
        let first = random.next() % (1 << 19)
        let range = first...(first + random.next() % (1 << 17))
        let wanted = expected.filter {
          $0.page <= range.upperBound && range.lowerBound <= $0.page + ((1 << $0.shift) - 1)
        }
        let answer = try Self.mappings(map, of: range, expanding: true)
        #expect(answer.count == wanted.count, comment)
        #expect(answer.allSatisfy { range.contains($0.physical.rawValue) })
      }
    }
  }

  @Test(arguments: RandomSpaces.modes, forms)
  func sharedPagesAreThoseOfSeveralProcesses(mode: PagingMode, form: IndexBuilder.Form?) throws {
    let upperHalf: UInt64 = mode.virtualAddressBits == 32 ? 1 << 31 : 1 << 63
    var total = 0
    try Self.forMachines(mode) { machine, expected, comment in
      let lower = expected.filter { $0.address < upperHalf }
      let pages = Dictionary(grouping: lower, by: \.page).filter { _, mappings in
        Set(mappings.map { machine.addressSpaces[$0.space].pid }).count > 1
      }
      let found = try Self.shared(Self.map(machine, form)).map(Self.plain)
      #expect(found.sorted() == pages.values.flatMap { $0 }.sorted(), comment)
      total += pages.count
    }
    #expect(total > 20)
  }

  @Test(arguments: forms)
  func whoeverHasEnoughGetsNoMore(form: IndexBuilder.Form?) throws {
    let machine = try RandomSpaces.machine(.x86_64, seed: 1)
    let map = try Self.map(machine, form)
    let all = try Self.mappings(map)
    for limit in 1..<min(20, all.count) {
      var found: [ReverseMapping] = []
      try map.mappings(of: 0...UInt64.max) {
        found.append($0)
        return found.count < limit
      }
      #expect(found == Array(all.prefix(limit)))
    }
  }

  /// Four tables, each of whose entries lead to the next: 2 to the 36 addresses for one page.
  @Test func theAddressesOfAPageNeedNotFitMemory() throws {
    var sketch = TableSketch()
    for (table, next) in [(0x1000, 0x2000), (0x2000, 0x3000), (0x3000, 0x4000), (0x4000, 0x5000)]
      as [(UInt64, UInt64)]
    {
      for index in 0..<512 as Range<UInt64> {
        sketch.put(next | TableSketch.page, in: table, at: index)
      }
    }
    let map = try Self.map(sketch.machine())
    var count = 0
    try map.mappings(of: 0x5000...0x5000) { mapping in
      #expect(mapping.address.rawValue == UInt64(count) << 12)
      count += 1
      return count < 5000
    }
    #expect(count == 5000)
  }
}
