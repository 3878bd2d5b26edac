import PhysicalMemory
import Synchronization

/// The pages of one file of a dump.
struct KdumpPart: Sendable {
  let bytes: ByteMapping
  /// The pages that have a descriptor.
  let bitmap: FrameBitmap
  /// Where the descriptors of the pages begin.
  let descriptors: UInt64
  let blockSize: UInt64
  /// The pages whose bytes the file has: all, but for one that is cut off.
  private(set) var present: FrameBitmap

  init(bytes: ByteMapping, bitmap: FrameBitmap, descriptors: UInt64, blockSize: UInt64) {
    self.bytes = bytes
    self.bitmap = bitmap
    self.descriptors = descriptors
    self.blockSize = blockSize
    present = bitmap
  }

  /// The page that holds the frame of 4 KiB with number `frame`.
  func page(of frame: UInt64) -> UInt64 { frame / (blockSize / frameSize) }

  /// The position of the descriptor of a page that the file holds.
  func position(of page: UInt64) -> UInt64? {
    present.position(of: page) == nil ? nil : bitmap.position(of: page)
  }

  /// The stretches of pages.
  var runs: [MemoryRun] { present.runs(frameShift: UInt64(blockSize.trailingZeroBitCount)) }

  /// How many descriptors are looked at to see whether the file is cut off: those of pages of zeros may all lead to the
  /// front of the file, so that the last one alone does not tell.
  private static let lastDescriptors: UInt64 = 1 << 16

  /// Takes the pages of which the file ends before their descriptor or their bytes from those that are present.
  mutating func dropLostPages() throws(SystemError) {
    let fileEnd = UInt64(bytes.count)
    let room = (fileEnd - min(descriptors, fileEnd)) / KdumpPage.byteCount
    let first = bitmap.count - min(bitmap.count, Self.lastDescriptors)
    guard room < bitmap.count || (first..<bitmap.count).contains(where: { !isInFile($0) }) else {
      return
    }
    let bits = try ByteMapping.zeroed(count: Int((bitmap.frames.upperBound + 7) / 8))
    var position: UInt64 = 0
    // Numbers of pages, where others want addresses.
    for run in bitmap.runs(frameShift: 0, limit: room) {
      for page in run.start.rawValue...run.last.rawValue {
        if isInFile(position) {
          let byte = Int(page / 8)
          bits.store(
            (bits.load(UInt8.self, at: UInt64(byte)) ?? 0) | 1 << UInt8(page % 8), at: byte)
        }
        position += 1
      }
    }
    present = FrameBitmap(bits, at: 0, frames: bitmap.frames)
  }

  /// Whether the bytes lie in the file to which the descriptor at a position leads.
  private func isInFile(_ position: UInt64) -> Bool {
    let descriptor = descriptor(at: position)
    return descriptor.offset.addingClamped(descriptor.size) <= UInt64(bytes.count)
  }

  /// Where the bytes of a page are, and how they are compressed.
  struct Descriptor: Hashable {
    /// The place of the descriptor itself.
    var place: UInt64
    var offset: UInt64
    var size: UInt64
    var flags: UInt64

    /// Whether both say the same of the bytes: of pages that are equal the file need have one only.
    func sharesPage(with other: Descriptor) -> Bool {
      offset == other.offset && size == other.size && flags == other.flags
    }
  }

  /// The descriptor at a position.
  func descriptor(at position: UInt64) -> Descriptor {
    let place = descriptors + position * KdumpPage.byteCount
    let reader = HeaderReader(bytes: bytes, path: "", isWide: true, base: place)
    return Descriptor(
      place: place, offset: reader.load(KdumpPage.offset) ?? 0,
      size: reader.load(KdumpPage.size) ?? 0, flags: reader.load(KdumpPage.flags) ?? 0)
  }

  /// The bytes of a page by its descriptor.
  func decode(_ descriptor: Descriptor) throws(DumpDefect) -> [UInt8] {
    let place = descriptor.place
    let (offset, size, flags) = (descriptor.offset, descriptor.size, descriptor.flags)
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
  /// The page of each file that turned out to be zeros, which usually all that are zero share.
  private let zeroPages = Mutex<[Int: KdumpPart.Descriptor]>([:])

  /// Takes the files of a dump in the order of their frames.
  init(_ parts: [KdumpPart]) { self.parts = parts }

  var damage: [String] { log.list }

  func holds(_ frame: UInt64) -> Bool {
    parts.contains { $0.present.position(of: $0.page(of: frame)) != nil }
  }

  func decode(_ frame: UInt64, _ take: (PhysicalAddress, RawSpan) -> Void) {
    guard let (index, descriptor) = descriptor(of: frame) else { return }
    let part = parts[index]
    let address = PhysicalAddress(part.page(of: frame) * part.blockSize)
    do throws(DumpDefect) {
      let bytes = try part.decode(descriptor)
      unsafe take(address, bytes.span.bytes)
      zeroPages.withLock { pages in
        if pages[index] == nil, bytes.allSatisfy({ $0 == 0 }) { pages[index] = descriptor }
      }
    } catch {
      log.add(error, memory: "memory at \(address)")
    }
  }

  /// The descriptor of the page that holds a frame, and the number of its file.
  private func descriptor(of frame: UInt64) -> (part: Int, KdumpPart.Descriptor)? {
    for (index, part) in parts.enumerated() {
      if let position = part.position(of: part.page(of: frame)) {
        return (index, part.descriptor(at: position))
      }
    }
    return nil
  }

  /// The rest of the page that holds `address`, where it shares its bytes with one that is all zero.
  func knownZeroCount(at address: PhysicalAddress) -> UInt64 {
    let zeros = zeroPages.withLock { $0 }
    guard !zeros.isEmpty, let (index, descriptor) = descriptor(of: address.frame),
      zeros[index]?.sharesPage(with: descriptor) == true
    else { return 0 }
    let size = parts[index].blockSize
    return size - address.rawValue % size
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
