import DumpFormats
import PhysicalMemory
import Testing

@Suite struct KdumpWriterTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func pagesThatShareTheBytesOfOneThatIsZeroAreKnownToBeZero() throws {
    let mapping = try ByteMapping.zeroed(count: 4 * 4096)
    mapping.store(UInt64(7), at: 4096)
    try DumpWriter(.kdump).write(FlatMemory(mapping), to: folder.file("kdump"))
    let memory = try DumpFile.open(folder.file("kdump")).memory
    #expect(memory.knownZeroCount(at: PhysicalAddress(0x3000)) == 0, "nobody has looked")
    #expect(memory.load(UInt64.self, at: PhysicalAddress(0x2000)) == 0)
    #expect(memory.knownZeroCount(at: PhysicalAddress(0x3010)) == 0xff0)
    #expect(memory.knownZeroCount(at: PhysicalAddress(0x1000)) == 0)
  }

  @Test func theWriterPutsEverythingWhereTheHeaderSays() throws {
    let mapping = try ByteMapping.zeroed(count: 3 * 4096)
    for (index, byte) in KdumpTests.page(7).enumerated() { mapping.store(byte, at: index) }
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
