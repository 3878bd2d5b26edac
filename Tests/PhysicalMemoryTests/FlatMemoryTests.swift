import Glibc
import PhysicalMemory
import Testing

@Suite struct FlatMemoryTests {
  @Test func memoryBeginsAtItsBase() throws {
    let mapping = try ByteMapping.zeroed(count: 4096)
    mapping.store(UInt32(0x0403_0201), at: 0)
    mapping.store(UInt8(9), at: 4095)
    let memory = FlatMemory(mapping, base: PhysicalAddress(0x10_0000))
    #expect(memory.load(UInt32.self, at: PhysicalAddress(0x10_0000)) == 0x0403_0201)
    #expect(memory.load(UInt8.self, at: PhysicalAddress(0x10_0fff)) == 9)
    for absent: UInt64 in [0, 0xf_ffff, 0x10_0ffd, 0x10_1000, .max] {
      #expect(memory.load(UInt32.self, at: PhysicalAddress(absent)) == nil)
    }
    #expect(memory.holdsFrame(of: PhysicalAddress(0x10_0123)))
    #expect(!memory.holdsFrame(of: PhysicalAddress(0x10_1000)))
    #expect(memory.runs == [MemoryRun(start: PhysicalAddress(0x10_0000), byteCount: 4096)])
  }

  @Test func anImageKeepsTheAnswersOfItsKind() throws {
    let mapping = try ByteMapping.zeroed(count: 16)
    mapping.store(UInt64(77), at: 8)
    let flat = FlatMemory(mapping, base: PhysicalAddress(8))
    let runs = RunMemory(
      mapping,
      [
        RunMemory.Segment(start: PhysicalAddress(8), byteCount: 16, source: .mapping(offset: 0)),
        RunMemory.Segment(start: PhysicalAddress(64), byteCount: 8, source: .zero),
      ])
    for image in [MemoryImage.flat(flat), .runs(runs)] {
      #expect(image.load(UInt64.self, at: PhysicalAddress(16)) == 77)
      #expect(image.load(UInt64.self, at: PhysicalAddress(17)) == nil)
      #expect(image.withBytes(at: PhysicalAddress(8), count: 16) { $0.byteCount } == 16)
      #expect(image.withBytes(at: PhysicalAddress(7), count: 1) { _ in true } == nil)
    }
    #expect(MemoryImage.flat(flat).runs == flat.runs)
    #expect(MemoryImage.runs(runs).runs == runs.runs)
    #expect(MemoryImage.runs(runs).knownZeroCount(at: PhysicalAddress(66)) == 6)
    #expect(MemoryImage.flat(flat).knownZeroCount(at: PhysicalAddress(8)) == 0)
  }

  @Test func anEmptyMappingHasNothing() throws {
    let memory = FlatMemory(try ByteMapping.zeroed(count: 0))
    #expect(memory.runs == [])
    #expect(memory.load(UInt8.self, at: PhysicalAddress(0)) == nil)
  }

  @Test func offsetsAtTheEndDoNotWrap() throws {
    let mapping = try ByteMapping.zeroed(count: 16)
    for offset: UInt64 in [9, 16, .max - 8, .max - 7, .max] {
      #expect(mapping.load(UInt64.self, at: offset) == nil)
      #expect(mapping.withBytes(at: offset, count: 8) { _ in true } == nil)
    }
    #expect(mapping.withBytes(at: 0, count: -1) { _ in true } == nil)
    #expect(mapping.load(UInt64.self, at: 8) == 0)
  }

  @Test func foldersAndPipesAreNotMapped() throws {
    let pipe = "/tmp/mmubench-test-\(UInt64.random(in: 0 ... .max))"
    try #require(unsafe mkfifo(pipe, 0o600) == 0)
    defer { unsafe unlink(pipe) }
    for (path, code) in [("/", EISDIR), (pipe, ENODEV), ("/nowhere", ENOENT)] {
      let error = #expect(throws: SystemError.self) { try ByteMapping.file(path) }
      #expect(error?.code == code)
    }
  }
}
