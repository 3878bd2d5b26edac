import Paging
import PhysicalMemory
import TestSupport
import Testing

/// The pieces of a map stand for exactly the pages of the address space.
@Suite struct MapTests {
  static let seed: UInt64 = 0x6d61_7073

  @Test(arguments: EnumerationTests.processors)
  func piecesExpandToThePagesOfTheAddressSpace(processor: ReferenceProcessor) throws {
    var random = SeededGenerator(seed: Self.seed)
    var copies = 0
    for _ in 0..<4 {
      var processor = processor
      let image = try TestImage(frames: 8)
      let sparsity: UInt64 = processor.mode == .fiveLevel ? 80 : 60
      image.fillWithTables(for: processor, sparsity: sparsity, &random)
      processor.cr3 = 0x1000
      for index in 0..<4 where processor.mode == .pae {
        image.write((random.next() % 8) << 12 | 1, at: processor.root + UInt64(index) * 8)
      }
      let expected = processor.enumerate { image.read($0, of: processor) }.pages
      let folded = pieces(processor, image.memory)
      let unfolded = pieces(processor, image.memory, expandingCopies: true)
      #expect(expand(folded, in: processor) == expected, "seed \(Self.seed)")
      #expect(expand(unfolded, in: processor) == expected, "seed \(Self.seed)")
      #expect(unfolded.allSatisfy { if case .run = $0 { true } else { false } })
      let filtered = pieces(processor, image.memory, only: WritableInLowFrames())
      #expect(
        expand(filtered, in: processor)
          == expected.filter { $0.write && $0.physical < WritableInLowFrames.end },
        "seed \(Self.seed)")
      expectCounts(of: expected, processor, image.memory)
      copies += folded.count { if case .copies = $0 { true } else { false } }
    }
    #expect(copies > 0, "tables that are reached twice are what this is about")
  }

  /// Pages that are counted by table are as many as those that are enumerated one by one.
  private func expectCounts(
    of pages: [ReferencePage], _ processor: ReferenceProcessor, _ memory: MemoryImage
  ) {
    func counts(_ all: some Sequence<(String, UInt64)>) -> [String: UInt64] {
      Dictionary(all, uniquingKeysWith: +)
    }
    let counted = processor.state.countPages(memory).pages
    #expect(
      counts(counted.map { ("\(1 << $0.key.pageShift) \($0.key.rights)", $0.value) })
        == counts(
          pages.map { page in
            let rights = [("w", page.write), ("u", page.user), ("x", page.execute)]
            return ("\(page.size) " + rights.map { $0.1 ? $0.0 : "-" }.joined(), 1)
          }), "seed \(Self.seed)")
  }

  @Test func runsAreMaximal() throws {
    let processor = ReferenceProcessor(mode: .fourLevel)
    let path = try ValidWalk(processor, leaf: 1)
    let table = path.entries[3].address & ~0xfff
    // 512 pages: frames in order, then a gap, a right less, a frame skipped.
    for index in 0..<512 as Range<UInt64> {
      path.image.write((0x1000 + index) << 12 | 7, at: table + index * 8)
    }
    path.image.write(0, at: table + 100 * 8)
    path.image.write(0x10c8 << 12 | 5, at: table + 200 * 8)
    path.image.write(0x5555 << 12 | 7, at: table + 300 * 8)
    let runs = pieces(path.processor, path.image.memory).compactMap { piece in
      if case .run(let run) = piece { run } else { nil }
    }
    #expect(runs.map(\.pageCount) == [100, 99, 1, 99, 1, 211])
    #expect(runs.map(\.rights).filter { $0 != .all } == [[.user, .execute]])
    #expect(runs.last?.address == PhysicalAddress((0x1000 + 301) << 12))
    #expect(runs.last?.end.rawValue == path.address | 0x1f_ffff)
  }

  @Test func pagesOfTwoSizesDoNotJoin() throws {
    let path = try ValidWalk(ReferenceProcessor(mode: .fourLevel), leaf: 2)
    let (_, position, _) = path.entries[2]
    // A page table behind a 2M page continues its frames exactly.
    path.image.write(0x4000 | 7, at: position + 8)
    for index in 0..<512 as Range<UInt64> {
      path.image.write(0x4020_0000 + index << 12 | 7, at: 0x4000 + index * 8)
    }
    let runs = pieces(path.processor, path.image.memory).compactMap { piece in
      if case .run(let run) = piece { run } else { nil }
    }
    #expect(runs.map(\.pageSize) == [0x20_0000, 0x1000])
    #expect(runs.map(\.pageCount) == [1, 512])
  }

  /// The whole of 2 to the 48 addresses on four tables.
  @Test func fourTablesThatTranslateEverythingAreSaidInFewPieces() throws {
    let image = try TestImage(frames: 5)
    for table in 0..<4 as Range<UInt64> {
      for index in 0..<512 as Range<UInt64> {
        image.write((table + 1) << 12 | 7, at: table << 12 + index * 8)
      }
    }
    let processor = ReferenceProcessor(mode: .fourLevel)
    let all = pieces(processor, image.memory)
    #expect(all.count < 600)
    // Each piece adds what it copies: count pages without expanding 2 to the 36 of them.
    let copies = all.compactMap { piece -> (UInt64, UInt64)? in
      guard case .copies(let start, let end, _, let count) = piece else { return nil }
      return (end.rawValue - start.rawValue + 1, count)
    }
    let runs = all.reduce(0 as UInt64) { sum, piece in
      if case .run(let run) = piece { sum + run.pageCount } else { sum }
    }
    #expect(copies.reduce(runs) { $0 + $1.0 / 4096 * $1.1 } == 1 << 36)
  }

  /// A root whose entries all lead to the root itself: 512 to the 4 pages, all of them the root.
  @Test func tablesThatReferToThemselvesTerminate() throws {
    for mode in ReferenceProcessor.Mode.allCases where mode != .pae {
      let image = try TestImage(frames: 1)
      let processor = ReferenceProcessor(mode: mode)
      for address in stride(from: 0 as UInt64, to: 4096, by: Int(processor.entrySize)) {
        image.write(7, at: address, of: processor)
      }
      #expect(pieces(processor, image.memory).count < 3000)
    }
    let pae = ReferenceProcessor(mode: .pae)
    let image = try TestImage(frames: 1)
    for index in 0..<512 as Range<UInt64> { image.write(1, at: index * 8) }
    #expect(pieces(pae, image.memory).count < 2000)
  }

  @Test func aMapThatIsNoLongerWantedEnds() throws {
    let image = try TestImage(frames: 1)
    for index in 0..<512 as Range<UInt64> { image.write(7, at: index * 8) }
    var calls = 0
    ReferenceProcessor(mode: .fiveLevel).state.map(image.memory, expandingCopies: true) { _ in
      calls += 1
      return calls < 3
    }
    #expect(calls == 3)
  }

  @Test func tablesSharedWithOtherRightsAreNoCopies() throws {
    let path = try ValidWalk(ReferenceProcessor(mode: .fourLevel), leaf: 1)
    let (_, position, entry) = path.entries[2]
    path.image.write(entry & ~2, at: position + 8)
    path.image.write(entry, at: position + 16)
    let all = pieces(path.processor, path.image.memory)
    #expect(all.count == 3)
    guard all.count == 3, case .run(let first) = all[0], case .run(let second) = all[1] else {
      Issue.record("the table is mapped with two sets of rights: \(all)")
      return
    }
    #expect(first.rights == .all)
    #expect(second.rights == [.user, .execute])
    let base = path.address & ~0x1f_ffff
    #expect(
      all[2]
        == .copies(
          start: VirtualAddress(base + 0x40_0000), end: VirtualAddress(base + 0x5f_ffff),
          stride: 0x40_0000, count: 1))
  }

  @Test func aTableWithoutPagesThatIsReachedTwiceIsNoPiece() throws {
    let path = try ValidWalk(ReferenceProcessor(mode: .fourLevel), leaf: 1)
    let (_, position, entry) = path.entries[2]
    path.image.write(0, at: path.entries[3].address)
    for index in 1...3 as ClosedRange<UInt64> {
      path.image.write(entry, at: position + index * 8)
    }
    #expect(pieces(path.processor, path.image.memory) == [])
  }

  /// Four levels of tables that all lead to one without pages: 2 to the 36 ways to nothing.
  @Test(.timeLimit(.minutes(1)), arguments: [false, true])
  func nothingIsSoughtOnce(expandingCopies: Bool) throws {
    let image = try TestImage(frames: 6)
    for frame in 0..<4 as Range<UInt64> {
      for index in 0..<512 as Range<UInt64> {
        image.write((frame + 2) << 12 | 7, at: (frame + 1) << 12 + index * 8)
      }
    }
    var processor = ReferenceProcessor(mode: .fiveLevel)
    processor.cr3 = 0x1000
    #expect(pieces(processor, image.memory, expandingCopies: expandingCopies) == [])
    image.write(0x8007, at: 0x5000 + 511 * 8)
    #expect(!pieces(processor, image.memory).isEmpty)
  }

  private struct WritableInLowFrames: PageFilter {
    static let end: UInt64 = 0x1_0000_0000
    func shows(_ entry: EntryVisit, at page: PhysicalAddress) -> Bool {
      entry.rights.contains(.write) && page.rawValue < Self.end
    }
  }

  private struct OnlyLarge: PageFilter {
    func shows(_ entry: EntryVisit, at page: PhysicalAddress) -> Bool { entry.shift > 12 }
  }

  /// A frame that is a table at every level: its pages of 4 KiB are many, and no others are asked for.
  @Test(.timeLimit(.minutes(1)))
  func pagesThatAreNotAskedForAreSoughtOnce() throws {
    let image = try TestImage(frames: 2)
    for index in 0..<1024 as Range<UInt64> {
      image.write((index * 7 % 3 & 1) << 12 | 3 | (index & 4), at: index * 8)
    }
    var pieces: [MapPiece] = []
    let state = ReferenceProcessor(mode: .fiveLevel).state
    state.map(image.memory, only: OnlyLarge()) { piece in
      pieces.append(piece)
      return true
    }
    #expect(pieces == [])
  }

  private func pieces(
    _ processor: ReferenceProcessor, _ memory: MemoryImage,
    only filter: some PageFilter = EveryPage(), expandingCopies: Bool = false
  ) -> [MapPiece] {
    var pieces: [MapPiece] = []
    processor.state.map(memory, only: filter, expandingCopies: expandingCopies) { piece in
      pieces.append(piece)
      return true
    }
    return pieces
  }

  /// The pages that the pieces stand for: a copy is what was said `stride` bytes before.
  private func expand(_ pieces: [MapPiece], in processor: ReferenceProcessor) -> [ReferencePage] {
    var pages: [ReferencePage] = []
    for piece in pieces {
      switch piece {
      case .run(let run):
        for index in 0..<run.pageCount {
          pages.append(
            ReferencePage(
              virtual: run.start.rawValue &+ index &* run.pageSize,
              physical: run.address.rawValue &+ index &* run.pageSize, size: run.pageSize,
              write: run.rights.contains(.write), user: run.rights.contains(.user),
              execute: run.rights.contains(.execute)))
        }
      case .copies(let start, let end, let stride, let count):
        var (low, high) = (start.rawValue &- stride, end.rawValue &- stride)
        for _ in 0..<count {
          for page in pages[firstIndex(of: low, in: pages)...] where page.virtual <= high {
            var copy = page
            copy.virtual &+= stride
            pages.append(copy)
          }
          low &+= stride
          high &+= stride
        }
      }
    }
    return pages
  }

  /// The index of the first page at or after an address; pages ascend.
  private func firstIndex(of address: UInt64, in pages: [ReferencePage]) -> Int {
    var (low, high) = (0, pages.count)
    while low < high {
      let middle = (low + high) / 2
      if pages[middle].virtual < address { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
