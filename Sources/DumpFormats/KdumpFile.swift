import PhysicalMemory

/// Reads the headers of a kdump-compressed file: what makedumpfile writes, and QEMU.
///
/// Behind the headers there are two bitmaps, of the frames that exist and of those that are in the
/// file, then a descriptor for each of the latter, and anywhere the bytes.
struct KdumpFile {
  let header: HeaderReader
  let subHeader: HeaderReader
  let limits: DumpLimits
  let blockSize: UInt64
  /// The frames of which this file may hold bytes; not all of them where the dump is split.
  private(set) var frames: Range<UInt64> = 0..<0
  private(set) var isSplit = false
  private(set) var notes = ElfNotes()
  private(set) var warnings = Warnings()
  private var version: UInt64 = 0

  /// Whether the bytes begin as a kdump file does.
  static func recognises(_ bytes: ByteMapping) -> Bool { bytes.begins(with: KdumpHeader.signature) }

  init(_ bytes: ByteMapping, path: String, limits: DumpLimits) throws(DumpError) {
    guard Self.recognises(bytes) else {
      throw .malformed(
        path: path,
        DumpDefect("signature", at: 0, expected: "KDUMP", found: "other bytes"))
    }
    self.limits = limits
    let wide = HeaderReader(bytes: bytes, path: path, isWide: true)
    let narrow = HeaderReader(bytes: bytes, path: path, isWide: false)
    _ = try wide.value(KdumpHeader.processors)
    let form = [wide, narrow].first {
      KdumpHeader.blockSizes.contains($0.load(KdumpHeader.blockSize) ?? 0)
        && $0.load(KdumpHeader.subHeaderBlocks).map { 1...4096 ~= $0 } ?? false
    }
    guard let form, let blockSize = form.load(KdumpHeader.blockSize) else {
      // Of a header of 64 bits that is right but for the sub-header's size, that is what is wrong.
      if KdumpHeader.blockSizes.contains(wide.load(KdumpHeader.blockSize) ?? 0) {
        throw wide.defect(
          KdumpHeader.subHeaderBlocks, expected: "1 to 4096 blocks",
          found: "\(wide.load(KdumpHeader.subHeaderBlocks) ?? 0)")
      }
      throw wide.defect(
        KdumpHeader.blockSize, expected: "4096 to 65536, a power of two, and a sub-header",
        found: "\(wide.load(KdumpHeader.blockSize) ?? 0)",
        suggestion: "dumps of big-endian machines are not read")
    }
    header = form
    self.blockSize = blockSize
    subHeader = HeaderReader(bytes: bytes, path: path, isWide: form.isWide, base: blockSize)
    version = try header.value(KdumpHeader.version)
    try readFrames()
    readNotes()
    if try header.value(KdumpHeader.status) & KdumpCompression.incomplete != 0 {
      warnings.add("the header says that the dump was broken off")
    }
  }

  /// Where the descriptors of the pages begin.
  private(set) var descriptors: UInt64 = 0
  /// Where the bitmap of the frames that are in the file begins.
  private(set) var bitmap: UInt64 = 0

  private mutating func readFrames() throws(DumpError) {
    let bitmapBlocks = try header.value(KdumpHeader.bitmapBlocks)
    let start = try (1 + header.value(KdumpHeader.subHeaderBlocks)) * blockSize
    let byteCount = bitmapBlocks / 2 * blockSize
    let fileEnd = UInt64(header.bytes.count)
    guard bitmapBlocks >= 2, bitmapBlocks % 2 == 0 else {
      throw header.defect(
        KdumpHeader.bitmapBlocks, expected: "an even number of blocks, at least 2",
        found: "\(bitmapBlocks)")
    }
    guard start < fileEnd, byteCount <= (fileEnd - start) / 2 else {
      throw header.defect(
        KdumpHeader.bitmapBlocks,
        expected: "bitmaps that end within the file, at byte \((start + byteCount * 2).hex)",
        found: "the end of the file at byte \(fileEnd.hex)", suggestion: "the file is cut off")
    }
    bitmap = start + byteCount
    descriptors = bitmap + byteCount
    let isWide64 = version >= KdumpHeader.versionWithWideFrames
    let place = isWide64 ? (subHeader, KdumpSubHeader.frames64) : (header, KdumpHeader.frames)
    let count = try place.0.value(place.1)
    let most = min(byteCount * 8, limits.frames)
    guard count > 0, count <= most else {
      throw place.0.defect(
        place.1, expected: "1 to \(most) frames, for which there are bits", found: "\(count)")
    }
    frames = 0..<count
    guard version >= KdumpSubHeader.versionWithSplit,
      try subHeader.value(KdumpSubHeader.isSplit) != 0
    else { return }
    let fields =
      isWide64
      ? (KdumpSubHeader.startFrame64, KdumpSubHeader.endFrame64)
      : (KdumpSubHeader.startFrame, KdumpSubHeader.endFrame)
    let (first, end) = (try subHeader.value(fields.0), try subHeader.value(fields.1))
    // Who splits may have nothing left for the last parts, which then begin and end with the last frame.
    guard first <= count else {
      throw subHeader.defect(fields.0, expected: "0 to \(count)", found: "\(first)")
    }
    guard first <= end, end <= count else {
      throw subHeader.defect(fields.1, expected: "\(first) to \(count)", found: "\(end)")
    }
    isSplit = true
    frames = first..<end
  }

