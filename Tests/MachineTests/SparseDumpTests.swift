import DumpFormats
import Foundation
import Machine
import Paging
import PhysicalMemory
import Testing

/// A large sparse dump opens at once, whether or not it says what machine it is of: by the number of pages that are looked
/// at, not by a clock.
@Suite struct SparseDumpTests {
  private static let size: UInt64 = 64 << 30
  /// Where the only data are: the text by which Linux is known, and one byte more.
  private static let places: [UInt64] = [40 << 30, size - 4096]
  /// A few for what is there, and their neighbours, which the system maps at the same time.
  private static let most = 64

  private let path: String

  init() {
    path =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("mmubench-\(UUID().uuidString)").path
  }

  private func write(_ format: DumpWriter.Format, _ text: String) throws {
    let pages = try ByteMapping.zeroed(count: 2 * 4096)
    pages.store(Array(text.utf8), at: 0)
    pages.store(UInt8(1), at: 4096)
    let data = Self.places.enumerated().map { index, place in
      RunMemory.Segment(
        start: PhysicalAddress(place), byteCount: 4096,
        source: .mapping(offset: UInt64(index) * 4096))
    }
    let zeros = RunMemory.Segment(start: PhysicalAddress(0), byteCount: Self.size, source: .zero)
    try DumpWriter(format).write(RunMemory(pages, data + [zeros]), to: path)
  }

  /// The pages of the file that the process has looked at through its mapping.
  private func pagesLookedAt() throws -> Int {
    let maps = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/smaps")).readToEnd()
    let lines = String(decoding: try #require(maps), as: UTF8.self).split(separator: "\n")
    let start = try #require(lines.firstIndex { $0.hasSuffix(path) }, "the file is not mapped")
    let resident = try #require(lines[start...].first { $0.hasPrefix("Rss:") })
    return try #require(resident.split(separator: " ").dropFirst().first.flatMap { Int($0) }) / 4
  }

  @Test(arguments: [DumpWriter.Format.raw, .elf, .lime])
  func theTextOfLinuxIsFoundWithoutReadingTheFile(_ format: DumpWriter.Format) throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try write(
      format,
      "OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)=ffffffff81001000\nNUMBER(phys_base)=0\n"
    )
    let dump = try DumpFile.open(path)
    var overrides = MachineOverrides()
    overrides.root = 0x1000
    let machine = try Machine(dump, overrides: overrides)
    #expect(machine.paging.mode == .x86_64)
    #expect(machine.provenance.contains { $0.source == "VMCOREINFO in memory at 0xa00000000" })
    #expect(try pagesLookedAt() < Self.most)
    #expect(dump.memory.byteCount == Self.size)
  }

  @Test(arguments: [DumpWriter.Format.raw, .elf, .lime])
  func aFileThatSaysNothingIsRefusedWithoutReadingIt(_ format: DumpWriter.Format) throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try write(format, "nothing")
    let dump = try DumpFile.open(path)
    #expect(throws: MachineOverrides.Problem.self) { try Machine(dump) }
    #expect(try pagesLookedAt() < Self.most)
    #expect(dump.memory.byteCount == Self.size)
  }
}
