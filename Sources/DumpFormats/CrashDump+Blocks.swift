import PhysicalMemory

/// The pages of dumps that describe them in a block behind the header.
extension CrashDump {
  private var block: HeaderReader {
    HeaderReader(
      bytes: header.bytes, path: header.path, isWide: header.isWide,
      base: CrashDumpHeader.byteCount(isWide: header.isWide))
  }

  /// The pages whose bits are set, one behind the other from `FirstPage` on.
  mutating func bitmapMemory() throws(DumpError) -> MemoryImage {
    let block = block
    let signature = try block.value(CrashDumpBitmap.signature)
    guard signature == CrashDumpBitmap.full || signature == CrashDumpBitmap.summary else {
      throw block.defect(
        CrashDumpBitmap.signature, expected: "FDMP or SDMP", found: signature.hex)
    }
    let valid = try block.value(CrashDumpBitmap.validDump)
    guard valid == CrashDumpHeader.dump else {
      throw block.defect(CrashDumpBitmap.validDump, expected: "DUMP", found: valid.hex)
    }
    let (bitmap, firstPage) = try bitmap(in: block)
    let said = try block.value(CrashDumpBitmap.presentPages)
    if said != bitmap.count {
      warnings.add("TotalPresentPages is \(said), the bitmap has \(bitmap.count) bits set")
    }
    let fileEnd = UInt64(block.bytes.count)
    let available = (fileEnd - firstPage) / frameSize
    guard bitmap.count > 0, available > 0 else {
      throw block.defect(
        CrashDumpBitmap.firstPage, expected: "pages that the file holds, from \(firstPage.hex) on",
        found: bitmap.count == 0 ? "a bitmap of none" : "the end of the file at \(fileEnd.hex)",
        suggestion: "the file may be cut off")
    }
    if available < bitmap.count {
      warnings.add(
        "the file ends within the pages; the last \(bitmap.count - available) of \(bitmap.count)"
          + " are missing")
    }
    let source = BitmapFrames(
      bytes: block.bytes, bitmap: bitmap, firstPage: firstPage, available: available)
    return try .paged(source, limits: limits)
  }

  /// The bitmap, and where the pages begin behind it.
  private func bitmap(
    in block: HeaderReader
  ) throws(DumpError) -> (bitmap: FrameBitmap, firstPage: UInt64) {
    let fileEnd = UInt64(block.bytes.count)
    let bits = block.base + CrashDumpBitmap.bits.place(isWide: true).offset
    let frames = try block.value(CrashDumpBitmap.pages)
    let room = (fileEnd - min(bits, fileEnd)) * 8
    guard frames > 0, frames <= min(room, limits.frames) else {
      throw block.defect(
        CrashDumpBitmap.pages, expected: "1 to \(min(room, limits.frames)) bits within the file",
        found: "\(frames)", suggestion: "the file may be cut off")
    }
    let firstPage = try block.value(CrashDumpBitmap.firstPage)
    guard firstPage >= bits + (frames + 7) / 8, firstPage < fileEnd else {
      throw block.defect(
        CrashDumpBitmap.firstPage,
        expected: "an offset behind the bitmap, \((bits + (frames + 7) / 8).hex), in the file",
        found: firstPage.hex)
    }
    let bitmap = FrameBitmap(block.bytes, at: bits, frames: 0..<frames)
    try limits.check(bitmap, block, CrashDumpBitmap.bits)
    return (bitmap, firstPage)
  }

