import Paging
import PhysicalMemory
import TestSupport
import Testing

/// The library's walks of arm64 against the reference's, over random tables and registers.
@Suite struct ARM64SweepTests {
  static let seed: UInt64 = 0x6172_6d36_345f_7377
  static let granules: [UInt64] = [12, 14, 16]

  @Test(arguments: granules)
  func walksOfRandomTablesAreThoseOfTheManual(granule: UInt64) throws {
    var random = SeededGenerator(seed: Self.seed ^ granule)
    var failures = 0
    var outcomes: [String: Int] = [:]
    for _ in 0..<120 {
      let processor = ReferenceARM64.random(granule, &random)
      let image = try TestImage(frames: 64)
      image.fill(for: processor, sparsity: 1, &random)
      let state = processor.state
      let addresses = (0..<40).map { _ in processor.randomAddress(&random) }
      var results = ARM64Results()
      let batch = addresses.map { VirtualAddress($0) }
      state.translate(batch.span, in: image.memory, into: &results)
      for (address, batched) in zip(addresses, results.list) {
        let expected = processor.walk(address) { image.bytes.load(UInt64.self, at: $0) }
        let got = state.walk(VirtualAddress(address), in: image.memory).result
        // The upper half may be of another granule.
        let half = processor.half(of: address).granule == granule ? "" : "other "
        outcomes["\(half)\(expected.outcome) \(expected.level ?? 9)", default: 0] += 1
        guard ReferenceARM64.Answer(got) != expected || batched != got else { continue }
        failures += 1
        if failures <= 10 {
          Issue.record("seed \(Self.seed): \(processor) \(address.hex): \(expected), got \(got)")
        }
      }
    }
    // The sweep proves nothing where an outcome never occurs.
    let levels = granule == 12 ? -1...3 : granule == 14 ? 0...3 : 1...3
    for level in levels {
      for outcome in ["not-present", "reserved-bits", "missing"] {
        #expect(outcomes["\(outcome) \(level)", default: 0] > 0, "\(outcome) at \(level)")
      }
      let isLeaf = level >= (granule == 12 ? 0 : 1)
      #expect((outcomes["mapped \(level)", default: 0] > 0) == isLeaf, "mapped at \(level)")
    }
    for outcome in ["non-canonical 9", "not-present 9", "reserved-bits 9"] {
      #expect(outcomes[outcome, default: 0] > 0, "\(outcome)")
    }
  }

  @Test(arguments: granules)
  func scansFindThePagesThatWalksFind(granule: UInt64) throws {
    var random = SeededGenerator(seed: Self.seed ^ granule << 8)
    var found = 0
    for _ in 0..<12 {
      let processor = ReferenceARM64.random(granule, &random)
      let image = try TestImage(frames: 64)
      image.fill(for: processor, sparsity: granule == 12 ? 96 : granule == 14 ? 448 : 1024, &random)
      var operation = PageCollection()
      let pages = processor.state.perform(&operation, on: image.memory)
      let expected = processor.pages { image.bytes.load(UInt64.self, at: $0) }
      #expect(pages == expected, "seed \(Self.seed): \(processor)")
      found += pages.count
    }
    #expect(found > 50)
  }

  @Test func halvesOfDifferentGranulesDoNotShareWhatIsKnownOfATable() throws {
    // One table is the L3 table of the lower half (4 KiB) and of the upper (64 KiB).
    let image = try TestImage(frames: 64)
    var processor = ReferenceARM64()
    processor.lower = ReferenceARM64.Half(granule: 12, bits: 30, ttbr: 0x1000)
    processor.upper = ReferenceARM64.Half(granule: 16, bits: 42, ttbr: 0x2_0000)
    image.write(0x1_0003, at: 0x1000)
    image.write(0x1_0003, at: 0x2_0000)
    image.write(0x3_0403, at: 0x1_0000)
    image.write(0x3_0403, at: 0x1_0008)
    var pieces: [MapPiece] = []
    processor.state.map(image.memory) {
      pieces.append($0)
      return true
    }
    let runs = pieces.compactMap { piece -> MappingRun? in
      if case .run(let run) = piece { run } else { nil }
    }
    #expect(pieces.count == runs.count)
    #expect(
      runs.map(\.start.rawValue) == [0, 0x1000, 0xffff_fc00_0000_0000, 0xffff_fc00_0001_0000])
    #expect(runs.map(\.pageShift) == [12, 12, 16, 16])
  }

  @Test func anUpperHalfWithTheTablesOfTheLowerIsACopy() throws {
    let image = try TestImage(frames: 16)
    image.write(0x2003, at: 0x1000)
    image.write(0x3003, at: 0x2000)
    image.write(0x4003, at: 0x3000)
    image.write(0x5443, at: 0x4008)
    var state = PagingState(mode: .arm64, cr3: 0x1000)
    state.ttbr1 = 0x1000
    var pieces: [MapPiece] = []
    state.map(image.memory) {
      pieces.append($0)
      return true
    }
    #expect(
      pieces == [
        .run(
          MappingRun(
            start: VirtualAddress(0x1000), end: VirtualAddress(0x1fff),
            address: PhysicalAddress(0x5000), pageShift: 12, rights: [.write, .user, .execute])),
        .copies(
          start: VirtualAddress(0xffff_0000_0000_0000), end: VirtualAddress(UInt64.max),
          stride: 0xffff_0000_0000_0000, count: 1),
      ])
  }
}

private struct ARM64Results: WalkSink {
  var list: [WalkResult] = []

  mutating func receive(_ result: WalkResult, for address: VirtualAddress) { list.append(result) }
}

