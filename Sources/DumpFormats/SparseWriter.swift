import Glibc
import PhysicalMemory

/// Writes a file from front to back and leaves blocks of zeros out, so that they become holes.
@safe struct SparseWriter {
  private static let blockSize: UInt64 = 4096
  private static let zeroBlock = [UInt8](repeating: 0, count: Int(blockSize))
  private static let capacity = 1 << 20

  let descriptor: Int32
  let path: String
  private var buffer: [UInt8] = []
  /// Where the buffer begins in the file.
  private var flushed: UInt64 = 0
  /// The bytes that were written and are no holes.
  private(set) var dataBytes: UInt64 = 0

  init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  /// The length of the file so far.
  var position: UInt64 { flushed + UInt64(buffer.count) }

  mutating func append(_ bytes: RawSpan) throws(SystemError) {
    try checkLength(adding: UInt64(bytes.byteCount))
    var rest = bytes
    while rest.byteCount > 0 {
      if buffer.capacity == 0 { buffer.reserveCapacity(Self.capacity) }
      let count = min(rest.byteCount, Self.capacity - buffer.count)
      unsafe rest.extracting(first: count).withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
      rest = rest.extracting(droppingFirst: count)
      if buffer.count == Self.capacity { try flush() }
    }
  }

  /// Appends zeros without writing them.
  mutating func appendZeros(_ count: UInt64) throws(SystemError) {
    try checkLength(adding: count)
    if count < Self.blockSize {
      // A gap within a block: the bytes around it go out in one piece.
      unsafe try append(Self.zeroBlock.span.bytes.extracting(first: Int(count)))
    } else {
      try flush()
      flushed += count
    }
  }

  /// Appends zeros for which there is room on the disk, so that a mapping of them can be filled.
  mutating func reserve(_ count: UInt64) throws(SystemError) {
    try checkLength(adding: count)
    try flush()
    let code = posix_fallocate(descriptor, off_t(flushed), off_t(count))
    guard code == 0 else { throw SystemError("write", path, code: code) }
    flushed += count
  }

  /// Writes bytes at a place in the file, over those that are there; a gap before them is zeros.
  mutating func overwrite(_ bytes: RawSpan, at offset: UInt64) throws(SystemError) {
    if offset > position { try appendZeros(offset - position) }
    let inside = Int(min(UInt64(bytes.byteCount), position - offset))
    if inside > 0 {
      try flush()
      try write(bytes.extracting(first: inside), at: offset)
    }
    try append(bytes.extracting(droppingFirst: inside))
  }

  /// Drops what was written.
  mutating func restart() throws(SystemError) {
    buffer.removeAll(keepingCapacity: true)
    (flushed, dataBytes) = (0, 0)
    try setLength()
  }

  /// Writes what is left and gives the file its length.
  mutating func finish() throws(SystemError) {
    try flush()
    try setLength()
  }

  private func setLength() throws(SystemError) {
    guard ftruncate(descriptor, Int(flushed)) == 0 else {
      throw SystemError("write", path, code: errno)
    }
  }

  private func checkLength(adding count: UInt64) throws(SystemError) {
    guard position.addingClamped(count) <= UInt64(Int64.max) else {
      throw SystemError("write", path, code: EFBIG)
    }
  }

  /// Writes the buffer in stretches between blocks of zeros; blocks are aligned in the file.
  private mutating func flush() throws(SystemError) {
    var pending = 0
    var index = 0
    while index < buffer.count {
      let toBoundary = Self.blockSize - (flushed + UInt64(index)) % Self.blockSize
      let end = min(buffer.count, index + Int(toBoundary))
      if isZero(index..<end) {
        try write(pending..<index)
        pending = end
      }
      index = end
    }
    try write(pending..<index)
    flushed += UInt64(buffer.count)
    buffer.removeAll(keepingCapacity: true)
  }

  private func isZero(_ range: Range<Int>) -> Bool {
    // Bytes that equal their neighbours are all equal; the C library compares many at a time.
    guard let first = buffer[range].first, first == 0 else { return false }
    return unsafe buffer.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return true }
      let start = unsafe base + range.lowerBound
      return unsafe memcmp(start, start + 1, range.count - 1) == 0
    }
  }

  private mutating func write(_ range: Range<Int>) throws(SystemError) {
    dataBytes += UInt64(range.count)
    let piece = unsafe buffer.span.bytes.extracting(range)
    try write(piece, at: flushed + UInt64(range.lowerBound))
  }

  private func write(_ bytes: RawSpan, at offset: UInt64) throws(SystemError) {
    var done = 0
    while done < bytes.byteCount {
      let written = unsafe bytes.extracting(droppingFirst: done).withUnsafeBytes { rest in
        unsafe pwrite(descriptor, rest.baseAddress, rest.count, Int(offset) + done)
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw SystemError("write", path, code: written < 0 ? errno : EIO) }
      done += written
    }
  }
}
