import DumpFormats
import PhysicalMemory
import Testing

@Suite struct CrashDumpTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open(_ fixture: CrashDumpFixture) throws -> DumpFile {
    try DumpFile.open(folder.write(fixture.bytes))
  }

  private func bytes(_ dump: DumpFile, _ frames: [UInt64]) -> [UInt8?] {
    frames.map { dump.memory.load(UInt8.self, at: PhysicalAddress($0 * 4096 + 4095)) }
  }

  @Test func pagesOfAFullDumpFollowEachOtherByRuns() throws {
    let dump = try open(
      CrashDumpFixture(
        runs: [(1, 2), (0x100, 1), (0x12_3456, 1)], rest: CrashDumpFixture.pages([1, 2, 3, 4])))
    #expect(dump.format == .dmp)
    #expect(dump.warnings == [])
    #expect(bytes(dump, [0, 1, 2, 3, 0x100, 0x12_3456]) == [nil, 1, 2, nil, 3, 4])
    #expect(dump.architecture == .x8664)
    #expect(dump.root?.register == 0x1aa000)
    #expect(dump.root?.mode == .x8664)
    #expect(
      dump.facts.map { "\($0.subject) \($0.value)" } == [
        "dump full", "build 9600 (free)", "processors 4", "BugCheckCode 0xe2",
      ])
  }

  @Test(arguments: [(UInt8(0), RecordedRoot.Mode.x86), (1, .pae)])
  func aDumpOfA32BitKernelSaysWhetherPAEIsOn(_ pae: UInt8, _ mode: RecordedRoot.Mode) throws {
    let dump = try open(
      CrashDumpFixture(
        isWide: false, machine: 0x14c, root: 0x39000, pae: pae, runs: [(1, 1), (0x10_0000, 1)],
        rest: CrashDumpFixture.pages([7, 8])))
    #expect(dump.format == .dmp32)
    #expect(dump.root?.mode == mode)
    #expect(dump.root?.register == 0x39000)
    #expect(bytes(dump, [0, 1, 0x10_0000]) == [nil, 7, 8])
  }

  @Test func aRunThatCannotBeEndsTheList() throws {
    let dump = try open(
      CrashDumpFixture(
        runs: [(1, 1), (0x1_0006_4de9, 0x1018_003f_0000_0000), (9, 1)],
        rest: CrashDumpFixture.pages([1, 2])))
    #expect(bytes(dump, [1, 9]) == [1, nil])
    #expect(
      dump.warnings.first
        == "Run[1] at byte 0xa8: pages 0x100064de9 and 0x1018003f00000000 more are beyond all"
        + " addresses; it and the runs behind it are ignored")
  }

  @Test func ofARunThatTheFileEndsWithinTheRestIsMissing() throws {
    let dump = try open(
      CrashDumpFixture(runs: [(1, 3)], rest: Array(CrashDumpFixture.pages([1, 2]).dropLast(1))))
    #expect(dump.memory.byteCount == 8191)
    #expect(
      dump.warnings == [
        "Run[0] at byte 0x98: the file ends within it; 0x1001 bytes from 0x2fff on are missing"
      ])
  }

  @Test(arguments: [(UInt64(5), "FDMP"), (6, "SDMP"), (2, "SDMP")])
  func pagesOfABitmapFollowEachOtherByBits(_ type: UInt64, _ signature: String) throws {
    // Bits 1, 7, 8 and 19 of 20; the bits behind the last one are no pages.
    let block = CrashDumpFixture.bitmapBlock(
      signature, bits: 20, bitmap: [0b1000_0010, 1, 0b1111_1000], present: 4, firstPage: 0x3000,
      pages: CrashDumpFixture.pages([1, 7, 8, 19]))
    let dump = try open(CrashDumpFixture(type: type, rest: block))
    #expect(dump.warnings == [])
    #expect(bytes(dump, [0, 1, 7, 8, 19, 20]) == [nil, 1, 7, 8, 19, nil])
    #expect(dump.memory.runs.map { $0.start.frame } == [1, 7, 19])
    #expect(dump.memory.runs.map(\.byteCount) == [4096, 8192, 4096])
    #expect(dump.memory.holdsFrame(of: PhysicalAddress(8 * 4096)))
    #expect(!dump.memory.holdsFrame(of: PhysicalAddress(9 * 4096)))
  }

  @Test func aBitmapOf32BitsIsBehindAShorterHeader() throws {
    let block = CrashDumpFixture.bitmapBlock(
      "SDMP", bits: 8, bitmap: [0b0000_0100], present: 1, firstPage: 0x2000, headerSize: 0x1000,
      pages: CrashDumpFixture.pages([3]))
    let dump = try open(CrashDumpFixture(isWide: false, type: 2, machine: 0x14c, rest: block))
    #expect(bytes(dump, [1, 2, 3]) == [nil, 3, nil])
  }

  @Test func bitmapsThatLieAreRefusedOrWarnedAbout() throws {
    func block(_ bits: UInt64, present: UInt64, firstPage: UInt64, pages: [UInt8]) -> [UInt8] {
      CrashDumpFixture.bitmapBlock(
        "FDMP", bits: bits, bitmap: [0xff, 0xff], present: present, firstPage: firstPage,
        pages: CrashDumpFixture.pages(pages))
    }
    let few = try open(
      CrashDumpFixture(type: 5, rest: block(16, present: 9, firstPage: 0x3000, pages: [1, 2])))
    #expect(
      few.warnings == [
        "TotalPresentPages is 9, the bitmap has 16 bits set",
        "the file ends within the pages; the last 14 of 16 are missing",
      ])
    #expect(few.memory.runs == [MemoryRun(start: PhysicalAddress(0), byteCount: 8192)])
    let large = try dumpError {
      _ = try open(
        CrashDumpFixture(
          type: 5, rest: block(1 << 40, present: 1, firstPage: 0x3000, pages: [1])))
    }
    #expect(large.description.contains("byte 0x2030: Pages: expected 1 to"))
    var bytes = CrashDumpFixture(
      type: 5, rest: block(16, present: 1, firstPage: 0x3000, pages: [1])
    )
    .bytes
    bytes[0x2020] = 8
    bytes[0x2021] = 0
    let early = try dumpError { _ = try DumpFile.open(folder.write(bytes)) }
    #expect(
      early.description.contains("byte 0x2020: FirstPage: expected an offset behind the bitmap"))
  }

  /// As in 0vercl0k/kdmp-parser#27: the metadata seem to have room for one range more than there are.
  @Test(arguments: [UInt64(8), 9, 10])
  func rangesEndWhereThePagesBegin(_ type: UInt64) throws {
    let pages = CrashDumpFixture.pages([1, 2, 3])
    let block = CrashDumpFixture.rangesBlock(
      metadata: 0x30, firstPage: 0x2050, total: 3, ranges: [(1, 2), (0xa20d, 1)], pages: pages)
    let dump = try open(CrashDumpFixture(type: type, rest: block))
    #expect(dump.warnings == [])
    #expect(bytes(dump, [0, 1, 2, 3, 0xa20d, 0xa20e]) == [nil, 1, 2, nil, 3, nil])
  }

  @Test func aCompleteDumpEndsItsRangesWithTheTotal() throws {
    let block = CrashDumpFixture.rangesBlock(
      metadata: 0x40, firstPage: 0x2060, total: 2,
      ranges: [(1, 2), (0x1_0006_4de9, 1 << 60), (5, 1)],
      pages: CrashDumpFixture.pages([1, 2]))
    let complete = try open(CrashDumpFixture(type: 10, rest: block))
    #expect(complete.warnings == [])
    #expect(bytes(complete, [1, 2, 5]) == [1, 2, nil])
    // A kernel dump has no total, so the range is seen, and seen to be impossible.
    let kernel = try open(CrashDumpFixture(type: 8, rest: block))
    #expect(kernel.warnings.count == 1)
    #expect(bytes(kernel, [1, 2, 5]) == [1, 2, nil])
  }

  @Test func headersThatLieAreRefused() throws {
    let page = CrashDumpFixture.pages([1])
    let cases: [(CrashDumpFixture, String)] = [
      (CrashDumpFixture(type: 4), "holds next to no memory: small (triage)"),
      (CrashDumpFixture(type: 77), "byte 0xf98: DumpType: expected 1 (full), 2, 5"),
      (
        CrashDumpFixture(numberOfRuns: 43, rest: page),
        "byte 0x88: NumberOfRuns: expected 1 to 42 runs, found 43"
      ),
      (
        CrashDumpFixture(numberOfRuns: 0x4547_4150, rest: page),
        "NumberOfRuns: expected 1 to 42 runs, found PAGE (not set)"
      ),
      (
        CrashDumpFixture(isWide: false, machine: 0x14c, numberOfRuns: 87, rest: page),
        "byte 0x64: NumberOfRuns: expected 1 to 86 runs, found 87"
      ),
      (CrashDumpFixture(runs: [(1, 1)]), "expected runs of pages that the file holds, found none"),
      (CrashDumpFixture(type: 5, rest: page), "bitmap Signature: expected FDMP or SDMP"),
      (CrashDumpFixture(type: 9, rest: page), "byte 0x2000: Marker: expected 0x40"),
    ]
    for (fixture, expected) in cases {
      let error = try dumpError { _ = try open(fixture) }
      #expect(error.exitStatus == 65)
      #expect(error.description.contains(expected), "\(error)")
    }
  }
}