/// A page as both sides describe it: address, frame, size, rights.
private typealias Page = [UInt64]

private struct PageCollection: WalkerOperation {
  mutating func run(_ walker: some TableWalker) -> [Page] {
    var collector = PageCollector()
    walker.scan(visitor: &collector)
    return collector.pages
  }
}

private struct PageCollector: TableVisitor {
  var pages: [Page] = []

  mutating func enter(_ table: TableVisit) -> Bool { true }
  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) {
    pages.append([entry.address, page.rawValue, 1 << entry.shift, UInt64(entry.rights.rawValue)])
  }
  mutating func reserved(_ entry: EntryVisit, bits: UInt64) {}
  mutating func missing(_ entry: EntryVisit) {}
  mutating func leave(_ table: TableVisit) {}
}

extension ReferenceARM64 {
  /// All pages, found by trying every index of every table.
  fileprivate func pages(_ read: (UInt64) -> UInt64?) -> [Page] {
    var pages: [Page] = []
    func descend(_ half: Half, _ base: UInt64, _ table: UInt64, _ level: Int, _ size: UInt64) {
      let shift = Self.shift(half, level)
      for index in 0..<(size >> shift) {
        let address = base + index << shift
        guard let word = read(table + index * 8), word & 1 == 1 else { continue }
        if word & 3 == 3, level < 3 {
          let (next, excess) = self.address(word, half, low: half.granule)
          if excess == 0 { descend(half, address, next, level + 1, 1 << shift) }
          continue
        }
        let answer = walk(address, read)
        guard answer.outcome == "mapped" else { continue }
        let rights: UInt64 =
          (answer.write ? 1 : 0) | (answer.user ? 2 : 0) | (answer.execute ? 4 : 0)
        pages.append([address, answer.address, answer.size, rights])
      }
    }
    for (half, base) in [(lower, 0), (upper, UInt64.max << upper.bits)] {
      guard !half.walksAreDisabled, table(half) >> UInt64(outputBits(half)) == 0 else { continue }
      descend(half, base, table(half), Self.startLevel(half), 1 << half.bits)
    }
    return pages
  }

  var state: PagingState {
    var state = PagingState(mode: .arm64, cr3: lower.ttbr)
    state.ttbr1 = upper.ttbr
    state.tcr = tcr
    state.physicalBits = physicalBits
    return state
  }

  fileprivate static func random(_ granule: UInt64, _ random: inout SeededGenerator) -> Self {
    var processor = ReferenceARM64()
    processor.ds = random.chance(2)
    processor.ips = [5, 6, 6, 0, random.next() % 8][Int(random.next() % 5)]
    processor.physicalBits = random.chance(3) ? 48 : 52
    func half(_ granule: UInt64) -> Half {
      var half = Half(granule: granule)
      let most: UInt64 = processor.ds || granule == 16 ? 52 : 48
      half.bits = random.chance(2) ? most : 25 + random.next() % (most - 24)
      half.ttbr = (random.next() % 18) << 14 | (random.next() & 0xffff_0000_0000_0001)
      if random.chance(4) { half.ttbr |= random.next() & 0x3ffe }
      if random.chance(12) { half.ttbr |= 1 << (32 + random.next() % 16) }
      half.walksAreDisabled = random.chance(12)
      half.ignoresTopByte = random.chance(3)
      half.hasMemoryTags = random.chance(3)
      half.hierarchyIsDisabled = random.chance(3)
      return half
    }
    processor.lower = half(granule)
    processor.upper = half(random.chance(3) ? [12, 14, 16][Int(random.next() % 3)] : granule)
    return processor
  }

  fileprivate func randomAddress(_ random: inout SeededGenerator) -> UInt64 {
    let isUpper = random.chance(3)
    let half = isUpper ? upper : lower
    var address = random.next() & (1 << half.bits - 1)
    if random.chance(2) { address &= random.next() }
    if isUpper { address |= UInt64.max << half.bits }
    if random.chance(8) { address ^= 1 << (25 + random.next() % 39) }
    if random.chance(8) { address ^= (random.next() & 0xff) << 56 }
    return address
  }
}

extension ReferenceARM64.Answer {
  init(_ result: WalkResult) {
    self.init(outcome: result.outcome.rawValue)
    switch result {
    case .mapped(let translation):
      level = 4 - translation.level
      address = translation.address.rawValue
      size = translation.pageSize
      write = translation.rights.contains(.write)
      user = translation.rights.contains(.user)
      execute = translation.rights.contains(.execute)
    case .stopped(let stop):
      level = stop.level == 0 ? nil : 4 - stop.level
      if case .reservedBits(let bits) = stop.cause { self.bits = bits }
      if case .missing = stop.cause { missing = stop.entryAddress.rawValue }
    }
  }
}

extension TestImage {
  /// Fills all frames with descriptors that lead on more often than not; one in `sparsity` is valid.
  fileprivate func fill(
    for processor: ReferenceARM64, sparsity: UInt64, _ random: inout SeededGenerator
  ) {
    let granule = processor.lower.granule
    let tables = UInt64(bytes.count) >> granule
    for address in stride(from: 0, to: UInt64(bytes.count), by: 8) {
      guard sparsity == 1 || random.chance(sparsity) else { continue }
      var word = (random.next() % (tables + 1)) << granule
      let flags = random.next()
      word |= flags & 0xcfc | flags & flags >> 20 & 0xfff8_0000_0000_0000
      word |= random.chance(16) ? flags >> 8 & 3 : random.chance(4) ? 1 : 3
      if random.chance(20) { word |= 1 << (8 + random.next() % 42) }
      write(word, at: address)
    }
  }
}
