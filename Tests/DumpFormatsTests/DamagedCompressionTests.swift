import DumpFormats
import PhysicalMemory
import TestSupport
import Testing

/// What is left of compressed files that are cut off or damaged.
@Suite struct DamagedCompressionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The law of truncation: an error with an offset, or the beginning of the contents and a warning.
  @Test(arguments: CompressionTests.codecs)
  func ofWhatIsCutOffTheBeginningIsThere(_ compression: Compression) throws {
    let bytes = Array(CompressionTests.image()[..<0x3_0000])
    let compressed = try CompressionTests.compress(bytes, compression)
    var opened = 0
    for count in stride(from: 8, to: compressed.count, by: 97) {
      let path = try folder.write(Array(compressed[..<count]))
      do {
        let dump = try DumpFile.open(path)
        let found = Int(dump.contentSize)
        CompressionTests.expect(dump, holds: Array(bytes[..<found]), "\(count) bytes")
        let warning = try #require(dump.warnings.first)
        #expect(warning.contains("\(compression.rawValue) data"))
        #expect(
          warning.hasSuffix(
            "found the end of the file; the file is cut off; copy it again;"
              + " what follows the first \(found.hex) bytes of its contents is missing"))
        opened += 1
      } catch let error as DumpError {
        guard case .malformed(_, let defect) = error else {
          Issue.record("\(count) bytes: \(error)")
          continue
        }
        #expect(defect.offset <= UInt64(count), "\(count) bytes")
        #expect(defect.field == "\(compression.rawValue) data")
      }
    }
    #expect(opened > 0)
  }

  @Test(arguments: CompressionTests.codecs)
  func beforeADamagedPlaceTheContentsAreThere(_ compression: Compression) throws {
    var random = SeededGenerator(seed: 3)
    let bytes = (0..<1 << 20).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let pieces = [bytes[..<(1 << 19)], bytes[(1 << 19)...]]
    let first = try CompressionTests.compress(Array(pieces[0]), compression)
    var second = try CompressionTests.compress(Array(pieces[1]), compression)
    for place in second.count / 2..<second.count / 2 + 64 { second[place] ^= 0x5a }
    let dump = try DumpFile.open(try folder.write(first + second))
    #expect(dump.contentSize >= 1 << 19)
    #expect(dump.memory.bytes(at: PhysicalAddress(0), count: 1 << 19) == Array(pieces[0]))
  }

  @Test func aTextThatIsCutOffIsAnError() throws {
    let text = [UInt8](repeating: 0x61, count: 1 << 16)
    let path = try folder.write(try Array(Compressors.xz(text).dropLast(20)))
    #expect(throws: DumpError.self) { try Decompression.text(path) }
  }

  @Test func ofACompressedDumpThatIsCutOffTheFirstHalfIsReadable() throws {
    var random = SeededGenerator(seed: 5)
    let memory = try randomMemory(using: &random, pageAligned: true)
    try DumpWriter(.lime).write(memory, to: folder.file("lime"))
    let bytes = try folder.read("lime")
    let packed = try Compressors.xz(Array(bytes[..<(bytes.count / 2)]))
    // The end of the data, then index and footer, which say nothing of the bytes.
    let dump = try DumpFile.open(try folder.write(Array(packed.dropLast(24))))
    #expect(dump.format == .lime)
    #expect(dump.warnings.count >= 1)
    #expect(dump.memory.byteCount > 0)
    for run in dump.memory.runs {
      let count = Int(run.byteCount)
      #expect(
        dump.memory.bytes(at: run.start, count: count)
          == memory.bytes(at: run.start, count: count))
    }
  }
}
