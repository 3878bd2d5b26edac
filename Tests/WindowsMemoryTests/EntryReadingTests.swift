import Paging
import Testing
import WindowsMemory

/// Entries with known meanings: published debugger output and values worked out by hand.
@Suite struct EntryReadingTests {
  /// What the manager composes, what is in memory, what it means.
  ///
  /// Windows 10 20H2 x64, invalid-PTE mask bit 45. Worked out from the published rule of the L1TF mitigation; the transition is
  /// published memory (thalium, IceBox).
  static let swizzled: [(composed: UInt64, inMemory: UInt64, line: String)] = [
    (0x80, 0x2000_0000_0080, "demand-zero protection 4"),
    (0x20, 0x2000_0000_0020, "demand-zero protection 1"),
    (0x200, 0x2000_0000_0200, "decommitted protection 16"),
    (0x300, 0x2000_0000_0300, "no-access protection 24"),
    (0x220, 0x2000_0000_0220, "demand-zero protection 17 guard"),
    (0xffff_ffff_0000_0480, 0xffff_ffff_0000_0490, "prototype-vad protection 4"),
    (
      0xc182_cc1f_fdf8_0400, 0xc182_ec1f_fdf8_0400,
      "prototype protection 0 at 0xffffc182cc1ffdf8"
    ),
    (0x891_f860, 0x2000_0891_f860, "transition protection 3 pfn 0x891f"),
    (
      0x1b_beda_0000_2080, 0x1b_beda_0000_2090, "page-file protection 4 file 0x2 page 0x1bbeda"
    ),
  ]

  @Test(arguments: swizzled)
  func theMaskIsTakenOut(composed: UInt64, inMemory: UInt64, line: String) throws {
    let kernel = try WindowsKernel("windows-19041.508")
    #expect(PTEDecoder(kernel, mask: .bit45).line(inMemory) == line)
    #expect(PTEDecoder(kernel).line(composed) == line)
    #expect(InvalidPTEMask.bit45.applied(to: composed, kernel) == inMemory)
    let known = InvalidPTEMask.bit45.removed(from: inMemory, kernel)
    #expect(known == (inMemory & 0x10 == 0 ? composed : inMemory))
  }

