import DumpFormats
import PhysicalMemory
import TestSupport
import Testing

/// Damages small dumps in thousands of ways; the law is a typed error or a readable memory.
@Suite struct MutationTests {
  enum Original: String, CaseIterable, Sendable {
    case elf, elf32, lime, avml, kdump, flattened, dmp, dmpBitmap, dmpRanges, dmp32, xz, gzip, zstd,
      lz4
  }

  @Test(arguments: Original.allCases)
  func noDamageTrapsHangsOrGrows(_ original: Original) throws {
    let folder = try TemporaryFolder()
    let bytes = try small(original, in: folder)
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    var limits = DumpLimits()
    limits.decompressedBytes = 1 << 20
    var opened = 0
    for _ in 0..<1000 {
      let path = try folder.write(damaged(bytes, at: places(original), using: &random))
      do {
        let dump = try DumpFile.open(path, limits: limits)
        opened += 1
        probe(dump, using: &random)
      } catch {
        #expect([65, 66, 74].contains(error.exitStatus), "seed \(seed): \(error)")
        #expect(error.description.hasPrefix(path), "seed \(seed): \(error)")
      }
    }
    // Damage that never or always went unnoticed would test nothing.
    #expect(opened > 0 && opened < 1000, "seed \(seed)")
  }

  private func small(_ original: Original, in folder: TemporaryFolder) throws -> [UInt8] {
    let mapping = try ByteMapping.zeroed(count: 512)
    for word in 0..<64 { mapping.store(UInt64(word) &* 0x9e37_79b9_7f4a_7c15, at: word * 8) }
    let memory = RunMemory(
      mapping,
      (0..<4).map { index in
        RunMemory.Segment(
          start: PhysicalAddress(UInt64(index * index) * 0x1000 + 8), byteCount: 96,
          source: .mapping(offset: UInt64(index) * 96))
      })
    let pages = RunMemory(
      mapping,
      [
        RunMemory.Segment(start: PhysicalAddress(0x1000), byteCount: 0x2000, source: .zero),
        RunMemory.Segment(start: PhysicalAddress(0x9000), byteCount: 0x1000, source: .zero),
      ])
    let format: DumpWriter.Format =
      switch original {
      case .elf32: .elf32
      case .lime: .lime
      case .avml: .avml
      case .kdump: .kdump
      case .dmp: .dmp
      case .dmpBitmap: .dmpBitmap
      case .dmp32: .dmp32
      default: .elf
      }
    let writer = DumpWriter(
      format, processors: [ProcessorState(cr0: 1, cr3: 2, cr4: 3, source: "")],
      vmcoreinfo: "OSRELEASE=1")
    let isPaged = ![.elf, .elf32, .lime, .avml].contains(format)
    try writer.write(isPaged ? pages : memory, to: folder.file("original"), force: true)
    let bytes = try folder.read("original")
    switch original {
    case .xz: return try Compressors.xz(bytes)
    case .gzip: return try Compressors.gzip(bytes)
    case .zstd: return try Compressors.zstd(bytes)
    case .lz4: return try Compressors.lz4(bytes)
    case .flattened:
      let page = try Compressors.zlib([UInt8](repeating: 7, count: 4096))
      return KdumpFixture(pages: [.init(frame: 3, flags: 1, bytes: page)]).flattened
    case .dmpRanges:
      let block = CrashDumpFixture.rangesBlock(
        metadata: 0x40, firstPage: 0x2060, total: 3, ranges: [(1, 2), (9, 1)],
        pages: CrashDumpFixture.pages([1, 2, 3]))
      return CrashDumpFixture(type: 10, rest: block).bytes
    default: return bytes
    }
  }

  /// Where damage matters most: the headers, which some formats have at several places.
  private func places(_ original: Original) -> [Range<Int>] {
    switch original {
    case .kdump: [0..<480, 4096..<4300, 8192..<8200, 12288..<12296, 16384..<16500]
    case .flattened: [0..<40, 4096..<4120, 5112..<5140, 17000..<18000]
    case .dmp: [0..<0xe0, 0xf98..<0xfa0]
    case .dmp32: [0..<0xa0, 0xf88..<0xf90]
    case .dmpBitmap, .dmpRanges: [0..<0xe0, 0xf98..<0xfa0, 0x2000..<0x2060]
    default: [0..<320]
    }
  }

  private func damaged(
    _ bytes: [UInt8], at places: [Range<Int>], using random: inout SeededGenerator
  ) -> [UInt8] {
    var bytes = bytes
    func place(_ random: inout SeededGenerator) -> Int {
      let headers = places[Int(random.next() % UInt64(places.count))]
      let range = random.next() % 4 == 0 ? 0..<bytes.count : headers.clamped(to: 0..<bytes.count)
      return range.lowerBound + Int(random.next() % UInt64(max(range.count, 1))) % bytes.count
    }
    for _ in 0..<(1 + random.next() % 4) where !bytes.isEmpty {
      let index = min(place(&random), bytes.count - 1)
      switch random.next() % 6 {
      case 0: bytes[index] ^= 1 << UInt8(random.next() % 8)
      case 1: bytes[index] = UInt8(truncatingIfNeeded: random.next())
      case 2: for offset in index..<min(index + 8, bytes.count) { bytes[offset] = 0xff }
      case 3: for offset in index..<min(index + 4, bytes.count) { bytes[offset] = 0 }
      case 4: bytes.removeLast(Int(random.next() % UInt64(bytes.count)))
      default: bytes += (0..<(random.next() % 64)).map { _ in UInt8(random.next() % 256) }
      }
    }
    return bytes
  }

  private func probe(_ dump: DumpFile, using random: inout SeededGenerator) {
    let runs = dump.memory.runs
    for (run, next) in zip(runs, runs.dropFirst()) {
      #expect(run.last.rawValue + 1 < next.start.rawValue)
    }
    for run in runs.prefix(8) {
      for address in [run.start, run.last] where dump.memory.load(UInt8.self, at: address) == nil {
        #expect(!dump.memory.damage.isEmpty)
      }
      _ = dump.memory.load(UInt64.self, at: run.last)
    }
    for _ in 0..<8 {
      _ = dump.memory.load(UInt64.self, at: PhysicalAddress(random.next() >> (random.next() % 64)))
    }
  }
}
