import DumpFormats
import PhysicalMemory
import Testing

/// `lime_mem_range_header`: magic "EMiL", version 1, first and last address, 8 reserved bytes.
private func limeHeader(_ start: UInt64, _ last: UInt64, version: UInt8 = 1) -> [UInt8] {
  func little(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }
  return [0x45, 0x4d, 0x69, 0x4c, version, 0, 0, 0] + little(start) + little(last)
    + [UInt8](repeating: 0, count: 8)
}

@Suite struct LimeAndRawTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open(_ bytes: [UInt8]) throws -> DumpFile {
    try DumpFile.open(try folder.write(bytes))
  }

  @Test func rangesAreInclusiveAndInAnyOrder() throws {
    let dump = try open(
      limeHeader(0x10_0000, 0x10_0003) + [1, 2, 3, 4] + limeHeader(0x1000, 0x1001) + [5, 6])
    #expect(dump.format == .lime)
    #expect(
      dump.memory.runs == [
        MemoryRun(start: PhysicalAddress(0x1000), byteCount: 2),
        MemoryRun(start: PhysicalAddress(0x10_0000), byteCount: 4),
      ])
    #expect(dump.memory.load(UInt32.self, at: PhysicalAddress(0x10_0000)) == 0x0403_0201)
    #expect(dump.memory.load(UInt16.self, at: PhysicalAddress(0x1000)) == 0x0605)
    #expect(dump.warnings == [])
  }

  @Test func theWriterWritesTheHeadersOfTheFormat() throws {
    let mapping = try ByteMapping.zeroed(count: 8)
    mapping.store(UInt64(0x0807_0605_0403_0201), at: 0)
    let memory = RunMemory(
      mapping,
      [
        RunMemory.Segment(
          start: PhysicalAddress(0x2000), byteCount: 2, source: .mapping(offset: 0)),
        RunMemory.Segment(
          start: PhysicalAddress(0x1_0000_0000), byteCount: 1, source: .mapping(offset: 7)),
      ])
    try DumpWriter(.lime).write(memory, to: folder.file("lime"))
    #expect(
      try folder.read("lime") == limeHeader(0x2000, 0x2001) + [1, 2]
        + limeHeader(0x1_0000_0000, 0x1_0000_0000) + [8])
  }

  @Test func aTruncatedRangeKeepsWhatIsThere() throws {
    let dump = try open(limeHeader(0x1000, 0x1fff) + [1, 2])
    #expect(dump.memory.byteCount == 2)
    #expect(
      dump.warnings == [
        "range 0x1000-0x1fff: the file ends within it; 0xffe bytes from 0x1002 on are missing"
      ])
  }

  @Test func theGreatestRangeDoesNotOverflow() throws {
    let dump = try open(limeHeader(0, .max) + [1, 2, 3])
    #expect(dump.memory.runs == [MemoryRun(start: PhysicalAddress(0), byteCount: 3)])
  }

  @Test func whatIsBehindTheRangesIsAWarning() throws {
    let range = limeHeader(0x1000, 0x1001) + [1, 2]
    #expect(
      try open(range + [UInt8](repeating: 0, count: 77)).warnings == [
        "77 zero bytes from byte 0x22 on end the file"
      ])
    #expect(
      try open(range + [UInt8](repeating: 0, count: 32) + [1]).warnings == [
        "byte 0x22: magic: expected 0x4c694d45, found 0x0; the rest of the file is missing"
      ])
    #expect(
      try open(range + limeHeader(0, 1)[..<31]).warnings == [
        "header at byte 0x22: the file ends within it"
      ])
  }

  @Test func rangesBeforeADamagedHeaderStayReadable() throws {
    let first = limeHeader(0x1000, 0x1001) + [1, 2]
    let good = limeHeader(0x3000, 0x3001) + [3, 4]
    let cases: [(place: Int, byte: UInt8, defect: String)] = [
      (0, 0xba, "byte 0x22: magic: expected 0x4c694d45, found 0x4c694dba"),
      (4, 2, "byte 0x26: version: expected 0x1, found 0x2"),
      (
        17, 0x2f,
        "byte 0x32: e_addr: expected the last address, not below s_addr 0x3000, found 0x2f01"
      ),
    ]
    for (place, byte, defect) in cases {
      var damaged = good
      damaged[place] = byte
      let dump = try open(first + damaged + limeHeader(0x5000, 0x5000) + [5])
      #expect(dump.memory.runs == [MemoryRun(start: PhysicalAddress(0x1000), byteCount: 2)])
      #expect(dump.memory.load(UInt16.self, at: PhysicalAddress(0x1000)) == 0x0201)
      #expect(dump.warnings == ["\(defect); the rest of the file is missing"])
    }
  }

  @Test func otherVersionsAndReversedRangesAreErrors() throws {
    let version = try dumpError { _ = try open(limeHeader(0, 0, version: 2) + [1]) }
    #expect(
      version.description == "\(folder.file("file")): byte 0x4: version: expected 0x1, found 0x2")
    let reversed = try dumpError { _ = try open(limeHeader(0x2000, 0x1fff) + [1]) }
    #expect(
      reversed.description
        == "\(folder.file("file")): byte 0x10: e_addr: expected the last address, not below s_addr"
        + " 0x2000, found 0x1fff")
  }

  @Test func theNumberOfRangesIsLimited() throws {
    let bytes = (0..<5).flatMap { limeHeader(UInt64($0) * 16, UInt64($0) * 16) + [1] }
    var limits = DumpLimits()
    limits.runs = 4
    let path = try folder.write(bytes)
    #expect(try DumpFile.open(path).memory.runs.count == 5)
    let error = try dumpError { _ = try DumpFile.open(path, limits: limits) }
    #expect(
      error.description.hasSuffix("byte 0x84: range: expected at most 4 ranges, found one more"))
  }

  @Test func whateverIsNothingElseIsARawImage() throws {
    let path = try folder.write([UInt8](repeating: 0x5a, count: 4096) + [0x11])
    let dump = try DumpFile.open(path, base: PhysicalAddress(0x10_0000))
    #expect(dump.format == .raw)
    #expect(dump.memory.load(UInt8.self, at: PhysicalAddress(0x10_1000)) == 0x11)
    #expect(dump.memory.load(UInt8.self, at: PhysicalAddress(0x0f_ffff)) == nil)
    #expect(dump.memory.load(UInt8.self, at: PhysicalAddress(0x10_1001)) == nil)
    #expect(dump.warnings == ["the last frame is cut off: it has 1 of 4096 bytes"])
    let error = try dumpError { _ = try DumpFile.open(path, base: PhysicalAddress(.max - 4096)) }
    #expect(error.exitStatus == 65)
  }

  @Test func aFormatCanBeTakenForGranted() throws {
    let path = try folder.write(limeHeader(0x1000, 0x1000) + [1])
    #expect(try DumpFile.open(path, format: .raw).memory.byteCount == 33)
    #expect(throws: DumpError.self) { try DumpFile.open(path, format: .elf64) }
  }

  @Test(arguments: ["hibr", "BZh9", "7z\u{bc}\u{af}"])
  func knownFormatsThatAreNotReadAreNoRawImages(_ magic: String) throws {
    let path = try folder.write(
      magic.unicodeScalars.map { UInt8($0.value) } + [UInt8](repeating: 0, count: 64))
    let error = try dumpError { _ = try DumpFile.open(path) }
    #expect(error.exitStatus == 65)
    #expect(error.description.contains("not read"))
  }
}
