/// The main header of kdump-compressed files, `struct disk_dump_header` of makedumpfile's
/// diskdump_mod.h; `timeval` makes the forms of 32-bit and 64-bit kernels differ.
enum KdumpHeader {
  static let version = HeaderField("header_version", at: 8, 4)
  static let status = HeaderField("status", (412, 4), (424, 4))
  static let blockSize = HeaderField("block_size", (416, 4), (428, 4))
  static let subHeaderBlocks = HeaderField("sub_hdr_size", (420, 4), (432, 4))
  static let bitmapBlocks = HeaderField("bitmap_blocks", (424, 4), (436, 4))
  static let frames = HeaderField("max_mapnr", (428, 4), (440, 4))
  static let processors = HeaderField("nr_cpus", (448, 4), (460, 4))

  /// The first bytes of the file.
  static let signature = "KDUMP   "
  /// The version whose sub-header has 64-bit numbers of frames.
  static let versionWithWideFrames: UInt64 = 6
  /// The block sizes of the architectures' pages.
  static let blockSizes: Set<UInt64> = [0x1000, 0x2000, 0x4000, 0x8000, 0x1_0000]
  static let byteCount: UInt64 = 464
}

/// `struct new_utsname` within the main header: texts of 65 bytes.
enum KdumpSystem: UInt64, CaseIterable {
  case name, node, release, version, machine, domain

  static let textSize = 65
  var offset: UInt64 { 12 + rawValue * UInt64(Self.textSize) }
}

/// `struct kdump_sub_header`, in the block behind the main header.
enum KdumpSubHeader {
  static let physicalBase = HeaderField("phys_base", (0, 4), (0, 8))
  static let isSplit = HeaderField("split", (8, 4), (12, 4))
  static let startFrame = HeaderField("start_pfn", (12, 4), (16, 8))
  static let endFrame = HeaderField("end_pfn", (16, 4), (24, 8))
  static let vmcoreinfoOffset = HeaderField("offset_vmcoreinfo", (20, 8), (32, 8))
  static let vmcoreinfoSize = HeaderField("size_vmcoreinfo", (28, 4), (40, 8))
  static let notesOffset = HeaderField("offset_note", (32, 8), (48, 8))
  static let notesSize = HeaderField("size_note", (40, 4), (56, 8))
  static let startFrame64 = HeaderField("start_pfn_64", (56, 8), (80, 8))
  static let endFrame64 = HeaderField("end_pfn_64", (64, 8), (88, 8))
  static let frames64 = HeaderField("max_mapnr_64", (72, 8), (96, 8))

  static let byteCount: UInt64 = 104
  /// The versions of the header from which on the fields are there.
  static let versionWithSplit: UInt64 = 2
  static let versionWithVmcoreinfo: UInt64 = 3
  static let versionWithNotes: UInt64 = 4
}

/// `struct page_desc`: where the bytes of a page are.
enum KdumpPage {
  static let offset = HeaderField("page offset", at: 0, 8)
  static let size = HeaderField("page size", at: 8, 4)
  static let flags = HeaderField("page flags", at: 12, 4)

  static let byteCount: UInt64 = 24
}

/// How the bytes of a page are compressed: `flags` of a page, and `status` of the header.
enum KdumpCompression: UInt64 {
  case none = 0
  case zlib = 0x1
  case lzo = 0x2
  case snappy = 0x4
  case zstd = 0x20

  /// Set in `status` of a dump that was broken off.
  static let incomplete: UInt64 = 0x8

  var name: String {
    switch self {
    case .none: "uncompressed"
    case .zlib: "zlib"
    case .lzo: "LZO1X"
    case .snappy: "snappy"
    case .zstd: "zstd"
    }
  }
}

/// The pieces in which makedumpfile writes to pipes, all of it big-endian.
enum FlattenedLayout {
  static let signature = "makedumpfile"
  static let typeOffset: UInt64 = 16
  /// Where the first piece begins.
  static let headerSize: UInt64 = 4096
  /// Offset and size of a piece, before its bytes.
  static let pieceHeaderSize: UInt64 = 16
  /// The offset of the piece that is none: the end.
  static let end = UInt64.max
}
