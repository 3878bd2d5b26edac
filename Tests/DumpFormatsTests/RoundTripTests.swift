import DumpFormats
import PhysicalMemory
import TestSupport
import Testing

@Suite struct RoundTripTests {
  @Test(arguments: DumpWriter.Format.allCases)
  func whatIsWrittenIsReadBack(_ format: DumpWriter.Format) throws {
    let folder = try TemporaryFolder()
    for seed in UInt64(1)...25 {
      var random = SeededGenerator(seed: seed)
      // A raw image spans all addresses below its end, so its runs must be few and low.
      let limit: UInt64 =
        switch format {
        case .raw: 1 << 24
        case .elf32, .dmp32: 1 << 31
        case .dmpBitmap, .kdump: 1 << 34
        default: 1 << 40
        }
      // Some formats know whole frames only.
      let isPaged = [.kdump, .dmp, .dmpBitmap, .dmp32].contains(format)
      let memory = try randomMemory(
        using: &random, below: limit, pageAligned: isPaged || seed % 2 == 0)
      let path = folder.file("dump")
      try DumpWriter(format).write(memory, to: path, force: true)
      let dump = try DumpFile.open(path)
      if format == .raw {
        let end = memory.runs.last.map { $0.last.rawValue + 1 } ?? 0
        #expect(dump.memory.runs == [MemoryRun(start: PhysicalAddress(0), byteCount: end)])
        for run in memory.runs {
          for address in [run.start, run.last] {
            #expect(
              dump.memory.load(UInt8.self, at: address) == memory.load(UInt8.self, at: address),
              "seed \(seed)")
          }
        }
      } else {
        expectEqual(memory, dump.memory, "seed \(seed)")
        #expect(dump.warnings == [], "seed \(seed)")
      }
    }
  }

  @Test func aRawImageSaysWhichHolesItFilled() throws {
    let folder = try TemporaryFolder()
    let memory = RunMemory(
      try ByteMapping.zeroed(count: 0),
      [RunMemory.Segment(start: PhysicalAddress(0x3000), byteCount: 0x1000, source: .zero)])
    let losses = try DumpWriter(.raw).write(memory, to: folder.file("raw"))
    #expect(losses == ["0x3000 absent bytes below 0x4000 read as zero in a raw image"])
    #expect(try folder.read("raw") == [UInt8](repeating: 0, count: 0x4000))
  }

  @Test(arguments: [DumpWriter.Format.raw, .elf, .lime])
  func zeroPagesTakeNoDisk(_ format: DumpWriter.Format) throws {
    let folder = try TemporaryFolder()
    let memory = FlatMemory(try ByteMapping.zeroed(count: 8 << 20))
    try DumpWriter(format).write(memory, to: folder.file("dump"))
    #expect(folder.allocatedBytes("dump") <= 16384)
    let dump = try DumpFile.open(folder.file("dump"))
    #expect(dump.memory.runs == memory.runs)
  }

  @Test(arguments: [DumpWriter.Format.elf, .elf32])
  func coresKeepRegistersAndVmcoreinfo(_ format: DumpWriter.Format) throws {
    let folder = try TemporaryFolder()
    let processors = [
      ProcessorState(cr0: 0x8005_0033, cr3: 0x1234_5000, cr4: 0x6b0, source: ""),
      ProcessorState(cr0: 1, cr3: 0xffff_ffff_ffff_f018, cr4: 2, efer: 0x501, source: ""),
    ]
    let text = "OSRELEASE=6.1\nPAGESIZE=4096\n"
    let writer = DumpWriter(
      format, architecture: .x86, processors: processors, vmcoreinfo: text)
    let losses = try writer.write(
      FlatMemory(try ByteMapping.zeroed(count: 4096)), to: folder.file("core"))
    #expect(losses == ["\(format.rawValue) does not keep EFER, in which NXE is clear"])
    let dump = try DumpFile.open(folder.file("core"))
    #expect(dump.vmcoreinfo == text)
    #expect(dump.architecture == .x86)
    #expect(dump.processors.map(\.cr0) == processors.map(\.cr0))
    #expect(dump.processors.map(\.cr3) == processors.map(\.cr3))
    #expect(dump.processors.map(\.cr4) == processors.map(\.cr4))
    #expect(dump.processors.map(\.efer) == [nil, nil])
    #expect(dump.processors.last?.source == "QEMU note of processor 1")
  }

  @Test func moreThan65534SegmentsAreCountedInTheSectionHeader() throws {
    let folder = try TemporaryFolder()
    let mapping = try ByteMapping.zeroed(count: 4096)
    mapping.store(UInt64(0x0123_4567_89ab_cdef), at: 0)
    // Every other frame, so that nothing joins.
    let memory = RunMemory(
      mapping,
      (0..<65_535).map { index in
        RunMemory.Segment(
          start: PhysicalAddress(UInt64(index) * 8192), byteCount: 8,
          source: .mapping(offset: 0))
      })
    try DumpWriter(.elf).write(memory, to: folder.file("core"))
    let dump = try DumpFile.open(folder.file("core"))
    #expect(dump.memory.runs.count == 65_535)
    #expect(
      dump.memory.load(UInt64.self, at: PhysicalAddress(65_534 * 8192)) == 0x0123_4567_89ab_cdef)
    #expect(dump.memory.load(UInt8.self, at: PhysicalAddress(8)) == nil)
    #expect(dump.warnings == [])
  }

  @Test func a32BitCoreRefusesMemoryFrom4GiBOn() throws {
    let folder = try TemporaryFolder()
    let memory = RunMemory(
      try ByteMapping.zeroed(count: 0),
      [RunMemory.Segment(start: PhysicalAddress(0xffff_f000), byteCount: 0x2000, source: .zero)])
    let error = try dumpError {
      try DumpWriter(.elf32).write(memory, to: folder.file("core"))
    }
    #expect(error.exitStatus == 73)
    #expect(
      error.description.hasSuffix(
        "a 32-bit ELF core has no addresses from 4 GiB on, and there is memory at 0x100000000;"
          + " write format elf"))
    #expect(folder.names == [])
  }

  @Test func a32BitCoreHoldsAllOf4GiB() throws {
    let folder = try TemporaryFolder()
    let memory = RunMemory(
      try ByteMapping.zeroed(count: 0),
      [RunMemory.Segment(start: PhysicalAddress(0), byteCount: 1 << 32, source: .zero)])
    try DumpWriter(.elf32).write(memory, to: folder.file("core"))
    #expect(try DumpFile.open(folder.file("core")).memory.runs == memory.runs)
  }
}
