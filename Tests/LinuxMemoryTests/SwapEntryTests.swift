import BitLayout
import LinuxMemory
import Testing

/// An entry for a page that is elsewhere, and what it says.
struct SwapVector: Sendable, CustomTestStringConvertible {
  let version: LinuxVersion
  let format: LinuxEntryFormat
  let entry: UInt64
  let type: UInt64
  let offset: UInt64

  init(
    _ version: LinuxVersion, _ format: LinuxEntryFormat, _ entry: UInt64, type: UInt64,
    offset: UInt64
  ) {
    self.version = version
    self.format = format
    self.entry = entry
    self.type = type
    self.offset = offset
  }

  var testDescription: String { "\(version) \(format.rawValue) 0x\(String(entry, radix: 16))" }
}

/// Swap entries of every generation: entries of real tables with what the kernel that made them said
/// in pagemap, and words put together by hand from the layouts in the kernel's headers.
@Suite struct SwapEntryTests {
  private static let v61 = LinuxVersion(6, 1)

  /// Debian 12 guests under QEMU; `/proc/PID/pagemap` of the same page has type in bits 4:0 and
  /// offset from bit 5 on.
  static let real: [SwapVector] = [
    SwapVector(v61, .x64, 0x0fff_ffff_fffd_fc02, type: 1, offset: 0x101),
    SwapVector(v61, .x64, 0x07ff_ffff_fffe_9c02, type: 0, offset: 0xb1),
    SwapVector(v61, .x64, 0x0fff_ffff_fffd_d40e, type: 1, offset: 0x115),
    SwapVector(v61, .x64, 0xf7ff_ffff_ffff_fc00, type: 30, offset: 1),
    SwapVector(v61, .x64, 0xd7ff_ffff_ffc2_5200, type: 26, offset: 0x1ed6),
    SwapVector(v61, .pae, 0x0fff_ffff_fffe_6000, type: 1, offset: 0xcf),
    SwapVector(v61, .pae, 0xdfff_ffff_ffc2_1a00, type: 27, offset: 0x1ef2),
    SwapVector(v61, .i386, 0x2_2402, type: 1, offset: 0x112),
    SwapVector(v61, .i386, 0x7000, type: 0, offset: 0x38),
    SwapVector(v61, .i386, 0x3d_4c36, type: 27, offset: 0x1ea6),
    SwapVector(v61, .arm64, 0x1_2408, type: 1, offset: 0x124),
    SwapVector(v61, .arm64, 0x2000, type: 0, offset: 0x20),
    SwapVector(v61, .arm64, 0x419_a3d8, type: 27, offset: 0x4_19a3),
  ]

  /// Type 5 and offset 0x1234 by the layouts of arch/*/include/asm/pgtable*.h, shifted by hand.
  static let composed: [SwapVector] = [
    // type << 1, offset << 9
    SwapVector(LinuxVersion(3, 10), .x64, 0x24_680a, type: 5, offset: 0x1234),
    SwapVector(LinuxVersion(4, 7), .x64, 0x24_680a, type: 5, offset: 0x1234),
    // type << 9, offset << 14
    SwapVector(LinuxVersion(4, 8), .x64, 0x48d_0a00, type: 5, offset: 0x1234),
    SwapVector(LinuxVersion(4, 14, 62), .x64, 0x48d_0a00, type: 5, offset: 0x1234),
    SwapVector(LinuxVersion(4, 18, 0), .x64, 0x48d_0a00, type: 5, offset: 0x1234),
    // type << 59, ~offset << 14 >> 5
    SwapVector(LinuxVersion(4, 18), .x64, 0x2fff_ffff_ffdb_9600, type: 5, offset: 0x1234),
    SwapVector(LinuxVersion(4, 14, 63), .x64, 0x2fff_ffff_ffdb_9600, type: 5, offset: 0x1234),
    SwapVector(LinuxVersion(6, 12), .x64, 0x2fff_ffff_ffdb_9600, type: 5, offset: 0x1234),
    // the upper word: type, offset << 5
    SwapVector(LinuxVersion(4, 17), .pae, 0x2_4685_0000_0000, type: 5, offset: 0x1234),
    SwapVector(LinuxVersion(4, 19), .pae, 0x2fff_ffff_ffdb_9600, type: 5, offset: 0x1234),
    SwapVector(LinuxVersion(3, 2), .i386, 0x24_680a, type: 5, offset: 0x1234),
    SwapVector(LinuxVersion(6, 12), .i386, 0x24_680a, type: 5, offset: 0x1234),
    // type << 3, offset << 9
    SwapVector(LinuxVersion(3, 16), .arm64, 0x24_6828, type: 5, offset: 0x1234),
    // type << 2, offset << 8
    SwapVector(LinuxVersion(4, 9), .arm64, 0x12_3414, type: 5, offset: 0x1234),
    SwapVector(LinuxVersion(5, 18), .arm64, 0x12_3414, type: 5, offset: 0x1234),
    // type << 3, offset << 8
    SwapVector(LinuxVersion(5, 19), .arm64, 0x12_3428, type: 5, offset: 0x1234),
    SwapVector(LinuxVersion(6, 9), .arm64, 0x12_3428, type: 5, offset: 0x1234),
    // type << 6, offset << 12
    SwapVector(LinuxVersion(6, 10), .arm64, 0x123_4140, type: 5, offset: 0x1234),
  ]

