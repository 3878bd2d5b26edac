import PhysicalMemory

/// Reads AVML, version 2: for each block of memory a header, a snappy stream, and its length.
///
/// (Version 1 is LiME; blocks of both kinds may follow each other.) Because each stream is followed
/// by its length, the blocks are found from the end of the file, without going through the streams.
/// Where that fails, because the file is cut off or damaged, they are found from its beginning too.
struct AvmlFile {
  private let bytes: ByteMapping
  private let limits: DumpLimits
  private(set) var blocks: [AvmlBlock] = []
  private(set) var warnings = Warnings()

  /// Whether the bytes begin with AVML's magic number.
  static func recognises(_ bytes: ByteMapping) -> Bool {
    AvmlHeader.begins(bytes, at: 0)
  }

  init(_ bytes: ByteMapping, path: String, limits: DumpLimits) throws(DumpError) {
    self.bytes = bytes
    self.limits = limits
    let end = UInt64(bytes.count)
    let (tail, reached) = try backwards(path: path)
    if reached > 0 {
      let (head, defect) = forwards(to: reached)
      if let defect {
        guard head.contains(where: { $0.byteCount > 0 }) || !tail.isEmpty else {
          throw .malformed(path: path, defect)
        }
        let lost = reached == end ? "the rest of the file" : "up to byte \(reached.hex), it"
        warnings.add("\(defect); \(lost) is missing")
      }
      blocks = head
    }
    blocks += tail.reversed()
    blocks.removeAll { $0.byteCount == 0 }
    guard !blocks.isEmpty else {
      throw .malformed(
        path: path,
        DumpDefect(
          "block", at: AvmlHeader.byteCount, expected: "a block of memory",
          found: "none that is complete"))
    }
    dropOverlaps()
  }

  /// Blocks from the end on, the last first, and where the first of them begins.
  private func backwards(
    path: String
  ) throws(DumpError) -> (blocks: [AvmlBlock], reached: UInt64) {
    var blocks: [AvmlBlock] = []
    var end = UInt64(bytes.count)
    while end > 0, let block = lastBlock(before: end) {
      guard blocks.count < limits.runs else {
        throw .malformed(
          path: path,
          DumpDefect("block", at: end, expected: "at most \(limits.runs) blocks", found: "more"))
      }
      blocks.append(block)
      end = block.data - AvmlHeader.byteCount
    }
    return (blocks, end)
  }

  private func lastBlock(before end: UInt64) -> AvmlBlock? {
    guard end > AvmlHeader.byteCount + AvmlHeader.lengthSize else { return nil }
    let dataEnd = end - AvmlHeader.lengthSize
    guard let length = bytes.load(UInt64.self, at: dataEnd),
      length <= dataEnd - AvmlHeader.byteCount,
      let header = try? AvmlHeader(bytes, at: dataEnd - length - AvmlHeader.byteCount),
      header.isCompressed
    else { return nil }
    let block = AvmlBlock(header, data: dataEnd - length, dataEnd: dataEnd)
    // Who claims more than can be in the stream is looked at more closely.
    return block.byteCount / AvmlHeader.greatestRatio <= length ? block : nil
  }

  /// Blocks from the beginning on, up to `limit` or to the first defect.
  private func forwards(to limit: UInt64) -> (blocks: [AvmlBlock], defect: DumpDefect?) {
    var blocks: [AvmlBlock] = []
    var offset: UInt64 = 0
    do throws(DumpDefect) {
      while offset < limit {
        let header = try AvmlHeader(bytes, at: offset)
        let data = offset + AvmlHeader.byteCount
        guard data <= limit, blocks.count < limits.runs else {
          throw DumpDefect(
            "block", at: offset, expected: "at most \(limits.runs) blocks",
            found: data > limit ? "a header within the next block" : "one more")
        }
        var block = AvmlBlock(header, data: data, dataEnd: limit)
        let (decoded, defect) = block.measure(bytes, limit: limit)
        blocks.append(block)
        if let defect { throw defect }
        offset = decoded
      }
    } catch { return (blocks, error) }
    return (blocks, nil)
  }

  /// Of blocks that claim the same memory, only the first in the file is used.
  private mutating func dropOverlaps() {
    let order = blocks.indices.sorted { (blocks[$0].start, $0) < (blocks[$1].start, $1) }
    var kept: [Int] = []
    for index in order {
      guard let last = kept.last, blocks[last].last >= blocks[index].start else {
        kept.append(index)
        continue
      }
      let start = blocks[index].start.hex
      warnings.add("memory at \(start) is in the file more than once; the first block holds")
      if index < last {
        kept.removeLast()
        // The one before the last ends before that began, but perhaps not before this one does.
        if let before = kept.last, blocks[before].last >= blocks[index].start { continue }
        kept.append(index)
      }
    }
    blocks = kept.map { blocks[$0] }
  }
}

/// A block of memory and where its bytes are in the file.
struct AvmlBlock: Hashable, Sendable {
  let start: UInt64
  /// The bytes of memory, at least those that can be read.
  private(set) var byteCount: UInt64
  let isCompressed: Bool
  /// Where the bytes or the snappy stream begin.
  let data: UInt64
  /// Where they end at the latest.
  private(set) var dataEnd: UInt64

  init(_ header: AvmlHeader, data: UInt64, dataEnd: UInt64) {
    start = header.start
    // The last address of the address space is no memory; without it the size fits.
    byteCount = (header.last - header.start).addingClamped(1)
    isCompressed = header.isCompressed
    self.data = data
    self.dataEnd = dataEnd
  }

  /// The last address.
  var last: UInt64 { start &+ (byteCount &- 1) }

  /// Finds out where the block ends by going through it, and keeps what is complete of it.
  ///
  /// - Returns: where the next block begins, and what is wrong.
  fileprivate mutating func measure(
    _ bytes: ByteMapping, limit: UInt64
  ) -> (next: UInt64, defect: DumpDefect?) {
    guard isCompressed else {
      let available = min(byteCount, limit - data)
      dataEnd = data + available
      guard available < byteCount else { return (dataEnd, nil) }
      let defect = DumpDefect(
        "block", at: dataEnd, expected: "\(byteCount - available) more bytes of memory",
        found: "the end of the file", suggestion: "the file is cut off")
      byteCount = available
      return (dataEnd, defect)
    }
    var offset = data
    var decoded: UInt64 = 0
    do throws(DumpDefect) {
      while decoded < byteCount {
        let chunk = try SnappyFrame.chunk(bytes, at: offset, limit: limit)
        decoded += UInt64(chunk.decompressedCount)
        offset = chunk.end
      }
      dataEnd = offset
      let length = offset - data
      guard limit - offset >= AvmlHeader.lengthSize,
        bytes.load(UInt64.self, at: offset) == length
      else {
        let found = limit - offset < AvmlHeader.lengthSize
        throw DumpDefect(
          "length of the stream", at: offset, expected: "\(length)",
          found: found ? "the end of the file" : bytes.load(UInt64.self, at: offset)?.hex ?? "")
      }
      return (offset + AvmlHeader.lengthSize, nil)
    } catch {
      byteCount = min(byteCount, decoded)
      dataEnd = offset
      return (offset, error)
    }
  }
}