  private mutating func readNotes() {
    if version >= KdumpSubHeader.versionWithNotes,
      let offset = subHeader.load(KdumpSubHeader.notesOffset), offset > 0,
      let size = subHeader.load(KdumpSubHeader.notesSize), size > 0
    {
      notes.read(header.bytes, at: offset, byteCount: size, &warnings)
    }
    if version >= KdumpSubHeader.versionWithVmcoreinfo,
      let offset = subHeader.load(KdumpSubHeader.vmcoreinfoOffset), offset > 0,
      let size = subHeader.load(KdumpSubHeader.vmcoreinfoSize), size > 0
    {
      notes.readVmcoreinfo(header.bytes, at: offset, byteCount: size, &warnings)
    }
    notes.finish(&warnings)
  }

  /// A text of `utsname`, where there is one.
  func text(_ system: KdumpSystem) -> String? {
    header.bytes.text(at: system.offset, count: KdumpSystem.textSize).flatMap {
      $0.isEmpty ? nil : $0
    }
  }

  /// The processor family by `utsname`, corrected by what only a 32-bit kernel says.
  var architecture: Architecture? {
    let named: Architecture? =
      switch text(.machine) {
      case "x86_64": .x8664
      case "i386", "i486", "i586", "i686": .x86
      case "aarch64": .aarch64
      default: nil
      }
    // QEMU names its own family, not the guest kernel's.
    guard named == .x8664, let top = notes.vmcoreinfo?.value(of: "SYMBOL(swapper_pg_dir)"),
      let address = UInt64(top, radix: 16), address <= UInt64(UInt32.max)
    else { return named }
    return .x86
  }

  /// Whether another file is a part of the same split dump.
  func isPart(of other: KdumpFile) -> Bool {
    isSplit && other.isSplit && blockSize == other.blockSize && bitmap == other.bitmap
      && header.bytes.hasBytes(
        at: 0, of: other.header.bytes, at: 0, count: Int(KdumpHeader.byteCount))
  }

  /// The pages that this file holds.
  func part() throws(DumpError) -> (part: KdumpPart, warning: String?) {
    let bits = FrameBitmap(header.bytes, at: bitmap, frames: frames)
    try limits.check(bits, header, KdumpHeader.bitmapBlocks)
    var part = KdumpPart(
      bytes: header.bytes, bitmap: bits, descriptors: descriptors, blockSize: blockSize)
    do { try part.dropLostPages() } catch { throw .inputOutput(error) }
    let lost = bits.count - part.present.count
    guard lost > 0 else { return (part, nil) }
    let end = UInt64(header.bytes.count)
    let warning =
      "the bytes of \(lost) of \(bits.count) pages are not in the file, which ends at byte \(end.hex)"
    return (part, warning)
  }

  /// What is wrong with a dump that has no page at all.
  var isEmpty: DumpError {
    .malformed(
      path: header.path,
      DumpDefect(
        "page descriptors", at: descriptors, expected: "pages that the file holds", found: "none",
        suggestion: isSplit
          ? "put the other files of the split dump beside it" : "the file may be cut off"))
  }
}

extension String {
  /// What stands behind `key` and `=` in a text of lines.
  func value(of key: String) -> Substring? {
    split(separator: "\n").first { $0.hasPrefix(key + "=") }.map { $0.dropFirst(key.count + 1) }
  }
}
