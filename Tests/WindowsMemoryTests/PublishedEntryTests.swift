import Paging
import Testing
import WindowsMemory

/// Entries of real machines, as debuggers printed them or as crash dumps of public origin hold them.
///
/// The kernels are inferred from the values where the publication names a release only.
@Suite struct PublishedEntryTests {
  struct Entry: Sendable, CustomTestStringConvertible {
    let source: String
    let kernel: String
    let mode: PagingMode
    let level: Int
    let value: UInt64
    let line: String
    var testDescription: String { source }
  }

  static func entry(
    _ source: String, _ kernel: String, _ mode: PagingMode, _ level: Int, _ value: UInt64,
    _ line: String
  ) -> Entry {
    Entry(source: source, kernel: kernel, mode: mode, level: level, value: value, line: line)
  }

  static let entries = [
    entry("driver docs, !pte", "windows-xp", .x86, 1, 0x154121, "valid pfn 0x154"),
    entry("XP, frame buffer", "windows-xp", .x86, 1, 0xf000_017b, "valid pfn 0xf0000"),
    entry("Windows 7, docs", "windows-7", .x86, 1, 0x3ef8_c847, "valid pfn 0x3ef8c"),
    entry("Windows 7, reserved", "windows-7", .pae, 1, 0, "zero"),
    entry("Windows 7, committed", "windows-7", .pae, 1, 0x80, "demand-zero protection 4"),
    entry("Windows 7, touched", "windows-7", .pae, 1, 0x8000_0000_69fc_8867, "valid pfn 0x69fc8"),
    entry("2003 PAE, large", "windows-2003", .pae, 2, 0x40_01e3, "large pfn 0x400"),
    entry("Windows 10 PAE", "windows-19041.508", .pae, 1, 0x2de_c121, "valid pfn 0x2dec"),
    entry("Windows 7 x64, large", "windows-7", .x86_64, 2, 0x280_09e3, "large pfn 0x2800"),
    entry(
      "Windows 7 x64, SoftwareWsIndex", "windows-7", .x86_64, 1, 0xe650_0000_716f_d963,
      "valid pfn 0x716fd"),
    entry(
      "Windows 10, WsleAge", "windows-19041.508", .x86_64, 1, 0x8a00_0000_0c3c_b025,
      "valid pfn 0xc3cb"),
    entry(
      "Windows 10, frame above 32 GiB", "windows-19041.508", .x86_64, 1, 0x8100_0008_14c3_c025,
      "valid pfn 0x814c3c"),
    entry(
      "Windows 10, large and read-only", "windows-19041.508", .x86_64, 2, 0x8a00_0000_0200_01a1,
      "large pfn 0x2000"),
    entry(
      "Windows 10, large, age", "windows-19041.508", .x86_64, 2, 0xa00_0001_0080_01a1,
      "large pfn 0x100800"),
    entry("Windows 10, frame 0", "windows-14393.0", .x86_64, 1, 0x63, "valid pfn 0x0"),
    entry("Windows 10, no PDE", "windows-19041.508", .x86_64, 2, 0, "zero"),
    entry("crash dump, 19041", "windows-19041.508", .x86_64, 1, 0x80, "demand-zero protection 4"),
    entry(
      "crash dump, 19041, freed", "windows-19041.508", .x86_64, 1, 0x4292_0000_0000,
      "freed protection 0"),
    entry(
      "crash dump, 19041, freed again", "windows-19041.508", .x86_64, 1, 0x41ba_0000_0000,
      "freed protection 0"),
    entry(
      "crash dump, 19041, prototype", "windows-19041.508", .x86_64, 1, 0xad0e_c12a_8f08_0400,
      "prototype protection 0 at 0xffffad0ec12a8f08"),
  ]

  @Test(arguments: entries)
  func realEntriesAreReadAsPublished(_ entry: Entry) throws {
    let decoder = PTEDecoder(try WindowsKernel(entry.kernel, entry.mode))
    #expect(decoder.line(entry.value, level: entry.level) == entry.line)
  }

  /// Writes to valid pages: by the processor's bit (1) and the memory manager's (11, 9).
  @Test(arguments: [
    ("windows-xp", PagingMode.x86, 0x7ede_6025 as UInt64, PTEWriteRight.readOnly),
    ("windows-xp", .x86, 0x7b31_4867, .writable),
    ("windows-xp", .x86, 0x7ede_6825, .writableWhenDirty),
    ("windows-2600.6419-up", .x86, 0x7ede_6825, .readOnly),
    ("windows-xp", .x86, 0x7ede_6225, .copyOnWrite),
    ("windows-19041.508", .x86_64, 0x8a00_0000_0028_2161, .readOnly),
    // Mapped for writing by a driver, with the copy-on-write bit left set (published memory).
    ("windows-10240.16384", .x86_64, 0x8a00_0000_4a84_7b63, .writable),
    ("windows-17134.619", .arm64, 0x80_0000_1234_5783, .writableWhenDirty),
    ("windows-17134.619", .arm64, 0x100_0000_1234_5783, .copyOnWrite),
    ("windows-17134.619", .arm64, 0x80_0000_1234_5703, .writable),
  ])
  func aWriteIsJudgedByBothBits(
    kernel: String, mode: PagingMode, value: UInt64, right: PTEWriteRight
  ) throws {
    #expect(PTEDecoder(try WindowsKernel(kernel, mode)).writeRight(of: value) == right)
  }

  @Test func whatIsNotCertainIsSaid() throws {
    func caveat(
      _ value: UInt64, _ name: String, _ mode: PagingMode, _ table: PTETable = .process
    ) throws -> String? {
      let kernel = try WindowsKernel(name, mode)
      return PTEDecoder(kernel).reading(of: value, table: table).caveat(on: kernel)
    }
    #expect(try caveat(0x10e_552a, "windows-xp", .x86)?.contains("0xe1000000") == true)
    #expect(try caveat(0xfc07_8cca, "windows-xp", .x86, .prototype) != nil)
    #expect(try caveat(0x8a12_3402, "windows-7", .x86, .prototype)?.contains("not known") == true)
    #expect(try caveat(0x200_8502, "windows-7", .x86) == nil)
    #expect(try caveat(0xffff_ffff_0000_0408, "windows-17134.619", .arm64) != nil)
    #expect(try caveat(0x80, "windows-7", .x86) == nil)
  }
}
