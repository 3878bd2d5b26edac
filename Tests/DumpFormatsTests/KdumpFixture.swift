/// A kdump file put together by hand, from `struct disk_dump_header`, `struct kdump_sub_header` and
/// `struct page_desc` of makedumpfile's diskdump_mod.h as a 64-bit compiler lays them out.
struct KdumpFixture {
  struct Page {
    var frame: Int
    var flags: UInt32
    var bytes: [UInt8]
  }

  var pages: [Page]
  var blockSize = 4096
  var frames: UInt64 = 64
  var version: UInt32 = 6
  var isWide = true
  var machine = "x86_64"
  /// The frames of this file where the dump is split.
  var split: Range<UInt64>?
  var vmcoreinfo = ""

  /// The bytes of the file; descriptors and data stand in the order of `pages`.
  var bytes: [UInt8] {
    var file = [UInt8](repeating: 0, count: blockSize * 4)
    func put(_ value: UInt64, _ width: Int, at offset: Int) {
      for index in 0..<width { file[offset + index] = UInt8(value >> (index * 8) & 0xff) }
    }
    let numbers = isWide ? 424 : 412
    file.replaceSubrange(0..<8, with: Array("KDUMP   ".utf8))
    put(UInt64(version), 4, at: 8)
    // utsname: six texts of 65 bytes, the fifth is the machine.
    file.replaceSubrange(272..<272 + machine.utf8.count, with: Array(machine.utf8))
    put(1, 4, at: numbers)
    put(UInt64(blockSize), 4, at: numbers + 4)
    put(1, 4, at: numbers + 8)
    put(2, 4, at: numbers + 12)
    put(min(frames, 0xffff_ffff), 4, at: numbers + 16)
    put(1, 4, at: numbers + 36)
    // The sub-header.
    if let split {
      put(1, 4, at: blockSize + (isWide ? 12 : 8))
      put(split.lowerBound, 8, at: blockSize + (isWide ? 80 : 56))
      put(split.upperBound, 8, at: blockSize + (isWide ? 88 : 64))
    }
    put(frames, 8, at: blockSize + (isWide ? 96 : 72))
    if !vmcoreinfo.isEmpty {
      put(UInt64(blockSize + 200), 8, at: blockSize + (isWide ? 32 : 20))
      put(UInt64(vmcoreinfo.utf8.count), isWide ? 8 : 4, at: blockSize + (isWide ? 40 : 28))
      let start = blockSize + 200
      file.replaceSubrange(
        start..<start + vmcoreinfo.utf8.count, with: Array(vmcoreinfo.utf8))
    }
    // The bitmaps of the frames that exist and of those that are in the dump.
    for block in 2...3 {
      for page in pages { file[blockSize * block + page.frame / 8] |= 1 << UInt8(page.frame % 8) }
    }
    let own = pages.filter { split?.contains(UInt64($0.frame)) ?? true }
    var data: [UInt8] = []
    let start = file.count + own.count * 24
    for page in own {
      let place = file.count
      file += [UInt8](repeating: 0, count: 24)
      put(UInt64(start + data.count), 8, at: place)
      put(UInt64(page.bytes.count), 4, at: place + 8)
      put(UInt64(page.flags), 4, at: place + 12)
      data += page.bytes
    }
    return file + data
  }

  /// The bytes as makedumpfile sends them through a pipe, in pieces from the last to the first.
  var flattened: [UInt8] {
    func number(_ value: Int) -> [UInt8] {
      (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - $0 * 8)) }
    }
    let bytes = bytes
    var result = Array("makedumpfile".utf8) + [0, 0, 0, 0] + number(1) + number(1)
    result += [UInt8](repeating: 0, count: 4096 - result.count)
    for start in stride(from: 0, to: bytes.count, by: 1000).reversed() {
      let piece = bytes[start..<min(start + 1000, bytes.count)]
      result += number(start) + number(piece.count) + piece
    }
    return result + number(-1) + number(-1)
  }
}
