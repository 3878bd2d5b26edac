import DumpFormats
import PhysicalMemory
import Testing

@Suite struct KdumpTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func page(_ seed: Int) -> [UInt8] {
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
    let cases: [([UInt8], String)] = [
      (changed(428, [0, 0, 0, 1]), "byte 0x1ac: block_size: expected 4096 to 65536"),
      (
        changed(436, [0xfe, 0xff, 0xff, 0xff]), "byte 0x1b4: bitmap_blocks: expected an even number"
      ),
      (changed(436, [3]), "byte 0x1b4: bitmap_blocks: expected an even number"),
      (changed(432, [0, 0]), "byte 0x1b0: sub_hdr_size: expected 1 to 4096 blocks, found 0"),
      (changed(4096 + 96, [1, 0x80]), "byte 0x1060: max_mapnr_64: expected 1 to 32768 frames"),
      (changed(4096 + 12, [1]), "byte 0x1058: end_pfn_64: expected 1 to 64, found 0"),
      (Array(good[..<300]), "byte 0x1cc: nr_cpus: expected a whole header"),
    ]
    for (bytes, expected) in cases {
      let error = try dumpError { _ = try DumpFile.open(folder.write(bytes)) }
      #expect(error.exitStatus == 65)
      #expect(error.description.contains(expected), "\(error)")
    }
  }

  @Test func ofAFileThatEndsWithinTheDescriptorsTheFirstPagesAreListed() throws {
    let bytes = try Self.fixture().bytes
    let dump = try DumpFile.open(folder.write(Array(bytes[..<(4 * 4096 + 60)])))
    #expect(dump.memory.runs == [MemoryRun(start: PhysicalAddress(0x1000), byteCount: 0x2000)])
    #expect(
      dump.warnings == [
        "the file ends within the page descriptors at byte 0x4000; the last 3 of 5 pages are missing"
      ])
    // Their bytes are gone too.
    #expect(dump.memory.load(UInt8.self, at: PhysicalAddress(0x1000)) == nil)
    #expect(dump.memory.damage.first?.contains("bytes within the file") == true)
  }

  @Test func theWriterPutsEverythingWhereTheHeaderSays() throws {
    let mapping = try ByteMapping.zeroed(count: 3 * 4096)
    for (index, byte) in Self.page(7).enumerated() { mapping.store(byte, at: index) }
    let memory = RunMemory(
      mapping,
      [
        .init(start: PhysicalAddress(0x3000), byteCount: 0x3000, source: .mapping(offset: 0)),
        .init(start: PhysicalAddress(0x8000), byteCount: 0x1800, source: .zero),
      ])
    let processor = ProcessorState(cr0: 1, cr3: 0x5000, cr4: 0x20, source: "")
    let losses = try DumpWriter(
      .kdump, architecture: .x8664, processors: [processor], vmcoreinfo: "OSRELEASE=6.1.0-9\n"
    ).write(memory, to: folder.file("kdump"))
    #expect(losses == ["0x800 bytes of frames that are only partly present are left out"])
    let bytes = try folder.read("kdump")
    func number(_ offset: Int, _ width: Int = 4) -> Int {
      (0..<width).reduce(0) { $0 | Int(bytes[offset + $1]) << ($1 * 8) }
    }
    #expect(Array(bytes[0..<12]) == Array("KDUMP   ".utf8) + [6, 0, 0, 0])
    #expect(String(decoding: bytes[142..<151], as: UTF8.self) == "6.1.0-9\0\0")
    #expect(String(decoding: bytes[272..<279], as: UTF8.self) == "x86_64\0")
    // status, block_size, sub_hdr_size, bitmap_blocks, max_mapnr
    #expect([424, 428, 432, 436, 440].map { number($0) } == [1, 4096, 1, 2, 9])
    #expect(number(4096 + 96, 8) == 9)
    let text = number(4096 + 32, 8)
    #expect(
      String(decoding: bytes[text..<text + number(4096 + 40, 8)], as: UTF8.self)
        == "OSRELEASE=6.1.0-9\n")
    #expect(Array(bytes[8192..<8194]) == [0b0011_1000, 1])
    #expect(Array(bytes[12288..<12290]) == [0b0011_1000, 1])
    // The second, third and fourth page are zeros, of which there is one.
    let pages = (0..<4).map { number(16384 + $0 * 24, 8) }
    #expect(pages[0] == 16384 + 4 * 24)
    #expect(Set(pages).count == 2 && pages[1] == pages[2] && pages[2] == pages[3])
    #expect((0..<4).map { number(16384 + $0 * 24 + 12) } == [1, 1, 1, 1])
    #expect(bytes.count == pages[1] + number(16384 + 24 + 8))
  }

  /// With KASLR the kernel's image may lie lower than its addresses say; makedumpfile and crash find
  /// their way by this number.
  @Test(
    arguments: [("-679477248", 0xffff_ffff_d780_0000), ("16777216", 0x100_0000), ("x", 0)]
      as [(String, UInt64)])
  func thePhysicalBaseHasASign(text: String, word: UInt64) throws {
    let memory = RunMemory(
      try ByteMapping.zeroed(count: 4096),
      [.init(start: PhysicalAddress(0x1000), byteCount: 0x1000, source: .zero)])
    _ = try DumpWriter(
      .kdump, architecture: .x8664, vmcoreinfo: "OSRELEASE=6.1\nNUMBER(phys_base)=\(text)\n"
    ).write(memory, to: folder.file("kdump"), force: true)
    let bytes = try folder.read("kdump")
    #expect((0..<8).reduce(0) { $0 | UInt64(bytes[4096 + $1]) << UInt64($1 * 8) } == word)
  }
}
