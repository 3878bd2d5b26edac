import DumpFormats
import PhysicalMemory
import Testing

@Suite struct KdumpTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static func page(_ seed: Int) -> [UInt8] {
    (0..<4096).map { UInt8(($0 / 16 * seed + $0 % 3) % 251) }
  }

  private static func fixture() throws -> KdumpFixture {
    KdumpFixture(pages: [
      .init(frame: 1, flags: 1, bytes: try Compressors.zlib(page(1))),
      .init(frame: 2, flags: 4, bytes: try Compressors.snappy(page(2))),
      .init(frame: 9, flags: 0x20, bytes: try Compressors.zstd(page(9))),
      .init(frame: 40, flags: 0, bytes: page(40)),
      .init(frame: 63, flags: 2, bytes: LzoTests.nearBest),
    ])
  }

  private static func expectPages(_ memory: MemoryImage) {
    for frame in [1, 2, 9, 40] {
      let found = memory.bytes(at: PhysicalAddress(UInt64(frame) * 4096), count: 4096)
      #expect(found == page(frame), "frame \(frame)")
    }
    #expect(memory.bytes(at: PhysicalAddress(63 * 4096), count: 4096) == LzoTests.near)
    #expect(memory.load(UInt8.self, at: PhysicalAddress(3 * 4096)) == nil)
    #expect(memory.runs.map { $0.start.frame } == [1, 9, 40, 63])
    #expect(memory.runs.map(\.byteCount) == [8192, 4096, 4096, 4096])
    #expect(memory.damage == [])
  }

  @Test(arguments: [true, false])
  func pagesOfEveryCompressionAreRead(isWide: Bool) throws {
    var fixture = try Self.fixture()
    fixture.isWide = isWide
    fixture.machine = isWide ? "aarch64" : "i686"
    fixture.vmcoreinfo = "OSRELEASE=6.1\n"
    let dump = try DumpFile.open(folder.write(fixture.bytes))
    #expect(dump.format == .kdump)
    #expect(dump.warnings == [])
    #expect(dump.architecture == (isWide ? .aarch64 : .x86))
    #expect(dump.vmcoreinfo == "OSRELEASE=6.1\n")
    Self.expectPages(dump.memory)
  }

  /// QEMU writes the name of its own family into the header of a 32-bit guest.
  @Test func theKernelsTopTableTellsThatItIsA32BitOne() throws {
    var fixture = try Self.fixture()
    fixture.vmcoreinfo = "SYMBOL(swapper_pg_dir)=c1a5e000\n"
    #expect(try DumpFile.open(folder.write(fixture.bytes)).architecture == .x86)
    fixture.vmcoreinfo = "SYMBOL(swapper_pg_dir)=ffffffff82610000\n"
    #expect(try DumpFile.open(folder.write(fixture.bytes)).architecture == .x8664)
  }

  @Test func theNumberOfFramesOfOldVersionsIsInTheMainHeader() throws {
    var fixture = try Self.fixture()
    fixture.version = 5
    Self.expectPages(try DumpFile.open(folder.write(fixture.bytes)).memory)
  }

  @Test func piecesOutOfOrderArePutTogether() throws {
    let bytes = try Self.fixture().flattened
    let dump = try DumpFile.open(folder.write(bytes))
    #expect(dump.format == .kdump)
    #expect(dump.compressions == [.flattened])
    #expect(dump.warnings == [])
    Self.expectPages(dump.memory)
    let gzip = try DumpFile.open(folder.write(Compressors.gzip(bytes)))
    #expect(gzip.compressions == [.gzip, .flattened])
    Self.expectPages(gzip.memory)
    let cut = try DumpFile.open(folder.write(Array(bytes.dropLast(16))))
    #expect(
      cut.warnings == [
        "the flattened file ends without its last piece, at byte \((bytes.count - 16).hex)"
      ])
    Self.expectPages(cut.memory)
  }

  @Test func aPieceThatSaysItIsLargerThanTheFileIsRefused() throws {
    var bytes = try Self.fixture().flattened
    bytes[4096 + 8] = 0x7f
    let error = try dumpError { _ = try DumpFile.open(folder.write(bytes)) }
    #expect(error.exitStatus == 65)
    #expect(error.description.contains("byte 0x1008: piece size: expected at most"))
  }

  @Test func theOtherFilesOfASplitDumpAreFoundByTheirHeaders() throws {
    var fixture = try Self.fixture()
    fixture.split = 0..<9
    let first = try folder.write(fixture.bytes, to: "x.1")
    fixture.split = 9..<63
    let second = try folder.write(fixture.bytes, to: "anything")
    fixture.split = 63..<64
    let third = try folder.write(fixture.bytes, to: "x.3")
    // A part of another dump, and one of this dump that is there already.
    fixture.machine = "other"
    _ = try folder.write(fixture.bytes, to: "other")
    _ = try folder.write(folder.read("x.1"), to: "copy")
    for path in [first, second, third] {
      let dump = try DumpFile.open(path)
      Self.expectPages(dump.memory)
      #expect(dump.warnings.count == 1)
      #expect(dump.warnings[0].hasPrefix("the dump is split over 3 files: "))
      #expect(dump.files.count == 3 && dump.files.first == path)
    }
  }

  @Test func theFramesOfAMissingPartAreMissing() throws {
    var fixture = try Self.fixture()
    fixture.split = 9..<64
    let dump = try DumpFile.open(folder.write(fixture.bytes))
    #expect(dump.memory.runs.map { $0.start.frame } == [9, 40, 63])
    #expect(
      dump.warnings.first
        == "the dump is split, and no file beside this one has frames 0x0 to 0x8: they are missing")
  }

  /// makedumpfile writes such parts where it has fewer pages than parts.
  @Test func aPartWithoutFramesIsAPart() throws {
    var fixture = try Self.fixture()
    fixture.split = 64..<64
    let last = try folder.write(fixture.bytes, to: "x.2")
    let alone = try dumpError { _ = try DumpFile.open(last) }
    #expect(
      alone.description.hasSuffix(
        "expected pages that the file holds, found none;"
          + " put the other files of the split dump beside it"))
    fixture.split = 0..<64
    let first = try folder.write(fixture.bytes, to: "x.1")
    for path in [first, last] {
      let dump = try DumpFile.open(path)
      Self.expectPages(dump.memory)
      #expect(dump.warnings.count == 1)
      #expect(dump.warnings[0].hasPrefix("the dump is split over 2 files: "))
    }
  }

  @Test func pagesBehindTheEndOfTheFileAreMissing() throws {
    let bytes = try Self.fixture().bytes
    let lost = LzoTests.nearBest.count + 100
    let dump = try DumpFile.open(folder.write(Array(bytes.dropLast(lost))))
    #expect(dump.memory.runs.map { $0.start.frame } == [1, 9])
    #expect(dump.memory.runs.map(\.byteCount) == [8192, 4096])
    #expect(
      dump.warnings == [
        "the bytes of 2 of 5 pages are not in the file, which ends at byte"
          + " \((bytes.count - lost).hex)"
      ])
    #expect(dump.memory.load(UInt8.self, at: PhysicalAddress(40 * 4096)) == nil)
    #expect(dump.memory.load(UInt8.self, at: PhysicalAddress(9 * 4096)) != nil)
    #expect(dump.memory.damage == [])
  }

  @Test func aDamagedPageIsMissingAndTheOthersAreThere() throws {
    var fixture = try Self.fixture()
    fixture.pages[0].bytes[5] ^= 0x10
    fixture.pages[3].flags = 0x40
    fixture.pages[4].bytes = []
    let dump = try DumpFile.open(folder.write(fixture.bytes))
    for frame in [1, 40, 63] as [UInt64] {
      #expect(dump.memory.load(UInt64.self, at: PhysicalAddress(frame * 4096)) == nil)
    }
    #expect(dump.memory.load(UInt8.self, at: PhysicalAddress(2 * 4096 + 17)) != nil)
    #expect(
      dump.memory.damage == [
        "memory at 0x1000 is missing: byte 0x4078: page data: expected 4096 bytes, zlib,"
          + " found damaged data",
        "memory at 0x28000 is missing: byte 0x4054: page flags: expected 0 (none), 1 (zlib),"
          + " 2 (LZO), 4 (snappy) or 0x20 (zstd), found 0x40",
        "memory at 0x3f000 is missing: byte 0x4068: page size: expected 1 to 8192 bytes, found 0",
      ])
  }

  @Test func headersThatLieAreRefused() throws {
    let good = try Self.fixture().bytes
    func changed(_ offset: Int, _ value: [UInt8]) -> [UInt8] {
      var bytes = good
      bytes.replaceSubrange(offset..<offset + value.count, with: value)
      return bytes
    }
    func split(_ first: UInt8, _ end: UInt8) -> [UInt8] {
      var bytes = changed(4096 + 12, [1])
      (bytes[4096 + 80], bytes[4096 + 88]) = (first, end)
      return bytes
    }
    let cases: [([UInt8], String)] = [
      (changed(428, [0, 0, 0, 1]), "byte 0x1ac: block_size: expected 4096 to 65536"),
      (
        changed(436, [0xfe, 0xff, 0xff, 0xff]),
        "byte 0x1b4: bitmap_blocks: expected bitmaps that end"
      ),
      (changed(436, [3]), "byte 0x1b4: bitmap_blocks: expected an even number"),
      (changed(432, [0, 0]), "byte 0x1b0: sub_hdr_size: expected 1 to 4096 blocks, found 0"),
      (changed(4096 + 96, [1, 0x80]), "byte 0x1060: max_mapnr_64: expected 1 to 32768 frames"),
      (split(65, 64), "byte 0x1050: start_pfn_64: expected 0 to 64, found 65"),
      (split(9, 8), "byte 0x1058: end_pfn_64: expected 9 to 64, found 8"),
      (split(9, 65), "byte 0x1058: end_pfn_64: expected 9 to 64, found 65"),
      (
        Array(good[..<(3 * 4096)]),
        "byte 0x1b4: bitmap_blocks: expected bitmaps that end within the file, at byte 0x4000,"
          + " found the end of the file at byte 0x3000; the file is cut off"
      ),
      (Array(good[..<300]), "byte 0x1cc: nr_cpus: expected a whole header"),
    ]
    for (bytes, expected) in cases {
      let error = try dumpError { _ = try DumpFile.open(folder.write(bytes)) }
      #expect(error.exitStatus == 65)
      #expect(error.description.contains(expected), "\(error)")
    }
  }

  @Test func aFileThatEndsBeforeItsPagesIsRefused() throws {
    let bytes = try Self.fixture().bytes
    for end in [4 * 4096 + 60, 4 * 4096 + 120] {
      let error = try dumpError { _ = try DumpFile.open(folder.write(Array(bytes[..<end]))) }
      #expect(error.exitStatus == 65)
      #expect(
        error.description.hasSuffix(
          "byte 0x4000: page descriptors: expected pages that the file holds, found none;"
            + " the file may be cut off"))
    }
  }
}
