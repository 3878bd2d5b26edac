import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory
import TestSupport
import Testing

/// What entries mean: entries of real tables with what the kernel said of their pages.
@Suite struct EntryReadingTests {
  private static func reading(
    _ entry: UInt64, _ mode: PagingMode, _ version: LinuxVersion = LinuxVersion(6, 1),
    level: Int = 1
  ) throws -> LinuxEntryReading {
    let kernel = try LinuxKernel(version, LinuxEntryFormat(mode))
    let decoder = LinuxEntryDecoder(kernel, PagingState(mode: mode))
    return decoder.reading(of: entry, level: level)
  }

  /// PROT_NONE pages of Debian 12 guests, with the frame that pagemap had: mode, level, entry, frame.
  @Test(
    arguments: [
      (PagingMode.x86_64, 1, 0x000f_ffff_fcfb_c960, 0x3043),
      (.x86_64, 2, 0xf_ffff_f8a0_09e0, 0x7400),
      (.la57, 1, 0x000f_ffff_fd62_f960, 0x29d0), (.la57, 2, 0xf_ffff_f8c0_09e0, 0x7200),
      (.pae, 1, 0x000f_ffff_fa24_1160, 0x5dbe), (.pae, 2, 0xf_ffff_fce0_01e0, 0x3000),
      (.x86, 1, 0x03dd_3160, 0x3dd3), (.x86, 2, 0x04c0_01e0, 0x4c00),
      (.arm64, 1, 0x04e0_0000_41e1_2f82, 0x4_1e12), (.arm64, 2, 0x04e0_0000_4440_0f80, 0x4_4400),
    ] as [(PagingMode, Int, UInt64, UInt64)])
  func aPageWithoutRightsHasItsFrame(mode: PagingMode, level: Int, entry: UInt64, frame: UInt64)
    throws
  {
    let reading = try Self.reading(entry, mode, level: level)
    #expect(reading.state == .protnone)
    #expect(reading.frame == PhysicalAddress(frame << 12))
    #expect(reading.isPresent)
  }

  @Test func beforeL1TFTheFrameOfAPageWithoutRightsIsNotInverted() throws {
    let entry: UInt64 = 0x8000_0000_0304_3960
    #expect(try Self.reading(entry, .x86_64, LinuxVersion(4, 17)).frame?.rawValue == 0x304_3000)
    let inverted = try Self.reading(entry, .x86_64, LinuxVersion(4, 19)).frame?.rawValue
    #expect(inverted == 0x000f_ffff_fcfb_c000)
  }

  @Test func swappedPagesKeepTheirFlags() throws {
    // Of the guest's word 0x42800000000022a1: soft-dirty, uffd-wp, type 1, offset 0x115.
    let protected = try Self.reading(0x0fff_ffff_fffd_d40e, .x86_64)
    #expect(protected.state == .swap && protected.swap == .area(1))
    #expect(protected.isSoftDirty && protected.isUserfaultWriteProtected && protected.isExclusive)
    // 0x4080000000002021: soft-dirty alone.
    let dirty = try Self.reading(0x0fff_ffff_fffd_fc02, .x86_64)
    #expect(dirty.isSoftDirty && !dirty.isUserfaultWriteProtected && !dirty.isExclusive)
  }

  @Test func softDirtyOfSwappedPagesMovedWithTheVersion() throws {
    let bit1: UInt64 = 0x48d_0a02
    let bit7: UInt64 = 0x48d_0a80
    #expect(try Self.reading(bit7, .x86_64, LinuxVersion(4, 13)).isSoftDirty)
    #expect(try !Self.reading(bit1, .x86_64, LinuxVersion(4, 13)).isSoftDirty)
    #expect(try Self.reading(bit1, .x86_64, LinuxVersion(4, 14)).isSoftDirty)
    #expect(try !Self.reading(bit7, .x86_64, LinuxVersion(4, 14)).isSoftDirty)
  }

  @Test func aMarkerIsNoPage() throws {
    // 0x428000000000003e in pagemap: swapped, uffd-wp, type 30, offset 1.
    let reading = try Self.reading(0xf7ff_ffff_ffff_fc00, .x86_64)
    #expect(reading.state == .marker && !reading.isPresent && reading.frame == nil)
    #expect(reading.markers == .userfaultWriteProtect)
  }

  @Test func aPoisonedPageNamesItsFrame() throws {
    let reading = try Self.reading(0xd7ff_ffff_ffc2_5200, .x86_64)
    #expect(reading.state == .hwpoison && reading.swapFrame == 0x1ed6)
    #expect(try Self.reading(0x419_a3d8, .arm64).swapFrame == 0x4_19a3)
  }

  @Test func aPageOnTheMoveKeepsItsFrameApartFromItsBits() throws {
    let layout = SwapEntryLayout(LinuxVersion(6, 1), .x64)
    // SWP_PFN_BITS is 34 with 4-level paging, so A is bit 34 and D bit 35 of the offset.
    let offset: UInt64 = 0x1234 | 1 << 34 | 1 << 35
    let entry = try #require(layout.entry(type: 29, offset: offset))
    let reading = try Self.reading(entry, .x86_64)
    #expect(reading.state == .migration && reading.swap == .migration(.write))
    #expect(reading.swapFrame == 0x1234 && reading.isYoung && reading.isDirty)
    let young = try #require(layout.entry(type: 29, offset: 0x1234 | 1 << 34))
    #expect(try Self.reading(young, .x86_64).isDirty == false)
    // 5-level paging has room for longer frame numbers: SWP_PFN_BITS is 40.
    #expect(try Self.reading(young, .la57).swapFrame == 0x1234 | 1 << 34)
  }

