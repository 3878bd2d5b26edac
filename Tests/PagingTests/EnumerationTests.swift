import Paging
import PhysicalMemory
import TestSupport
import Testing

/// An enumeration finds what the walks of all addresses find, however it is asked for.
@Suite struct EnumerationTests {
  static let seed: UInt64 = 0x7363_616e

  /// Processors of each mode whose tables are sparse enough to be enumerated without a memo.
  static let processors: [ReferenceProcessor] = ReferenceProcessor.Mode.allCases.flatMap { mode in
    [
      ReferenceProcessor(mode: mode, maxPhysicalAddress: 46),
      ReferenceProcessor(mode: mode, nxe: false, pse36: false, page1G: false),
    ]
  }

  @Test(arguments: processors)
  func aScanFindsWhatPlainRecursionFinds(processor: ReferenceProcessor) throws {
    try forSparseImages(of: processor) { image, processor in
      let expected = processor.enumerate { image.read($0, of: processor) }
      let got = scan(processor, image.memory)
      #expect(got.pages == expected.pages, "seed \(Self.seed)")
      #expect(got.reserved == expected.reserved, "seed \(Self.seed)")
      #expect(got.missing == expected.missing, "seed \(Self.seed)")
      return expected.pages.count
    }
  }

  @Test(arguments: processors)
  func everyPageOfAScanIsTheWalkOfItsFirstAndLastByte(processor: ReferenceProcessor) throws {
    try forSparseImages(of: processor) { image, processor in
      let pages = scan(processor, image.memory).pages
      let state = processor.state
      for page in pages.prefix(400) {
        for offset in [0, page.size - 1] {
          let walk = state.walk(VirtualAddress(page.virtual &+ offset), in: image.memory).result
          let answer = ReferenceProcessor.Answer(walk)
          #expect(answer.address == page.physical + offset)
          #expect(answer.pageSize == page.size)
          #expect(
            [answer.write, answer.user, answer.execute] == [page.write, page.user, page.execute])
        }
      }
      return pages.count
    }
  }

  @Test(arguments: processors)
  func anAddressBetweenThePagesOfAScanIsNotMapped(processor: ReferenceProcessor) throws {
    var random = SeededGenerator(seed: Self.seed)
    try forSparseImages(of: processor) { image, processor in
      let pages = scan(processor, image.memory).pages
      let state = processor.state
      for (page, next) in zip(pages, pages.dropFirst()).prefix(400) {
        let (end, overflow) = page.virtual.addingReportingOverflow(page.size)
        guard !overflow, end <= next.virtual else {
          Issue.record("\(page) and \(next) are not ascending and disjoint")
          continue
        }
        let gap = next.virtual - end
        guard gap > 0 else { continue }
        for offset in [0, gap - 1, random.next() % gap] {
          let address = VirtualAddress(end + offset)
          #expect(state.walk(address, in: image.memory).result.outcome != .mapped)
        }
      }
      return pages.count
    }
  }

  @Test(arguments: processors)
  func aScanOfARangeIsTheScanOfAllCutToIt(processor: ReferenceProcessor) throws {
    var random = SeededGenerator(seed: Self.seed)
    try forSparseImages(of: processor) { image, processor in
      let whole = scan(processor, image.memory)
      for _ in 0..<20 {
        let range = randomRange(of: whole.pages, in: processor.mode, &random)
        let part = scan(processor, image.memory, range)
        let expected = whole.pages.filter {
          $0.virtual <= range.upperBound && $0.virtual &+ ($0.size - 1) >= range.lowerBound
        }
        #expect(part.pages == expected, "seed \(Self.seed), \(range)")
      }
      return whole.pages.count
    }
  }

  @Test func aRangeThatHoldsNoCanonicalAddressIsEmpty() throws {
    let path = try ValidWalk(ReferenceProcessor(mode: .fourLevel), leaf: 1)
    let hole: ClosedRange<UInt64> = 0x8000_0000_0000...0xffff_7fff_ffff_ffff
    #expect(scan(path.processor, path.image.memory, hole).pages.isEmpty)
    let lastByte = path.address | 0xfff
    #expect(scan(path.processor, path.image.memory, lastByte...lastByte).pages.count == 1)
    #expect(scan(path.processor, path.image.memory, lastByte + 1...UInt64.max).pages.isEmpty)
  }

  @Test func entriesOfATornTableThatAreThereAreFoundAndTheOthersAreMissing() throws {
    let processor = ReferenceProcessor(mode: .fourLevel)
    let path = try ValidWalk(processor, leaf: 1)
    let (_, entryAddress, _) = path.entries[3]
    let table = entryAddress & ~0xfff
    // All but the page table's part from the entry behind the mapped one on, which begins at
    // a byte that no entry begins at.
    let present = entryAddress + 8 + 3
    let memory = MemoryImage.runs(
      RunMemory(
        path.image.bytes,
        [
          RunMemory.Segment(
            start: PhysicalAddress(0), byteCount: present, source: .mapping(offset: 0))
        ]))
    let got = scan(path.processor, memory)
    #expect(got.pages.map(\.virtual) == [path.address & ~0xfff])
    #expect(
      got.missing.map { $0[2] } == Array(stride(from: entryAddress + 8, to: table + 4096, by: 8)))
  }

  @Test func anAbsentTableIsMissingEntryByEntry() throws {
    let path = try ValidWalk(ReferenceProcessor(mode: .pae), leaf: 1)
    path.image.write(0x7fff_f007, at: path.entries[1].address)
    let got = scan(path.processor, path.image.memory)
    #expect(got.pages.isEmpty)
    #expect(got.missing.count == 512)
    #expect(got.missing.first?[2] == 0x7fff_f000)
  }

  /// Runs `body` on a few images; together they must hold pages, or nothing was tested.
  private func forSparseImages(
    of base: ReferenceProcessor,
    _ body: (TestImage, ReferenceProcessor) throws -> Int
  ) throws {
    var random = SeededGenerator(seed: Self.seed)
    var pages = 0
    for _ in 0..<3 {
      var processor = base
      let image = try TestImage(frames: 12)
      let sparsity: UInt64 = base.mode == .fiveLevel ? 120 : base.mode == .fourLevel ? 60 : 30
      image.fillWithTables(for: processor, sparsity: sparsity, &random)
      processor.cr3 = randomRoot(for: processor, &random) % 0xc000
      // The random top table of PAE has four entries: make sure that some lead on.
      for index in 0..<4 where base.mode == .pae {
        let table = (random.next() % 12) << 12 | 1
        image.write(table, at: processor.root + UInt64(index) * 8)
      }
      pages += try body(image, processor)
    }
    #expect(pages > 100)
  }
}

