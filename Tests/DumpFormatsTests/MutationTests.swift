import DumpFormats
import PhysicalMemory
import TestSupport
import Testing

/// Damages small dumps in thousands of ways; the law is a typed error or a readable memory.
@Suite struct MutationTests {
  enum Original: String, CaseIterable, Sendable {
    case elf, elf32, lime, avml, xz, gzip, zstd
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
      let path = try folder.write(damaged(bytes, using: &random))
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
    let format: DumpWriter.Format =
      switch original {
      case .elf32: .elf32
      case .lime: .lime
      case .avml: .avml
      default: .elf
      }
    let writer = DumpWriter(
      format, processors: [ProcessorState(cr0: 1, cr3: 2, cr4: 3, source: "")],
      vmcoreinfo: "OSRELEASE=1")
    try writer.write(memory, to: folder.file("original"), force: true)
    let bytes = try folder.read("original")
    return switch original {
    case .xz: try Compressors.xz(bytes)
    case .gzip: try Compressors.gzip(bytes)
    case .zstd: try Compressors.zstd(bytes)
    default: bytes
    }
  }

  private func damaged(_ bytes: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    // The headers are where damage matters most.
    func place(_ random: inout SeededGenerator) -> Int {
      Int(random.next() % UInt64(random.next() % 4 == 0 ? bytes.count : min(bytes.count, 320)))
    }
    for _ in 0..<(1 + random.next() % 4) where !bytes.isEmpty {
      let index = place(&random)
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
