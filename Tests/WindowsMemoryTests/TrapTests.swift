import BitLayout
import Paging
import Testing
import WindowsMemory

/// Entries that a naive reading gets wrong; each case says what that reading is.
@Suite struct TrapTests {
  @Test func aPrototypeFormWithBit11IsNoTransition() throws {
    // Combined, ColdPage and ExecutePrivilege use the bit; tested first, it would mean transition.
    let decoder = PTEDecoder(try WindowsKernel("windows-19041.508"))
    #expect(decoder.reading(of: 0xf8a0_0123_4568_0c00).state == .prototype)
    #expect(decoder.reading(of: 0xf8a0_0123_4568_0c60, table: .prototype).state == .subsection)
  }

  @Test func theBuildNumberDoesNotDecide() throws {
    // Both are 10.0.17134; a reader that goes by the build has the wrong page file for one of them.
    let value: UInt64 = 0x1234_0000_2084
    #expect(PTEDecoder(try WindowsKernel("windows-17134.1")).reading(of: value).pageFile == 2)
    #expect(PTEDecoder(try WindowsKernel("windows-17134.619")).reading(of: value).pageFile == 2)
    let other: UInt64 = 0x1234_0000_1084
    #expect(PTEDecoder(try WindowsKernel("windows-17134.1")).reading(of: other).pageFile == 2)
    #expect(PTEDecoder(try WindowsKernel("windows-17134.619")).reading(of: other).pageFile == 1)
  }

