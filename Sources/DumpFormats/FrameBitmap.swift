import PhysicalMemory

/// A bitmap in a file that says of each frame whether it is there, lowest bit first.
///
/// The position of a frame among those that are there is found without going through the bitmap:
/// for each block of 512 bits the number of bits set before it is kept.
struct FrameBitmap: Sendable {
  private static let wordsOfBlock: UInt64 = 8

  private let bytes: ByteMapping
  private let offset: UInt64
  /// The frames of which the bitmap speaks.
  let frames: Range<UInt64>
  /// The number of bits set before each block of 512.
  private var before: [UInt64] = []
  /// The number of bits set.
  private(set) var count: UInt64 = 0
  /// The number of stretches of bits set.
  private(set) var stretches: UInt64 = 0

  /// Takes the bits of `frames` of a bitmap at `offset`, which have to lie in the file.
  init(_ bytes: ByteMapping, at offset: UInt64, frames: Range<UInt64>) {
    self.bytes = bytes
    self.offset = offset
    self.frames = frames
    let words = (frames.upperBound + 63) / 64
    before.reserveCapacity(Int(words / Self.wordsOfBlock) + 1)
    var carry: UInt64 = 0
    for index in 0..<words {
      if index % Self.wordsOfBlock == 0 { before.append(count) }
      let word = word(index)
      count += UInt64(word.nonzeroBitCount)
      // A stretch begins with each bit whose lower neighbour is clear.
      stretches += UInt64((word & ~(word << 1 | carry)).nonzeroBitCount)
      carry = word >> 63
    }
  }

  /// The bits of 64 frames; those of frames that are none of `frames` are clear.
  private func word(_ index: UInt64) -> UInt64 {
    let first = index * 64
    guard first + 64 > frames.lowerBound else { return 0 }
    let place = offset + index * 8
    let left = frames.upperBound - first
    var word: UInt64 = 0
    if let whole = bytes.load(UInt64.self, at: place) {
      word = whole
    } else {
      for byte in 0..<min(8, (left + 7) / 8) {
        word |= UInt64(bytes.load(UInt8.self, at: place + byte) ?? 0) << (byte * 8)
      }
    }
    if left < 64 { word &= 1 << left - 1 }
    if first < frames.lowerBound { word &= ~(1 << (frames.lowerBound - first) - 1) }
    return word
  }

  /// How many frames that are there come before `frame`; nil where that is not there itself.
  func position(of frame: UInt64) -> UInt64? {
    guard frames.contains(frame) else { return nil }
    let bit: UInt64 = 1 << (frame % 64)
    let own = word(frame / 64)
    guard own & bit != 0 else { return nil }
    let block = frame / 64 / Self.wordsOfBlock
    var position = before[Int(block)] + UInt64((own & (bit - 1)).nonzeroBitCount)
    for index in block * Self.wordsOfBlock..<frame / 64 {
      position += UInt64(word(index).nonzeroBitCount)
    }
    return position
  }

  /// How many frames from `frame` on are there without a gap, `limit` at most.
  func stretch(from frame: UInt64, limit: UInt64) -> UInt64 {
    var next = frame
    while next < frames.upperBound, next - frame < limit {
      let rest = word(next / 64) >> (next % 64)
      next += UInt64((~rest).trailingZeroBitCount)
      // A stretch that reaches the end of its word may go on in the next.
      guard rest != 0, next % 64 == 0 else { break }
    }
    return min(next - frame, limit)
  }

  /// The stretches of frames that are there, of the first `limit` ones.
  func runs(frameShift: UInt64 = frameShift, limit: UInt64 = .max) -> [MemoryRun] {
    var runs: [MemoryRun] = []
    var left = min(limit, count)
    var start: UInt64?
    func close(_ end: UInt64) {
      guard let first = start else { return }
      runs.append(
        MemoryRun(
          start: PhysicalAddress(first << frameShift), byteCount: (end - first) << frameShift))
      start = nil
    }
    for index in frames.lowerBound / 64..<(frames.upperBound + 63) / 64 where left > 0 {
      let word = word(index)
      var bit: UInt64 = 0
      while bit < 64, left > 0 {
        let rest = word >> bit
        if start == nil {
          guard rest != 0 else { break }
          bit += UInt64(rest.trailingZeroBitCount)
          start = index * 64 + bit
        } else {
          let ones = min(UInt64((~rest).trailingZeroBitCount), 64 - bit, left)
          bit += ones
          left -= ones
          if bit < 64 || left == 0 { close(index * 64 + bit) }
        }
      }
    }
    close(frames.upperBound)
    return runs
  }
}