  @Test func accessedAndDirtyAloneAreNothing() throws {
    #expect(try Self.reading(0x60, .x86_64).state == .none)
    #expect(try Self.reading(0x60, .x86_64, LinuxVersion(4, 7)).state == .swap)
    #expect(try Self.reading(0, .arm64).state == .none)
    #expect(try Self.reading(0x60, .pae).state == .none)
    // Without PAE no processor has the erratum, and the kernel does not look for it.
    #expect(try Self.reading(0x60, .x86).state == .swap)
    #expect(try Self.reading(0x60, .arm64).state == .swap)
  }

  @Test func aHugePageThatIsBeingSplitIsPresent() throws {
    // P=0, PS=1, PROTNONE=0: pmd_present, though the processor faults. The frame is inverted.
    let x64 = try Self.reading(0x000f_ffff_f8a0_08e6, .x86_64, level: 2)
    #expect(
      x64.state == .invalidated && x64.isPresent && x64.frame?.rawValue == 0x740_0000)
    // The same word as a PTE is a swap entry.
    #expect(try Self.reading(0x000f_ffff_f8a0_08e6, .x86_64, level: 1).state == .swap)
    let arm64 = try Self.reading(0x0860_0000_4440_0f40, .arm64, level: 2)
    #expect(arm64.state == .invalidated && arm64.frame?.rawValue == 0x4440_0000)
  }

  @Test func fromSixTenARMHasOneBitForAllThatIsNotValid() throws {
    let version = LinuxVersion(6, 10)
    // PRESENT_INVALID (11), UXN, not for user mode: without access rights.
    let none = try Self.reading(0x0060_0000_4440_0f80 | 1 << 54, .arm64, version, level: 2)
    #expect(none.state == .protnone)
    // The same for user mode: a huge page that is being split.
    let split = try Self.reading(0x0060_0000_4440_0fc0, .arm64, version, level: 2)
    #expect(split.state == .invalidated)
  }

  @Test func presentPagesShowTheKernelsBits() throws {
    // The zero page of a guest: special, soft-dirty since the area is (0x800000000330d225).
    let zero = try Self.reading(0x8000_0000_0330_d225, .x86_64)
    #expect(zero.state == .present && zero.isSpecial && !zero.isWritable && !zero.isSoftDirty)
    // A page that userfaultfd protects: 0x800000000291dc65, and pagemap has bit 57.
    let protected = try Self.reading(0x8000_0000_0291_dc65, .x86_64)
    #expect(protected.isUserfaultWriteProtected && protected.isSoftDirty && protected.isDirty)
    // arm64, writable and clean: DBM with AP[2], 0x68000044112fc3.
    let clean = try Self.reading(0x0068_0000_4411_2fc3, .arm64)
    #expect(clean.isWritable && !clean.isDirty && clean.isYoung)
    #expect(try Self.reading(0x00e8_0000_4193_db43, .arm64).isYoung == false)
  }

  @Test func noWordOfAnyKindIsTooMuch() throws {
    var generator = SeededGenerator(seed: 0x11)
    for version in SwapEntryTests.boundaries {
      for mode in PagingMode.allCases where version >= LinuxEntryFormat(mode).oldestVersion {
        let kernel = try LinuxKernel(version, LinuxEntryFormat(mode))
        let paging = PagingState(mode: mode)
        let decoder = LinuxEntryDecoder(kernel, paging)
        for _ in 0..<200 {
          let word = UInt64.random(in: 0...UInt64.max, using: &generator)
          let entry = paging.entrySize == 4 ? word & 0xffff_ffff : word
          for level in 1...paging.topLevel {
            let reading = decoder.reading(of: entry, level: level)
            // What is present has no swap type, and what is in swap has no frame.
            #expect(
              !(reading.isPresent && reading.swapType != nil), "0x\(String(entry, radix: 16))")
            #expect(reading.isPresent || reading.frame == nil, "0x\(String(entry, radix: 16))")
          }
        }
      }
    }
  }

  /// Whatever an entry is, the fields that describe it are every bit of it once.
  @Test(
    arguments: [
      (.x86_64, 1, 0x000f_ffff_fcfb_c960), (.x86_64, 2, 0x000f_ffff_f8a0_09e0),
      (.x86_64, 1, 0x0fff_ffff_fffd_d40e), (.x86_64, 1, 0x8000_0000_0123_4867), (.x86_64, 1, 0),
      (.x86, 1, 0x03dd_3160), (.pae, 1, 0x000f_ffff_fa24_1160),
      (.arm64, 1, 0x04e0_0000_41e1_2f82),
    ] as [(PagingMode, Int, UInt64)])
  func fieldsTileTheEntry(mode: PagingMode, level: Int, entry: UInt64) throws {
    for version in [LinuxVersion(4, 14), LinuxVersion(6, 1), LinuxVersion(6, 12)] {
      let kernel = try LinuxKernel(version, LinuxEntryFormat(mode))
      let decoder = LinuxEntryDecoder(kernel, PagingState(mode: mode))
      let layout = try #require(decoder.layout(of: entry, level: level))
      #expect(layout.tiling == (0, 0))
    }
  }
}