  /// The inversion at both ends of the offset: (type, offset) of the 50 bits.
  static let inverted: [SwapVector] = [
    SwapVector(v61, .x64, 0x07ff_ffff_ffff_fe00, type: 0, offset: 0),
    SwapVector(v61, .x64, 0x07ff_ffff_ffdb_9600, type: 0, offset: 0x1234),
    SwapVector(v61, .x64, 0x0fff_ffff_c882_4a00, type: 1, offset: 0x1b_beda),
    SwapVector(v61, .x64, 0x2fff_fe42_a482_2000, type: 5, offset: 0xdead_beef),
    SwapVector(v61, .x64, 0xffff_ffff_ffff_f600, type: 31, offset: 4),
    SwapVector(v61, .x64, 0, type: 0, offset: (1 << 50) - 1),
  ]

  @Test(arguments: real + composed + inverted)
  func typeAndOffsetAreWhereTheVersionHasThem(vector: SwapVector) throws {
    let layout = SwapEntryLayout(vector.version, vector.format)
    #expect(layout.type.value(in: vector.entry) == vector.type)
    #expect(layout.offset(of: vector.entry) == vector.offset)
  }

  @Test(arguments: composed + inverted)
  func anEntryIsComposedFromTypeAndOffset(vector: SwapVector) throws {
    let layout = SwapEntryLayout(vector.version, vector.format)
    #expect(layout.entry(type: vector.type, offset: vector.offset) == vector.entry)
  }

  @Test func whatDoesNotFitIsNotComposed() {
    let layout = SwapEntryLayout(LinuxVersion(6, 1), .x64)
    #expect(layout.entry(type: 32, offset: 0) == nil)
    #expect(layout.entry(type: 0, offset: 1 << 50) == nil)
    #expect(SwapEntryLayout(LinuxVersion(6, 1), .i386).entry(type: 1, offset: 1 << 23) == nil)
  }

  @Test func everyLayoutTilesTheWordAndFitsItsFields() throws {
    for version in Self.boundaries {
      for format in LinuxEntryFormat.allCases where version >= format.oldestVersion {
        let layout = SwapEntryLayout(version, format)
        #expect(layout.word.tiling == (0, 0), "\(version) \(format)")
        #expect(layout.word.width == (format == .i386 ? 32 : 64))
        #expect(layout.type.width >= 5 && layout.offset.width >= 23)
        // No entry with a type and an offset looks present to the processor.
        let largest = layout.entry(
          type: 31, offset: layout.offset.mask >> UInt64(layout.offset.low))
        #expect(try #require(largest) & 1 == 0)
      }
    }
  }

  /// The first versions of everything that changed, and those just before.
  static let boundaries: [LinuxVersion] = [
    (3, 0), (3, 10), (3, 11), (3, 15), (3, 19), (4, 0), (4, 7), (4, 8), (4, 13), (4, 14), (4, 17),
    (4, 18), (4, 19), (5, 6), (5, 7), (5, 13), (5, 14), (5, 18), (5, 19), (6, 0), (6, 1), (6, 2),
    (6, 3), (6, 5), (6, 6), (6, 9), (6, 10), (6, 11), (6, 14), (6, 15), (6, 17), (7, 0),
  ].map { LinuxVersion($0.0, $0.1) }
}