/// What a scan reports, in the reference's terms.
func scan(
  _ processor: ReferenceProcessor, _ memory: MemoryImage,
  _ range: ClosedRange<UInt64> = 0...UInt64.max
) -> ReferenceFindings {
  var operation = Collection(range: range)
  return processor.state.perform(&operation, on: memory)
}

private struct Collection: WalkerOperation {
  let range: ClosedRange<UInt64>

  mutating func run(_ walker: some TableWalker) -> ReferenceFindings {
    var collector = Collector()
    walker.scan(range, visitor: &collector)
    return collector.findings
  }
}

private struct Collector: TableVisitor {
  var findings = ReferenceFindings()

  mutating func enter(_ table: TableVisit) -> Bool { true }

  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) {
    findings.pages.append(
      ReferencePage(
        virtual: entry.address, physical: page.rawValue, size: 1 << entry.shift,
        write: entry.rights.contains(.write), user: entry.rights.contains(.user),
        execute: entry.rights.contains(.execute)))
  }

  mutating func reserved(_ entry: EntryVisit, bits: UInt64) {
    findings.reserved.append([entry.address, UInt64(entry.level), bits])
  }

  mutating func missing(_ entry: EntryVisit) {
    findings.missing.append([entry.address, UInt64(entry.level), entry.entryAddress.rawValue])
  }

  mutating func leave(_ table: TableVisit) {}
}

/// A range that begins and ends at or near pages, or anywhere.
private func randomRange(
  of pages: [ReferencePage], in mode: ReferenceProcessor.Mode, _ random: inout SeededGenerator
) -> ClosedRange<UInt64> {
  func end() -> UInt64 {
    guard let page = pages.randomElement(using: &random), !random.chance(4) else {
      return randomAddress(in: mode, &random)
    }
    return page.virtual &+ [0, 1, page.size - 1, page.size, UInt64.max][Int(random.next() % 5)]
  }
  let (first, second) = (end(), end())
  return min(first, second)...max(first, second)
}
