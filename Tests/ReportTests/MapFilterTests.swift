import Paging
import PhysicalMemory
import Report
import Testing

/// Which pages filters show, by the words of gdb-pt-dump's help and by the manuals.
@Suite struct MapFilterTests {
  /// A page by its rights, size and the low bits of its entry, seen by one filter.
  private func isShown(
    _ filter: String, _ rights: Rights, shift: UInt64 = 12, entry: UInt64 = 0,
    physical: ClosedRange<UInt64> = 0...UInt64.max, at page: UInt64 = 0x5000,
    of state: PagingState = PagingState(mode: .x86_64)
  ) throws -> Bool {
    // Entries of page tables are level 1, of page directories 2.
    let level = shift == 12 ? 1 : shift == 21 ? 2 : 3
    let selection = MapSelection(
      try #require(MapFilter(filter)), physical: physical, of: state)
    let visit = EntryVisit(
      address: 0x40_0000, index: 0, entryAddress: PhysicalAddress(0x1000), entry: entry,
      level: level, shift: shift, rights: rights)
    return selection.shows(visit, at: PhysicalAddress(page))
  }

  @Test(
    arguments: [
      ("w", [.write], true), ("w", [.user], false), ("_w", [.user], true),
      ("x", [.execute], true), ("_x", [.execute], false), ("u", [.user], true), ("u", [], false),
      ("s", [], true), ("s", [.user], false), ("_s", [.user], true),
      // gdb-pt-dump's `ro` is neither writable nor executable.
      ("ro", [.user], true), ("ro", [.execute], false), ("ro", [.write], false),
      ("_ro", [.execute], true), ("_ro", [], false),
      ("w x", [.write], false), ("w x", [.write, .execute], true),
      ("w,x", [.write, .execute], true),
      ("w|x", [.write], true), ("w|x", [.execute], true), ("w|x", [.user], false),
      ("_w|x", [], true), ("_w|x", [.write], false), ("_w|x", [.write, .execute], true),
      ("s w|x wb", [.write], true), ("s w|x wb", [.write, .user], false),
      ("write,no-execute", [.write], true), ("no-user", [.user], false),
    ] as [(String, Rights, Bool)])
  func termsAreThoseOfGdbPtDump(filter: String, rights: Rights, isShown: Bool) throws {
    #expect(try self.isShown(filter, rights) == isShown)
  }

  @Test(
    arguments: [
      ("2M", 12, false), ("2M", 21, true), ("2M,4K", 12, true), ("2M 4K", 21, true),
      ("2M|4K", 12, true), ("_4K", 12, false), ("_4K", 21, true), ("1G", 30, true),
      ("2M|x", 12, false),
    ] as [(String, UInt64, Bool)])
  func sizesAreAlternatives(filter: String, shift: UInt64, isShown: Bool) throws {
    #expect(try self.isShown(filter, [.write], shift: shift) == isShown)
  }

  // SDM 3A, Table 12-12: after a reset PAT entries are WB WT UC- UC, twice. PWT is bit 3, PCD bit 4, PAT
  // bit 7 of a PTE and bit 12 of larger pages.
  @Test(
    arguments: [
      ("wb", 12, 0x00, true), ("wb", 12, 0x08, false), ("wt", 12, 0x08, true),
      ("uc", 12, 0x10, true), ("uc", 12, 0x18, true), ("uc", 12, 0x00, false),
      ("wb", 12, 0x80, true), ("wt", 12, 0x88, true), ("_uc", 12, 0x90, false),
      ("wb", 21, 0x80, true), ("uc", 21, 0x1090, true), ("_wb", 21, 0x1088, true),
    ] as [(String, UInt64, UInt64, Bool)])
  func memoryTypesAreThoseOfThePAT(
    filter: String, shift: UInt64, entry: UInt64, isShown: Bool
  ) throws {
    #expect(try self.isShown(filter, [], shift: shift, entry: entry) == isShown)
  }

  /// Linux has WC in entry 1 and WT in entry 7 (arch/x86/mm/pat/memtype.c).
  @Test func thePATThatIsGivenCounts() throws {
    var state = PagingState(mode: .x86_64)
    state.pat = 0x0407_0506_0007_0106
    #expect(try isShown("wc", [], entry: 0x08, of: state))
    #expect(try !isShown("wt", [], entry: 0x08, of: state))
    #expect(try isShown("wt", [], entry: 0x98, of: state))
  }

  // What Linux 6.1 has in MAIR_EL1: normal twice, normal not cached, device twice. AttrIndx is bits 4:2.
  @Test(
    arguments: [
      (0, "wb", true), (1, "wb", true), (2, "uc", true), (2, "wb", false), (3, "uc", true),
      (4, "uc", true), (4, "_uc", false),
    ] as [(UInt64, String, Bool)])
  func memoryTypesOfARM64AreThoseOfMAIR(index: UInt64, filter: String, isShown: Bool) throws {
    var state = PagingState(mode: .arm64)
    state.mair = 0x4_0044_ffff
    #expect(try self.isShown(filter, [], entry: index << 2, of: state) == isShown)
  }

  /// Bytes of MAIR_EL1 by the table of ARM ARM D19.2.
  @Test(
    arguments: [
      (0x00, .device), (0x04, .device), (0x0c, .device), (0x01, .device), (0x02, nil),
      (0x44, .nonCacheable), (0x40, .nonCacheable), (0xa0, .writeThrough), (0xf0, .writeBack),
      (0xff, .writeBack), (0xee, .writeBack), (0xbb, .writeThrough), (0x33, .writeThrough),
      (0x77, .writeBack), (0x4f, .nonCacheable), (0xbf, .writeThrough), (0xc0, nil),
    ] as [(UInt64, MemoryType?)])
  func attributesAreThoseOfTheTable(attribute: UInt64, type: MemoryType?) {
    var state = PagingState(mode: .arm64)
    state.mair = attribute << 24
    #expect(state.memoryType(3) == type)
  }

  @Test func memoryTypesThatNobodyExplainsAreRefused() throws {
    var query = MapQuery()
    query.filter = try #require(MapFilter("wb"))
    let problem = try #require(query.problem(for: PagingState(mode: .arm64)))
    #expect(problem.contains("--mair"))
    #expect(query.problem(for: PagingState(mode: .x86)) == nil)
  }

  @Test func framesAreAskedForByAnyOfTheirBytes() throws {
    #expect(try isShown("w", [.write], physical: 0x5fff...0x5fff))
    #expect(try !isShown("w", [.write], physical: 0x6000...0x6fff))
    #expect(
      try isShown("w", [.write], shift: 21, physical: 0x3f_ffff...0x7f_ffff, at: 0x20_0000))
  }

  @Test(arguments: ["", "wx", "w,,u", "Write", "8K", "|w", "w|", "_", "__w", "no-"])
  func unknownTermsAreNoFilter(text: String) {
    #expect(MapFilter(text) == nil)
  }

  @Test func filtersThatAreGivenTogetherAllCount() throws {
    let both = try #require(MapFilter("w")).intersection(try #require(MapFilter("2M")))
    let more = both.intersection(try #require(MapFilter("4K")))
    #expect(both == MapFilter("w 2M"))
    #expect(more == MapFilter("w 2M 4K"), "a page has one size: sizes are alternatives")
  }
}
