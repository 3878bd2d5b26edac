import DumpFormats
import PhysicalMemory
import Testing

/// The bytes that are written, against the offsets that other readers use.
@Suite struct CrashDumpWriterTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func memory(_ frames: [UInt64]) throws -> RunMemory {
    let mapping = try ByteMapping.zeroed(count: frames.count * 4096)
    for (index, frame) in frames.enumerated() { mapping.store(frame, at: index * 4096) }
    return RunMemory(
      mapping,
      frames.enumerated().map { index, frame in
        .init(
          start: PhysicalAddress(frame * 4096), byteCount: 4096,
          source: .mapping(offset: UInt64(index) * 4096))
      })
  }

  private func write(
    _ writer: DumpWriter, _ memory: RunMemory
  ) throws -> (number: (Int, Int) -> UInt64, bytes: [UInt8]) {
    try writer.write(memory, to: folder.file("dmp"), force: true)
    let bytes = try folder.read("dmp")
    return (
      { offset, width in
        (0..<width).reduce(0) { $0 | UInt64(bytes[offset + $1]) << ($1 * 8) }
      }, bytes
    )
  }

  private static func root(_ mode: RecordedRoot.Mode) -> RecordedRoot {
    RecordedRoot(register: 0x1aa002, mode: mode, source: "")
  }

  @Test func theHeaderOfA64BitDump() throws {
    let (number, bytes) = try write(
      DumpWriter(.dmp, architecture: .x8664, root: Self.root(.x8664)), Self.memory([1, 2, 9]))
    #expect(String(decoding: bytes[0..<8], as: UTF8.self) == "PAGEDU64")
    #expect(number(0x10, 8) == 0x1aa002)
    #expect(number(0x30, 4) == 0x8664)
    #expect([number(0x88, 4), number(0x90, 8)] == [2, 3])
    #expect([0x98, 0xa0, 0xa8, 0xb0].map { number($0, 8) } == [1, 2, 9, 1])
    #expect(number(0xf98, 4) == 1)
    #expect(number(0xfa0, 8) == UInt64(bytes.count))
    #expect(bytes.count == 0x2000 + 3 * 4096)
    #expect([0x2000, 0x3000, 0x4000].map { number($0, 8) } == [1, 2, 9])
  }

  @Test func theBitmapFillsWordsOf64Bits() throws {
    let (number, bytes) = try write(
      DumpWriter(.dmpBitmap, architecture: .x8664, root: Self.root(.x8664)),
      Self.memory([1, 2, 70]))
    #expect(number(0xf98, 4) == 5)
    #expect(String(decoding: bytes[0x2000..<0x2008], as: UTF8.self) == "FDMPDUMP")
    #expect([0x2020, 0x2028, 0x2030].map { number($0, 8) } == [0x3000, 3, 128])
    #expect([0x2038, 0x2040].map { number($0, 8) } == [0b110, 1 << 6])
    #expect([0x3000, 0x4000, 0x5000].map { number($0, 8) } == [1, 2, 70])
  }

  @Test func pagesInHolesOfTheFileAreKnownToBeZero() throws {
    let mapping = try ByteMapping.zeroed(count: 4096)
    mapping.store(UInt64(7), at: 0)
    func data(_ frame: UInt64) -> RunMemory.Segment {
      .init(start: PhysicalAddress(frame * 4096), byteCount: 4096, source: .mapping(offset: 0))
    }
    let zeros = RunMemory.Segment(
      start: PhysicalAddress(0x2000), byteCount: 200 * 4096, source: .zero)
    let original = RunMemory(mapping, [data(1), zeros, data(202), data(300)])
    _ = try write(DumpWriter(.dmpBitmap), original)
    let memory = try DumpFile.open(folder.file("dmp")).memory
    expectEqual(memory, original, "holes")
    #expect(memory.knownZeroCount(at: PhysicalAddress(0x2000)) == 200 * 4096)
    #expect(memory.knownZeroCount(at: PhysicalAddress(0x4_0010)) == 0x8_9ff0)
    for frame: UInt64 in [1, 202, 203, 300] {
      #expect(memory.knownZeroCount(at: PhysicalAddress(frame * 4096)) == 0)
    }
    #expect(memory.dataFrames == [1..<2, 202..<203, 300..<301])
  }

  @Test func theHeaderOfA32BitDump() throws {
    let (number, bytes) = try write(
      DumpWriter(.dmp32, architecture: .x86, root: Self.root(.pae)), Self.memory([3, 0x12_0000]))
    #expect(String(decoding: bytes[0..<8], as: UTF8.self) == "PAGEDUMP")
    #expect(number(0x10, 4) == 0x1aa002)
    #expect(number(0x20, 4) == 0x14c)
    #expect(bytes[0x5c] == 1)
    #expect(
      [0x64, 0x68, 0x6c, 0x70, 0x74, 0x78].map { number($0, 4) } == [2, 2, 3, 1, 0x12_0000, 1])
    #expect(number(0xf88, 4) == 1)
    #expect([0x1000, 0x2000].map { number($0, 8) } == [3, 0x12_0000])
  }

  @Test func whatTheHeaderCannotSayIsRefused() throws {
    let many = try Self.memory((0..<43).map { $0 * 2 + 1 })
    let one = try Self.memory([1])
    let cases: [(DumpWriter, RunMemory, String)] = [
      (DumpWriter(.dmp), many, "room for 42 runs, and there are 43; write format dmp-bitmap"),
      (DumpWriter(.dmp, architecture: .x86), one, "this machine is x86; write format dmp32"),
      (DumpWriter(.dmp32, architecture: .x8664), one, "this machine is x86-64; write format dmp"),
      (DumpWriter(.dmpBitmap), try Self.memory([1 << 32]), "write format elf"),
    ]
    for (writer, memory, expected) in cases {
      let error = try dumpError { try writer.write(memory, to: folder.file("refused")) }
      #expect(error.exitStatus == 73)
      #expect(error.description.hasSuffix(expected), "\(error)")
    }
    #expect(folder.names == [])
  }

  @Test func whatGetsLostIsSaid() throws {
    let losses = try DumpWriter(
      .dmp, processors: [ProcessorState(cr0: 1, cr3: 2, cr4: 3, source: "")], vmcoreinfo: "A=1",
      root: Self.root(.la57)
    ).write(Self.memory([1]), to: folder.file("dmp"))
    #expect(
      losses == [
        "a crash dump keeps no control registers but CR3",
        "a crash dump does not say that paging has 5 levels: read it with --mode la57",
        "a crash dump keeps no VMCOREINFO",
      ])
  }
}
