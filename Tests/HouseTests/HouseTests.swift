import Foundation
import TestSupport
import Testing

/// The rules of the house that no compiler checks.
@Suite struct HouseTests {
  /// The mapped memory, what borrows spans from it, the wrappers of C libraries and system calls,
  /// and the buffers that a measured hot path needs.
  private static let unsafeFiles: Set = [
    "Sources/DumpFormats/AvmlFrames.swift",
    "Sources/DumpFormats/CRC32C.swift",
    "Sources/DumpFormats/Decoder.swift",
    "Sources/DumpFormats/Decompression.swift",
    "Sources/DumpFormats/DumpFile+VMware.swift",
    "Sources/DumpFormats/DumpSource.swift",
    "Sources/DumpFormats/DumpWriter+AVML.swift",
    "Sources/DumpFormats/ElfNotes.swift",
    "Sources/DumpFormats/GzipDecoder.swift",
    "Sources/DumpFormats/DumpWriter+Kdump.swift",
    "Sources/DumpFormats/KdumpFrames.swift",
    "Sources/DumpFormats/KdumpSiblings.swift",
    "Sources/DumpFormats/LZ4Decoder.swift",
    "Sources/DumpFormats/NamelessFile.swift",
    "Sources/DumpFormats/PageCompression.swift",
    "Sources/DumpFormats/OutputFile.swift",
    "Sources/DumpFormats/Snappy.swift",
    "Sources/DumpFormats/SparseWriter.swift",
    "Sources/DumpFormats/TemporaryFile.swift",
    "Sources/DumpFormats/XZDecoder.swift",
    "Sources/DumpFormats/ZstdDecoder.swift",
    "Sources/FuseMount/FuseMount.swift",
    "Sources/FuseMount/FuseOperations.swift",
    "Sources/Golden/Digest128.swift",
    "Sources/Golden/DigestFrames.swift",
    "Sources/LinuxMemory/ProcessFile.swift",
    "Sources/Paging/TableScan.swift",
    "Sources/PhysicalMemory/ByteMapping.swift",
    "Sources/PhysicalMemory/FrameCache.swift",
    "Sources/PhysicalMemory/MemoryOverlay.swift",
    "Sources/PhysicalMemory/PagedMemory.swift",
    "Sources/PhysicalMemory/MemorySearch.swift",
    "Sources/PhysicalMemory/RawSpan+Copy.swift",
    "Sources/PhysicalMemory/RunMemory.swift",
    "Sources/Report/ReportStream.swift",
    "Sources/Report/SQLiteDatabase.swift",
    "Sources/ReverseMap/BucketSort.swift",
    "Sources/ReverseMap/CacheFolder.swift",
    "Sources/ReverseMap/FileIdentity.swift",
    "Sources/ReverseMap/IndexBuilder+List.swift",
    "Sources/ReverseMap/IndexBuilder+Tables.swift",
    "Sources/ReverseMap/IndexBuilder.swift",
    "Sources/ReverseMap/IndexHash.swift",
    "Sources/ReverseMap/ListSweep.swift",
    "Sources/ReverseMap/PageBuckets.swift",
    "Sources/ReverseMap/PagePlaces.swift",
    "Sources/ScenarioFile/FileContents.swift",
    "Sources/VirtualFiles/FolderExport.swift",
    "Sources/Workbench/ScenarioFiles.swift",
    "Sources/mmubench/FilePlace.swift",
    "Sources/mmubench/QuestionLines.swift",
    "Sources/mmubench/Terminal.swift",
    "Sources/mmubench-benchmark/CLoops.swift",
    "Sources/mmubench-benchmark/Contest.swift",
    "Sources/mmubench-benchmark/Machine.swift",
    "Sources/WindowsMemory/PTECensus.swift",
  ]

  private struct SourceFile {
    let path: String
    let lines: [String]
  }

  private static func files(_ folder: String) throws -> [SourceFile] {
    let base = Repository.file(folder)
    let names = try FileManager.default.subpathsOfDirectory(atPath: base.path)
    return try names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
      let text = try String(contentsOf: base.appending(path: name), encoding: .utf8)
      return SourceFile(path: "\(folder)/\(name)", lines: text.components(separatedBy: "\n"))
    }
  }

  @Test func unsafeStandsOnlyWhereItMust() throws {
    let word = /\bunsafe\b/
    let found = try Set(
      Self.files("Sources").filter { file in
        file.lines.contains { line in
          !line.drop { $0 == " " }.hasPrefix("//") && line.contains(word)
        }
      }.map(\.path))
    #expect(
      found.subtracting(Self.unsafeFiles).sorted() == [], "unsafe in files that are not listed")
    #expect(
      Self.unsafeFiles.subtracting(found).sorted() == [], "listed files that need it no longer")
  }

  @Test func noFileGrewTooLong() throws {
    let long = try (Self.files("Sources") + Self.files("Tests"))
      .filter { $0.lines.count > 400 }.map { "\($0.path): \($0.lines.count) lines" }
    #expect(long == [])
  }

  @Test func libraryRoomsDoWithoutFoundation() throws {
    // Foundation costs start-up time; only the room that reads JSON truth files has it, and the
    // one that serves pages, whose HTTP library speaks in its types.
    let users = try Self.files("Sources")
      .filter { file in file.lines.contains { $0.hasSuffix("import Foundation") } }.map(\.path)
    #expect(
      users.filter { !$0.hasPrefix("Sources/Workbench/") && !$0.hasPrefix("Sources/Explorer/") }
        == [])
  }
}