  /// Published memory: an entry of the kernel's image, as WinDbg printed it (`PageFile: 2`,
  /// `Offset: def3`, `Protect: 3 - ExecuteRead`), and three that only a mask of 0 explains.
  @Test func publishedEntriesAreReadAsTheDebuggerDid() throws {
    let kernel = try WindowsKernel("windows-19041.508")
    let masked = PTEDecoder(kernel, mask: .bit45)
    #expect(masked.line(0xfef3_0000_2064) == "page-file protection 3 file 0x2 page 0xdef3")
    let plain = PTEDecoder(kernel)
    #expect(plain.line(0x166b_7880) == "transition protection 4 pfn 0x166b7")
    #expect(plain.line(0x1b_beda_0000_2084) == "page-file protection 4 file 0x2 page 0x1bbeda")
    #expect(
      plain.line(0xc182_cc1f_fdf8_0400) == "prototype protection 0 at 0xffffc182cc1ffdf8")
    // The bit must not be assumed: it is part of the second one's page number.
    #expect(masked.reading(of: 0x1b_beda_0000_2084).pageFileOffset == 0x1b_9eda)
  }

  /// One value, two readings: Windows 7 SP1 x64 as it shipped, and any kernel of the new layout.
  static let generations: [(value: UInt64, old: String, new: String)] = [
    (0x80, "demand-zero protection 4", "demand-zero protection 4"),
    (
      0x1234_0000_0082, "page-file protection 4 file 0x1 page 0x1234",
      "page-file protection 4 file 0x0 page 0x1234"
    ),
    (
      0x1234_0000_1084, "page-file protection 4 file 0x2 page 0x1234",
      "page-file protection 4 file 0x1 page 0x1234"
    ),
    (
      0xf8a0_0123_4568_0400, "prototype protection 0 at 0xfffff8a001234568",
      "prototype protection 0 at 0xfffff8a001234568"
    ),
    (
      0xf8a0_0123_4568_1c00, "prototype protection 3 at 0xfffff8a001234568",
      "prototype protection 0 at 0xfffff8a001234568"
    ),
    (
      0x1234_58c0, "transition protection 6 pfn 0x12345", "transition protection 6 pfn 0x12345"
    ),
  ]

  @Test(arguments: generations)
  func thePatchLevelDecides(value: UInt64, old: String, new: String) throws {
    #expect(PTEDecoder(try WindowsKernel("windows-7601.17514")).line(value) == old)
    #expect(PTEDecoder(try WindowsKernel("windows-7601.24444")).line(value) == new)
    #expect(PTEDecoder(try WindowsKernel("windows-17134.1")).line(value) == old)
    #expect(PTEDecoder(try WindowsKernel("windows-17134.619")).line(value) == new)
    #expect(PTEDecoder(try WindowsKernel("windows-22000.194")).line(value) == new)
  }

  /// A published debugging log of a fault on XP or 2003 without PAE, several processors.
  static let chain: [(value: UInt64, table: PTETable, level: Int, line: String)] = [
    (0x7b31_4867, .process, 2, "valid pfn 0x7b314"), (0, .process, 1, "zero"),
    (0xffff_f420, .process, 1, "prototype-vad protection 1"),
    (0x7ede_68c0, .prototype, 1, "transition protection 6 pfn 0x7ede6"),
    (0xfc07_8cca, .prototype, 1, "subsection protection 6 offset 0x7c078a8"),
    (0x7ec6_1921, .prototype, 1, "valid pfn 0x7ec61"),
    (0x7ede_6921, .prototype, 1, "valid pfn 0x7ede6"),
    (0x7ede_6025, .process, 1, "valid pfn 0x7ede6"),
    (0x80, .process, 1, "demand-zero protection 4"),
  ]

  @Test(arguments: chain)
  func theLogOfAFaultIsReadAsItWasExplained(
    value: UInt64, table: PTETable, level: Int, line: String
  ) throws {
    let decoder = PTEDecoder(try WindowsKernel("windows-2600.6419", .x86))
    #expect(decoder.line(value, level: level, table: table) == line)
  }

  /// Addresses by the formula of each kind of kernel, worked out by hand from the fields' places.
  static let addresses: [(kernel: String, mode: PagingMode, value: UInt64, line: String)] = [
    // XP: 0xe1000000 + (0x21ca << 9 | 0x15 << 2), ReadOnly in bit 8.
    ("windows-2600.6419", .x86, 0x10e_552a, "prototype at 0xe1439454"),
    // Windows 7: 0x80000000 | 0x4010 << 10 | 0x81 << 2, no field for the protection.
    ("windows-7601.17514", .x86, 0x200_8502, "prototype at 0x81004204"),
    ("windows-7601.17514", .pae, 0x8a12_3458_0000_0400, "prototype protection 0 at 0x8a123458"),
    ("windows-7601.17514", .pae, 0x8a12_3458_0000_1c00, "prototype protection 3 at 0x8a123458"),
    ("windows-19041.508", .pae, 0x8a12_3458_0000_0460, "prototype protection 3 at 0x8a123458"),
    ("windows-7601.17514", .pae, 0xffff_ffff_0000_0480, "prototype-vad protection 4"),
    ("windows-7601.17514", .x86_64, 0xffff_ffff_0000_0420, "prototype-vad protection 1"),
    // A user-mode address keeps its zeros, a kernel one is extended by its sign.
    (
      "windows-19041.508", .x86_64, 0x7fff_1234_5678_0400,
      "prototype protection 0 at 0x7fff12345678"
    ),
    (
      "windows-17134.619", .arm64, 0xf8a0_0123_4568_0406,
      "prototype protection 3 at 0xfffff8a001234568"
    ),
    // Builds from 28000: an index of 8-byte entries; 0x12345 in bits 12 to 53.
    ("windows-28000", .x86_64, 0x1234_5400, "prototype protection 0 offset 0x91a28"),
    ("windows-28000", .x86_64, 0x3f_ffff_ffff_f480, "prototype-vad protection 4"),
  ]

  @Test(arguments: addresses)
  func addressesOfPrototypeEntriesFollowTheKernel(
    kernel: String, mode: PagingMode, value: UInt64, line: String
  ) throws {
    #expect(PTEDecoder(try WindowsKernel(kernel, mode)).line(value) == line)
  }

  @Test(arguments: [
    (
      "windows-19041.508", PagingMode.x86_64, 0xf8a0_0123_4568_84a0 as UInt64,
      "subsection protection 5 at 0xfffff8a001234568"
    ),
    (
      "windows-9600.17031", .x86_64, 0xf8a0_0123_4568_0460,
      "subsection protection 3 at 0xfffff8a001234568"
    ),
    ("windows-19041.508", .pae, 0x8a12_3458_0000_0480, "subsection protection 4 at 0x8a123458"),
    ("windows-7601.17514", .x86, 0x8a12_3402, "subsection"),
    (
      "windows-17134.619", .arm64, 0xf8a0_0123_4568_0c06,
      "subsection protection 3 at 0xfffff8a001234568"
    ),
    ("windows-28000", .x86_64, 0x1234_5460, "subsection protection 3 offset 0x91a28"),
  ])
  func subsectionsFollowTheKernel(kernel: String, mode: PagingMode, value: UInt64, line: String)
    throws
  {
    #expect(PTEDecoder(try WindowsKernel(kernel, mode)).line(value, table: .prototype) == line)
  }

  @Test func freedPagesAreToldFromPageFiles() throws {
    let decoder = PTEDecoder(try WindowsKernel("windows-19041.508"))
    // Two of the three published values that the debugger calls "Page has been freed".
    #expect(decoder.line(0xffff_ffff_f000) == "freed protection 0")
    #expect(decoder.line(0x3e98_0000_0000) == "freed protection 0")
  }

  @Test func whatTheBitsDoNotSayIsAmbiguous() throws {
    let decoder = PTEDecoder(try WindowsKernel("windows-19041.508"), mask: .bit45)
    // The mask alone, used entries alone, and a prototype form above the page tables.
    for (value, level) in [(0x2000_0000_0000, 1), (0x2000_0005_0000, 2)] as [(UInt64, Int)] {
      #expect(decoder.line(value, level: level) == "ambiguous protection 0")
    }
    #expect(decoder.line(0xf8a0_0123_4568_0400, level: 2) == "ambiguous")
  }
}