  /// The pages of the ranges, one behind the other from `FirstPageOffset` on.
  mutating func ranges() throws(DumpError) -> [RunMemory.Segment] {
    let block = block
    for (field, expected) in [
      (CrashDumpRanges.marker, CrashDumpRanges.expectedMarker),
      (CrashDumpRanges.signature, CrashDumpRanges.ranges),
      (CrashDumpRanges.validDump, CrashDumpHeader.dump),
    ] {
      let found = try block.value(field)
      guard found == expected else {
        throw block.defect(field, expected: expected.hex, found: found.hex)
      }
    }
    let firstPage = try block.value(CrashDumpRanges.firstPage)
    let list = block.base + CrashDumpRanges.list.place(isWide: true).offset
    guard firstPage >= list, firstPage < UInt64(block.bytes.count) else {
      throw block.defect(
        CrashDumpRanges.firstPage, expected: "an offset behind \(list.hex), in the file",
        found: firstPage.hex)
    }
    let metadata = try block.value(CrashDumpRanges.metadataSize)
    if metadata.addingClamped(CrashDumpRanges.metadataStart) != firstPage {
      warnings.add("MetadataSize \(metadata.hex) does not go with FirstPageOffset \(firstPage.hex)")
    }
    let total = type == .rangesComplete ? try block.value(CrashDumpRanges.totalPages) : nil
    // MetadataSize counts more than the list: who goes by it takes what is behind for a range.
    let count = (firstPage - list) / CrashDumpRun.byteCount(isWide: true)
    guard count <= limits.runs else {
      throw block.defect(
        CrashDumpRanges.firstPage, expected: "at most \(limits.runs) ranges", found: "\(count)")
    }
    var pages = PageList(block.bytes, from: firstPage)
    for index in 0..<count where total.map({ pages.said < $0 }) ?? true {
      let base = list + index * CrashDumpRun.byteCount(isWide: true)
      let range = HeaderReader(bytes: block.bytes, path: block.path, isWide: true, base: base)
      let basePage = try range.value(CrashDumpRun.basePage)
      let pageCount = try range.value(CrashDumpRun.pageCount)
      // Page 0 is in no dump, so a range that begins there ends the list.
      guard basePage != 0,
        pages.add(basePage, pageCount, name: "PfnRange[\(index)] at byte \(base.hex)", &warnings)
      else { break }
    }
    if let total, pages.said != total {
      warnings.add("TotalNumberOfPages is \(total), the ranges have \(pages.said)")
    }
    return try pages.finish(block, CrashDumpRanges.list, &warnings)
  }
}

/// Pages that lie one behind the other in a file, in the order of the bits of a bitmap.
struct BitmapFrames: FrameSource {
  let bytes: ByteMapping
  let bitmap: FrameBitmap
  let firstPage: UInt64
  /// The number of pages that the file has room for.
  let available: UInt64

  func decode(_ frame: UInt64, _ take: (PhysicalAddress, RawSpan) -> Void) {
    guard let position = bitmap.position(of: frame), position < available else { return }
    _ = bytes.withBytes(at: firstPage + position * frameSize, count: Int(frameSize)) {
      take(PhysicalAddress(frame * frameSize), $0)
    }
  }

  func holds(_ frame: UInt64) -> Bool { bitmap.position(of: frame).map { $0 < available } ?? false }

  var runs: [MemoryRun] { bitmap.runs(limit: available) }

  var damage: [String] { [] }

  /// As far as frames behind each other are a hole of the file.
  func knownZeroCount(at address: PhysicalAddress) -> UInt64 {
    guard let position = bitmap.position(of: address.frame), position < available else { return 0 }
    let offset = address.rawValue % frameSize
    let hole = bytes.holeCount(at: firstPage + position * frameSize + offset)
    guard hole > 0 else { return 0 }
    let most = min((offset + hole) / frameSize + 1, available - position)
    return min(hole, bitmap.stretch(from: address.frame, limit: most) * frameSize - offset)
  }

  /// The frames of which the file has data.
  var dataFrames: [Range<UInt64>] {
    var offset = firstPage
    return runs.reduce(into: []) { frames, run in
      frames.appendFrames(of: run, in: bytes, at: offset)
      offset += run.byteCount
    }
  }
}

extension DumpLimits {
  /// Refuses a bitmap so fragmented that listing its stretches would take too much memory.
  func check(
    _ bitmap: FrameBitmap, _ header: HeaderReader, _ field: HeaderField
  ) throws(DumpError) {
    guard bitmap.stretches > UInt64(runs) * 8 else { return }
    throw header.defect(
      field, expected: "at most \(runs * 8) stretches of pages", found: "\(bitmap.stretches)")
  }
}

extension MemoryImage {
  /// Memory whose frames `source` decodes, kept within `limits`.
  static func paged(
    _ source: any FrameSource, limits: DumpLimits
  ) throws(DumpError) -> MemoryImage {
    do {
      return .paged(PagedMemory(source, cache: try FrameCache(frames: limits.cachedFrames)))
    } catch { throw .inputOutput(error) }
  }
}