  @Test func theMaskIsTakenOutByAndNot() throws {
    // Demand zero, written before the mask was known. XOR would make a page of a page file of it.
    let kernel = try WindowsKernel("windows-19041.508")
    #expect(InvalidPTEMask.bit45.removed(from: 0x80, kernel) == 0x80)
    #expect(PTEDecoder(kernel, mask: .bit45).reading(of: 0x80).state == .demandZero)
    // Without the mask known, the bit is part of the page number.
    #expect(
      PTEDecoder(kernel).line(0x2000_0000_0080) == "page-file protection 4 file 0x0 page 0x2000")
  }

  @Test(arguments: [
    ("windows-7601.17514", PagingMode.x86_64), ("windows-17134.1", .x86_64),
    ("windows-17134.619", .arm64), ("windows-26100", .arm64), ("windows-10240.16384", .pae),
    ("windows-7601.24444", .x86),
  ])
  func layoutsWithoutSwizzleBitKeepTheirBits(name: String, mode: PagingMode) throws {
    let kernel = try WindowsKernel(name, mode)
    #expect(!kernel.hasSwizzleBit)
    for value in [0x2000_0000_0080, 0x2000_1234_5860] as [UInt64] {
      #expect(InvalidPTEMask.bit45.removed(from: value, kernel) == value)
      #expect(InvalidPTEMask.bit45.applied(to: value, kernel) == value)
    }
  }

  @Test func zeroAndValidEntriesHaveNoMask() throws {
    let kernel = try WindowsKernel("windows-19041.508")
    for value in [0, 0x2000_0000_0867, 0x8a00_2000_0c3c_b025] as [UInt64] {
      #expect(InvalidPTEMask.bit45.applied(to: value, kernel) == value)
      #expect(InvalidPTEMask.bit45.removed(from: value, kernel) == value)
    }
  }

  @Test func theMaskNeedNotBeBit45() throws {
    let kernel = try WindowsKernel("windows-19041.508")
    let mask = InvalidPTEMask(rawValue: 1 << 37)
    let entry = mask.applied(to: 0x1b_beda_0000_2080, kernel)
    #expect(PTEDecoder(kernel, mask: mask).reading(of: entry).pageFileOffset == 0x1b_beda)
    #expect(PTEDecoder(kernel, mask: .bit45).reading(of: entry).pageFileOffset == 0x1b_9efa)
  }

  @Test func theSentinelIsLookedForAfterTheMaskIsOut() throws {
    // All ones in memory, but the mask is to be taken out: an address, not the sentinel.
    let kernel = try WindowsKernel("windows-19041.508")
    let decoder = PTEDecoder(kernel, mask: .bit45)
    #expect(
      decoder.line(0xffff_ffff_0000_0480) == "prototype protection 4 at 0xffffffffdfff0000")
    #expect(decoder.reading(of: 0xffff_ffff_0000_0490).state == .prototypeVAD)
    // The mask is part of an address's place, too.
    #expect(decoder.reading(of: 0xc182_ec1f_fdf8_0400).prototypeAddress == 0xffff_c182_cc1f_fdf8)
  }

  @Test func decommittedIsNotDemandZero() throws {
    for (name, mode) in [
      ("windows-2600.6419", .x86), ("windows-7601.17514", .pae), ("windows-22000.194", .x86_64),
    ] as [(String, PagingMode)] {
      let decoder = PTEDecoder(try WindowsKernel(name, mode))
      #expect(decoder.line(0x200) == "decommitted protection 16")
      #expect(decoder.line(0x300) == "no-access protection 24")
      #expect(decoder.line(0x100) == "no-access protection 8")
    }
  }

  @Test func aValidEntryIsNoPrototypeAndNoTransition() throws {
    // Bits 10 and 11 are software's: a clean writable page has bit 11 set.
    let decoder = PTEDecoder(try WindowsKernel("windows-2600.6419", .x86))
    #expect(decoder.line(0x7ec6_1c25) == "valid pfn 0x7ec61")
    #expect(
      PTEDecoder(try WindowsKernel("windows-19041.508")).line(0x1_2345_6c25) == "valid pfn 0x123456"
    )
  }

  @Test func theTableDecidesWhatPrototypeMeans() throws {
    let decoder = PTEDecoder(try WindowsKernel("windows-19041.508"))
    let value: UInt64 = 0xf8a0_0123_4568_0460
    #expect(decoder.reading(of: value, table: .process).state == .prototype)
    #expect(decoder.reading(of: value, table: .prototype).state == .subsection)
    // There is no sentinel among prototype entries.
    #expect(decoder.reading(of: 0xffff_ffff_0000_0480, table: .prototype).state == .subsection)
  }

  /// Frames are as wide as the kernel makes them; what is above is not part of the number.
  static let widths: [(kernel: String, mode: PagingMode, width: Int)] = [
    ("windows-6000.16386", .x86_64, 28), ("windows-6001.18000", .x86_64, 36),
    ("windows-19041.508", .x86_64, 36), ("windows-22000.194", .x86_64, 40),
    ("windows-19041.264", .pae, 26),
    ("windows-17134.619", .arm64, 36), ("windows-7601.17514", .x86, 20),
  ]

  @Test(arguments: widths)
  func framesAreAsWideAsTheKernelMakesThem(name: String, mode: PagingMode, width: Int) throws {
    let kernel = try WindowsKernel(name, mode)
    let decoder = PTEDecoder(kernel)
    let ones = UInt64.max >> UInt64(64 - kernel.format.width)
    let frame = UInt64.max >> UInt64(64 - width)
    #expect(decoder.reading(of: ones).pfn == frame)
    // Transition set, Prototype (bit 10) clear.
    #expect(decoder.reading(of: ones & ~0x401).pfn == frame)
  }

  @Test func aValidFrameOfLatePAEIsNarrowerThanOneInTransition() throws {
    // 25 bits and 26: the type information has the two forms differ, from 10.0.19041.508 on.
    let decoder = PTEDecoder(try WindowsKernel("windows-19041.508", .pae))
    #expect(decoder.reading(of: .max).pfn == 0x1ff_ffff)
    #expect(decoder.reading(of: .max & ~0x401).pfn == 0x3ff_ffff)
  }

  @Test func patOfALargePageIsNoAddressBit() throws {
    let decoder = PTEDecoder(try WindowsKernel("windows-19041.508"))
    #expect(decoder.line(0x8a00_0000_0200_11a1, level: 2) == "large pfn 0x2000")
    #expect(decoder.line(0x8a00_0000_4000_11a1, level: 3) == "large pfn 0x40000")
    // In a PTE, bit 7 is PAT; above PDPTEs there are no large pages.
    #expect(decoder.line(0x8a00_0000_0200_11a1, level: 1) == "valid pfn 0x2001")
    #expect(decoder.line(0x8a00_0000_0200_11a1, level: 4) == "valid pfn 0x2001")
    // 4 MiB: bits 20:13 are bits 39:32 of the address (PSE-36).
    let small = PTEDecoder(try WindowsKernel("windows-2600.6419", .x86))
    #expect(small.line(0x0140_61e3, level: 2) == "large pfn 0x301400")
    let arm = PTEDecoder(try WindowsKernel("windows-17134.619", .arm64))
    #expect(arm.line(0x4020_0701, level: 2) == "large pfn 0x40200")
    #expect(arm.line(0x4020_0703, level: 2) == "valid pfn 0x40200")
  }

  @Test func theStoreIsWhereItIsSaidToBe() throws {
    let kernel = try WindowsKernel("windows-19041.508")
    let value: UInt64 = 0x1b_beda_0000_2084
    #expect(PTEDecoder(kernel).reading(of: value).state == .pageFile)
    #expect(PTEDecoder(kernel, virtualStore: 2).reading(of: value).state == .virtualStore)
    #expect(PTEDecoder(kernel, virtualStore: 1).reading(of: value).state == .pageFile)
    // Windows 7 to 8.1 have a bit for it: 22 as shipped, 3 when patched.
    let old = PTEDecoder(try WindowsKernel("windows-7601.17514"))
    #expect(old.line(0x5_0040_0084) == "virtual-store protection 4 file 0x2 page 0x5")
    let patched = PTEDecoder(try WindowsKernel("windows-7601.24444"))
    #expect(patched.line(0x5_0000_2088) == "virtual-store protection 4 file 0x2 page 0x5")
  }

  @Test func protectionsOfArm64AreInOtherBits() throws {
    // Protection 1 to 5, page file 6 to 9: the bits of x64 would say protection 4, file 0.
    let decoder = PTEDecoder(try WindowsKernel("windows-17134.619", .arm64))
    #expect(decoder.line(0x1234_0000_0088) == "page-file protection 4 file 0x2 page 0x1234")
    #expect(decoder.line(0x8) == "demand-zero protection 4")
    #expect(decoder.line(0x20) == "decommitted protection 16")
    #expect(decoder.line(0x1234_5806) == "transition protection 3 pfn 0x12345")
  }
}
