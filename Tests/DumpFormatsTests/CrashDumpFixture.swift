/// A Windows crash dump put together by hand, from `DUMP_HEADER64` and `DUMP_HEADER32` as the
/// debugger's documentation and other readers have them.
struct CrashDumpFixture {
  var isWide = true
  var type: UInt64 = 1
  var machine: UInt64 = 0x8664
  var root: UInt64 = 0x1aa000
  var pae: UInt8 = 0
  var runs: [(UInt64, UInt64)] = []
  var numberOfRuns: UInt64?
  var numberOfPages: UInt64?
  /// What follows the header.
  var rest: [UInt8] = []

  var bytes: [UInt8] {
    let page = Array("PAGE".utf8)
    var file = (0..<(isWide ? 0x800 : 0x400)).flatMap { _ in page }
    func put(_ value: UInt64, _ width: Int, at offset: Int) {
      for index in 0..<width { file[offset + index] = UInt8(value >> (index * 8) & 0xff) }
    }
    let word = isWide ? 8 : 4
    file.replaceSubrange(4..<8, with: Array((isWide ? "DU64" : "DUMP").utf8))
    put(0xf, 4, at: 8)
    put(9600, 4, at: 12)
    put(root, word, at: 0x10)
    put(machine, 4, at: isWide ? 0x30 : 0x20)
    put(4, 4, at: isWide ? 0x34 : 0x24)
    put(0xe2, 4, at: isWide ? 0x38 : 0x28)
    if !isWide { file[0x5c] = pae }
    let pages = runs.reduce(0) { $0 &+ $1.1 }
    put(numberOfRuns ?? UInt64(runs.count), 4, at: isWide ? 0x88 : 0x64)
    put(numberOfPages ?? pages, word, at: isWide ? 0x90 : 0x68)
    for (index, run) in runs.enumerated() {
      let place = (isWide ? 0x98 : 0x6c) + index * 2 * word
      put(run.0, word, at: place)
      put(run.1, word, at: place + word)
    }
    put(type, 4, at: isWide ? 0xf98 : 0xf88)
    return file + rest
  }

  /// Pages of which each is filled with one of `values`.
  static func pages(_ values: [UInt8]) -> [UInt8] {
    values.flatMap { [UInt8](repeating: $0, count: 4096) }
  }

  private static func number(_ value: UInt64, _ width: Int = 8) -> [UInt8] {
    (0..<width).map { UInt8(value >> ($0 * 8) & 0xff) }
  }

  /// A block with a bitmap, and the pages behind it.
  static func bitmapBlock(
    _ signature: String, bits: UInt64, bitmap: [UInt8], present: UInt64, firstPage: UInt64,
    headerSize: UInt64 = 0x2000, pages: [UInt8]
  ) -> [UInt8] {
    let start = Array((signature + "DUMP").utf8) + [UInt8](repeating: 0, count: 24)
    let block = start + number(firstPage) + number(present) + number(bits) + bitmap
    return block + [UInt8](repeating: 0, count: Int(firstPage - headerSize) - block.count) + pages
  }

  /// A block with ranges, and the pages behind it.
  static func rangesBlock(
    metadata: UInt64, firstPage: UInt64, total: UInt64, ranges: [(UInt64, UInt64)], pages: [UInt8]
  ) -> [UInt8] {
    let start = number(0x40, 4) + Array("RDMPDUMP".utf8) + number(0, 4)
    let block =
      start + number(metadata) + number(firstPage) + number(UInt64(ranges.count)) + number(total)
      + ranges.flatMap { number($0.0) + number($0.1) }
    return block + [UInt8](repeating: 0, count: max(0, Int(firstPage) - 0x2000 - block.count))
      + pages
  }
}
