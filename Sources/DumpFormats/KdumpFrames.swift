import PhysicalMemory

/// The pages of one file of a dump.
struct KdumpPart: Sendable {
  let bytes: ByteMapping
  let bitmap: FrameBitmap
  /// Where the descriptors of the pages begin.
  let descriptors: UInt64
  /// The number of descriptors for which the file has room.
  let available: UInt64
  let blockSize: UInt64

  /// The page that holds the frame of 4 KiB with number `frame`.
  func page(of frame: UInt64) -> UInt64 { frame / (blockSize / frameSize) }

  /// The position of the descriptor of a page that the file holds.
  func position(of page: UInt64) -> UInt64? {
    bitmap.position(of: page).flatMap { $0 < available ? $0 : nil }
  }

  /// The stretches of pages.
  var runs: [MemoryRun] {
    bitmap.runs(frameShift: UInt64(blockSize.trailingZeroBitCount), limit: available)
  }

  /// The bytes of a page by its descriptor.
  func decode(_ position: UInt64) throws(DumpDefect) -> [UInt8] {
    let place = descriptors + position * KdumpPage.byteCount
    let descriptor = HeaderReader(bytes: bytes, path: "", isWide: true, base: place)
    let offset = descriptor.load(KdumpPage.offset) ?? 0
    let size = descriptor.load(KdumpPage.size) ?? 0
    let flags = descriptor.load(KdumpPage.flags) ?? 0
    guard let compression = KdumpCompression(rawValue: flags) else {
      throw DumpDefect(
        KdumpPage.flags.name, at: place + KdumpPage.flags.wide.offset,
        expected: "0 (none), 1 (zlib), 2 (LZO), 4 (snappy) or 0x20 (zstd)", found: flags.hex)
    }
    // The least compressible page grows by some bytes.
    guard size > 0, size <= blockSize * 2 else {
      throw DumpDefect(
        KdumpPage.size.name, at: place + KdumpPage.size.wide.offset,
        expected: "1 to \(blockSize * 2) bytes", found: "\(size)")
    }
    let decoded = bytes.withBytes(at: offset, count: Int(size)) { data in
      PageCompression.decompress(data, compression, capacity: Int(blockSize))
    }
    guard let decoded else {
      throw DumpDefect(
        KdumpPage.offset.name, at: place, expected: "\(size) bytes within the file",
        found: offset.hex, suggestion: "the file may be cut off")
    }
    guard let decoded else {
      throw DumpDefect(
        "page data", at: offset, expected: "\(blockSize) bytes, \(compression.name)",
        found: "damaged data")
    }
    return decoded
  }
}

/// Decompresses the pages of a kdump file, or of all files of a split one, as they are needed.
final class KdumpFrames: FrameSource {
  private let parts: [KdumpPart]
  private let log = DamageLog()

  /// Takes the files of a dump in the order of their frames.
  init(_ parts: [KdumpPart]) { self.parts = parts }

  var damage: [String] { log.list }

  func holds(_ frame: UInt64) -> Bool {
    parts.contains { $0.position(of: $0.page(of: frame)) != nil }
  }

  func decode(_ frame: UInt64, _ take: (PhysicalAddress, RawSpan) -> Void) {
    for part in parts {
      let page = part.page(of: frame)
      guard let position = part.position(of: page) else { continue }
      let address = PhysicalAddress(page * part.blockSize)
      do throws(DumpDefect) {
        let bytes = try part.decode(position)
        unsafe take(address, bytes.span.bytes)
      } catch {
        log.add(error, memory: "memory at \(address)")
      }
      return
    }
  }

  var runs: [MemoryRun] {
    var runs: [MemoryRun] = []
    for run in parts.flatMap(\.runs) {
      if let last = runs.last, last.start.rawValue + last.byteCount == run.start.rawValue {
        runs[runs.count - 1].byteCount += run.byteCount
      } else {
        runs.append(run)
      }
    }
    return runs
  }
}
