import DumpFormats
import Glibc
import PhysicalMemory
import Testing

/// AVML: microsoft/avml, src/image.rs; the snappy framing format and its check values: google/snappy,
/// framing_format.txt.
@Suite struct AvmlTests {
  /// A block by hand: the check value of "123456789" is 0xe3069283 (RFC 3720, B.4 has its like), and
  /// masked ((x >> 15 | x << 17) + 0xa282ead8) 0xc78e_b2e5.
  private static let digits = Array("123456789".utf8)

  private static func header(_ start: UInt64, _ last: UInt64, padding: UInt8 = 0) -> [UInt8] {
    func bytes(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(value >> ($0 * 8) & 0xff) } }
    return Array("AVML".utf8) + [2, 0, 0, 0] + bytes(start) + bytes(last) + [
      padding, 0, 0, 0, 0, 0, 0, 0,
    ]
  }

  private static let identifier: [UInt8] = [0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59]
  private static let maskedCheck: [UInt8] = masked(0xe306_9283)
  private static let plainChunk: [UInt8] = [1, 13, 0, 0] + maskedCheck + digits
  /// The length, then one literal: snappy's format_description.txt, 2.1.
  private static let packedChunk: [UInt8] = [0, 15, 0, 0] + maskedCheck + [9, 8 << 2] + digits

  private static func masked(_ check: UInt32) -> [UInt8] {
    let value = (check >> 15 | check << 17) &+ 0xa282_ead8
    return (0..<4).map { UInt8(value >> ($0 * 8) & 0xff) }
  }

  private static func block(_ start: UInt64, _ chunks: [[UInt8]], memory: UInt64) -> [UInt8] {
    let stream = identifier + chunks.flatMap { $0 }
    return header(start, start + memory - 1) + stream + [
      UInt8(stream.count), 0, 0, 0, 0, 0, 0, 0,
    ]
  }

  private static func text(_ memory: MemoryImage, at address: UInt64, count: Int) -> String {
    String(
      decoding: memory.bytes(at: PhysicalAddress(address), count: count).map { $0 ?? 0x3f },
      as: UTF8.self)
  }

  @Test func aBlockMadeByHandIsRead() throws {
    let folder = try TemporaryFolder()
    let padding: [UInt8] = [0xfe, 3, 0, 0, 0, 0, 0]
    let bytes =
      Self.block(0x1000, [Self.plainChunk, padding, Self.packedChunk], memory: 18)
      + Self.block(0x1012, [Self.packedChunk], memory: 9)
    let dump = try DumpFile.open(folder.write(bytes))
    #expect(dump.format == .avml)
    #expect(dump.warnings == [])
    #expect(dump.memory.runs == [MemoryRun(start: PhysicalAddress(0x1000), byteCount: 27)])
    #expect(Self.text(dump.memory, at: 0xfff, count: 29) == "?123456789123456789123456789?")
    #expect(dump.memory.damage == [])
  }

  @Test func theWriterBeginsAsAvmlDoes() throws {
    let folder = try TemporaryFolder()
    let mapping = try ByteMapping.zeroed(count: 9)
    mapping.store(Self.digits, at: 0)
    try DumpWriter(.avml).write(
      FlatMemory(mapping, base: PhysicalAddress(0x1000)), to: folder.file("avml"))
    // Nine bytes do not get smaller, so they are stored as they are.
    #expect(try folder.read("avml") == Self.block(0x1000, [Self.plainChunk], memory: 9))
  }

  @Test func blocksOfLimeAreVersionOne() throws {
    let folder = try TemporaryFolder()
    var lime = Self.header(0x2000, 0x2008) + Self.digits
    lime.replaceSubrange(0..<8, with: Array("EMiL".utf8) + [1, 0, 0, 0])
    let first = Self.block(0x1000, [Self.packedChunk], memory: 9)
    let dump = try DumpFile.open(folder.write(first + lime))
    #expect(dump.format == .avml)
    #expect(Self.text(dump.memory, at: 0x1000, count: 9) == "123456789")
    #expect(Self.text(dump.memory, at: 0x2000, count: 9) == "123456789")
  }

  @Test func aChunkWhoseCheckValueIsWrongIsMissing() throws {
    let folder = try TemporaryFolder()
    var bytes = Self.block(0x1000, [Self.plainChunk, Self.packedChunk], memory: 18)
    bytes[32 + 10 + 4] ^= 1
    let dump = try DumpFile.open(folder.write(bytes))
    #expect(dump.warnings == [])
    #expect(Self.text(dump.memory, at: 0x1000, count: 18) == "?????????123456789")
    let damage = try #require(dump.memory.damage.first)
    #expect(damage.hasPrefix("memory at 0x1000 is missing: byte 0x2e: check value: expected 0x"))
    #expect(dump.memory.damage.count == 1)
  }

  @Test func whatIsBeforeTheEndOfACutFileStaysReadable() throws {
    let folder = try TemporaryFolder()
    let first = Self.block(0x1000, [Self.packedChunk], memory: 9)
    let second = Self.block(0x3000, [Self.plainChunk, Self.packedChunk], memory: 18)
    let dump = try DumpFile.open(folder.write(Array((first + second).dropLast(20))))
    #expect(
      dump.memory.runs.map(\.byteCount) == [9, 9], "the second chunk of the last block is cut")
    #expect(Self.text(dump.memory, at: 0x3000, count: 9) == "123456789")
    #expect(dump.warnings.count == 1)
    #expect(dump.warnings[0].contains("chunk length: expected at most"))
  }

  @Test func blocksBehindADamagedOneAreFound() throws {
    let folder = try TemporaryFolder()
    let first = Self.block(0x1000, [Self.packedChunk], memory: 9)
    var second = Self.block(0x3000, [Self.packedChunk], memory: 9)
    second[0] ^= 1
    let third = Self.block(0x5000, [Self.packedChunk], memory: 9)
    let dump = try DumpFile.open(folder.write(first + second + third))
    #expect(dump.memory.runs.map(\.start.rawValue) == [0x1000, 0x5000])
    let at = UInt64(first.count).hex
    #expect(
      dump.warnings == [
        "byte \(at): magic: expected 0x4c4d5641 (AVML), found 0x4c4d5640;"
          + " up to byte \(UInt64(first.count + second.count).hex), it is missing"
      ])
  }

  @Test func headersThatLieAreRefused() throws {
    let folder = try TemporaryFolder()
    let stream = Self.identifier + Self.packedChunk + [29, 0, 0, 0, 0, 0, 0, 0]
    let cases: [([UInt8], String)] = [
      (Self.header(0x1000, 0xfff) + stream, "byte 0x10: end: expected the last address"),
      (Self.header(0, 8, padding: 1) + stream, "byte 0x18: padding: expected 0, found 0x1"),
      (Array("AVML".utf8) + [3] + [UInt8](repeating: 0, count: 60), "version: expected 2, found 3"),
      (Array("AVML".utf8) + [2], "byte 0x0: header: expected a header of 32 bytes"),
      (Self.header(0, 8), "byte 0x20: chunk: expected a chunk of a snappy stream"),
    ]
    for (bytes, expected) in cases {
      let error = try dumpError { _ = try DumpFile.open(try folder.write(bytes)) }
      #expect(error.exitStatus == 65)
      #expect(error.description.contains(expected), "\(error)")
    }
  }

  @Test func aHeaderThatClaimsMoreThanItsStreamHoldsGetsWhatIsThere() throws {
    let folder = try TemporaryFolder()
    var bytes = Self.block(0, [Self.packedChunk], memory: 9)
    bytes.replaceSubrange(16..<24, with: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f])
    let dump = try DumpFile.open(folder.write(bytes))
    #expect(dump.memory.runs == [MemoryRun(start: PhysicalAddress(0), byteCount: 9)])
    #expect(dump.warnings.count == 1)
  }

  @Test func ofBlocksThatOverlapTheFirstInTheFileHolds() throws {
    let folder = try TemporaryFolder()
    let bytes =
      Self.block(0x1004, [Self.packedChunk], memory: 9)
      + Self.block(0x1000, [Self.packedChunk], memory: 9)
    let dump = try DumpFile.open(folder.write(bytes))
    #expect(dump.memory.runs.map(\.start.rawValue) == [0x1004])
    #expect(dump.warnings.count == 1)
  }

  /// The bytes of a dump of 1 MiB in which 512 bytes on there is always another word.
  private static func numbered(in folder: TemporaryFolder) throws -> [UInt8] {
    let mapping = try ByteMapping.zeroed(count: 1 << 20)
    for offset in stride(from: 0, to: 1 << 20, by: 512) {
      mapping.store(UInt64(offset), at: offset)
    }
    try DumpWriter(.avml).write(FlatMemory(mapping), to: folder.file("avml"))
    return try folder.read("avml")
  }

  /// The time that this thread takes to read all of 1 MiB, 512 bytes at a time.
  private static func readingTime(_ memory: MemoryImage) -> Double {
    func now() -> Double {
      var time = timespec()
      unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let start = now()
    for address in stride(from: UInt64(0), to: 1 << 20, by: 512) {
      _ = memory.bytes(at: PhysicalAddress(address), count: 512)
    }
    return now() - start
  }

  /// A chunk that was decoded again for each byte took 65,536 times as long.
  @Test func damageTakesNoMoreTimeThanMemory() throws {
    let folder = try TemporaryFolder()
    var bytes = try Self.numbered(in: folder)
    let intact = try DumpFile.open(folder.write(bytes)).memory
    // The check value of each chunk, behind its header.
    var place = 32 + 10
    while bytes[place] == 0 {
      let size = Int(bytes[place + 1]) | Int(bytes[place + 2]) << 8 | Int(bytes[place + 3]) << 16
      bytes[place + 4] ^= 1
      place += 4 + size
      if place + 8 >= bytes.count { break }
    }
    let damaged = try DumpFile.open(folder.write(bytes, to: "damaged")).memory
    let normal = Self.readingTime(intact)
    let time = Self.readingTime(damaged)
    #expect(damaged.load(UInt8.self, at: PhysicalAddress(0x8_0000)) == nil)
    #expect(damaged.damage.count == 16)
    #expect(time < normal * 20, "\(time) s, without damage \(normal) s")
  }

  @Test func zerosThatAreKnownAreWrittenAsOthersAre() throws {
    let folder = try TemporaryFolder()
    let count: UInt64 = (1 << 20) + 5
    let mapping = try ByteMapping.zeroed(count: Int(count) + 16)
    mapping.store(UInt64(77), at: 0)
    let looked = RunMemory(
      mapping,
      [.init(start: PhysicalAddress(0x1008), byteCount: count, source: .mapping(offset: 0))])
    let known = RunMemory(
      mapping,
      [
        .init(start: PhysicalAddress(0x1008), byteCount: 8, source: .mapping(offset: 0)),
        .init(start: PhysicalAddress(0x1010), byteCount: count - 8, source: .zero),
      ])
    try DumpWriter(.avml).write(looked, to: folder.file("looked"))
    try DumpWriter(.avml).write(known, to: folder.file("known"))
    #expect(try folder.read("known") == folder.read("looked"))
    let memory = try DumpFile.open(folder.file("known")).memory
    expectEqual(memory, looked, "zeros")
    // Chunks begin 8 bytes behind the frame; the first has a word that is none.
    #expect(memory.knownZeroCount(at: PhysicalAddress(0x1008)) == 0)
    #expect(memory.knownZeroCount(at: PhysicalAddress(0x2_1000)) == 0x8)
  }

  @Test func aDumpWithDamageIsConvertedWithoutIt() throws {
    let folder = try TemporaryFolder()
    var bytes = try Self.numbered(in: folder)
    bytes[32 + 10 + 100] ^= 0x55
    let dump = try DumpFile.open(folder.write(bytes))
    let losses = try DumpWriter(.elf).write(dump.memory, to: folder.file("core"))
    #expect(losses == ["0x10000 bytes are damaged in the input and left out"])
    let copy = try DumpFile.open(folder.file("core"))
    #expect(copy.memory.runs == [MemoryRun(start: PhysicalAddress(0x10000), byteCount: 0xf0000)])
    #expect(copy.memory.load(UInt64.self, at: PhysicalAddress(0x20200)) == 0x20200)
  }
}
