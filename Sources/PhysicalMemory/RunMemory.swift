/// Physical memory in many stretches: the segments of a dump, or the frames of a built image.
///
/// The address range is cut into equal slices. Where one stretch covers a slice, a table says where
/// its bytes are, so that a load costs the same with one stretch and with hundreds. For the others
/// a directory leads to the first stretch that reaches into the slice; where hostile addresses
/// crowd many stretches into one, a binary search finds the stretch.
@safe @frozen public struct RunMemory: PhysicalMemory {
  /// A stretch and where its bytes are.
  public struct Segment: Hashable, Sendable {
    /// Where the bytes of a stretch come from.
    public enum Source: Hashable, Sendable {
      /// From this byte offset of the mapping on.
      case mapping(offset: UInt64)
      /// Nowhere: all of them are zero, and known to be.
      case zero
    }

    /// The stretch.
    public var run: MemoryRun
    /// Where its bytes are.
    public var source: Source

    /// Describes `byteCount` bytes at `start` that come from `source`.
    public init(start: PhysicalAddress, byteCount: UInt64, source: Source) {
      self.run = MemoryRun(start: start, byteCount: byteCount)
      self.source = source
    }
  }

  /// One stretch as the hot path reads it.
  @usableFromInline
  struct Entry: Sendable {
    @usableFromInline var start: UInt64
    @usableFromInline var count: UInt64
    /// Added to an address, gives the byte offset in the mapping; `Entry.zero` for zeros.
    @usableFromInline var delta: UInt64
    @usableFromInline var isZero: Bool

    @usableFromInline
    init(start: UInt64, count: UInt64, delta: UInt64, isZero: Bool) {
      self.start = start
      self.count = count
      self.delta = delta
      self.isZero = isZero
    }
  }

  @usableFromInline let bytes: ByteMapping
  @usableFromInline let entries: [Entry]
  /// For each slice that lies in one entry that entry's `delta`, for the others `lookFurther`.
  @usableFromInline let deltas: [UInt64]
  /// For each slice the index of the first entry that ends after the slice begins.
  @usableFromInline let directory: [UInt32]
  @usableFromInline let first: UInt64
  @usableFromInline let sliceShift: UInt64

  /// Takes segments in any order.
  ///
  /// Where two overlap, the earlier one in `segments` holds; parts of
  /// a segment that lie outside the mapping or past the end of the address space are dropped.
  public init(_ bytes: ByteMapping, _ segments: [Segment]) {
    self.bytes = bytes
    entries = Self.disjoint(segments, mappingCount: UInt64(bytes.count))
    // Slices begin at frames, so that no aligned word crosses from one into the next.
    first = (entries.first?.start ?? 0) & ~0xfff
    let span = (entries.last.map { $0.start + ($0.count - 1) } ?? 0) - first
    var shift: UInt64 = 12
    while span >> shift >= 65_536 { shift += 1 }
    sliceShift = shift
    var directory: [UInt32] = []
    var deltas: [UInt64] = []
    if !entries.isEmpty {
      directory.reserveCapacity(Int(span >> shift) + 1)
      deltas.reserveCapacity(Int(span >> shift) + 1)
      var next = 0
      for slice in 0...(span >> shift) {
        let begin = first + slice << shift
        while entries[next].start + (entries[next].count - 1) < begin { next += 1 }
        directory.append(UInt32(next))
        deltas.append(Self.delta(of: begin, byteCount: 1 << shift, in: entries[next]))
      }
    }
    self.directory = directory
    self.deltas = deltas
  }

  /// No delta that is used: an entry that has it by chance is found the longer way.
  @inlinable static var lookFurther: UInt64 { UInt64.max }

  private static func delta(of begin: UInt64, byteCount: UInt64, in entry: Entry) -> UInt64 {
    let isCovered =
      begin >= entry.start && entry.count - (begin - entry.start) >= byteCount && !entry.isZero
    return isCovered ? entry.delta : lookFurther
  }

  /// The little-endian word at `address`, or nil where any of its bytes is absent.
  @inlinable
  public func load<Word: FixedWidthInteger & BitwiseCopyable>(
    _ type: Word.Type, at address: PhysicalAddress
  ) -> Word? {
    let size = UInt64(MemoryLayout<Word>.size)
    if let offset = offsetInSlice(of: address.rawValue, byteCount: size) {
      return bytes.load(type, at: offset)
    }
    return loadFromEntry(type, at: address)
  }

  /// Loads a word by way of the entries: from a slice that no single stretch covers.
  @inlinable @inline(never)
  func loadFromEntry<Word: FixedWidthInteger & BitwiseCopyable>(
    _ type: Word.Type, at address: PhysicalAddress
  ) -> Word? {
    guard let entry = entry(of: address.rawValue) else { return nil }
    let size = UInt64(MemoryLayout<Word>.size)
    guard entry.count &- (address.rawValue &- entry.start) >= size else {
      return loadAcrossEntries(type, at: address)
    }
    if entry.isZero { return 0 }
    return bytes.load(type, at: address.rawValue &+ entry.delta)
  }

  /// Calls `body` with `count` bytes from `address` on, or returns nil where they are not together.
  @inlinable
  public func withBytes<Result>(
    at address: PhysicalAddress, count: Int, _ body: (RawSpan) -> Result
  ) -> Result? {
    guard count >= 0 else { return nil }
    if let offset = offsetInSlice(of: address.rawValue, byteCount: UInt64(count)) {
      return bytes.withBytes(at: offset, count: count, body)
    }
    guard let entry = entry(of: address.rawValue),
      entry.count &- (address.rawValue &- entry.start) >= UInt64(count)
    else { return nil }
    guard entry.isZero else {
      return bytes.withBytes(at: address.rawValue &+ entry.delta, count: count, body)
    }
    guard count <= 4096 else { return nil }
    return unsafe body(zeroFrame.span.bytes.extracting(first: count))
  }

  /// Where the bytes are in the mapping, if all lie in one slice that one stretch covers.
  @inlinable @inline(__always)
  func offsetInSlice(of address: UInt64, byteCount: UInt64) -> UInt64? {
    let position = address &- first
    let slice = position &>> sliceShift
    guard slice < UInt64(truncatingIfNeeded: deltas.count) else { return nil }
    let delta = deltas[Int(truncatingIfNeeded: slice)]
    let size: UInt64 = 1 &<< sliceShift
    guard delta != Self.lookFurther, byteCount <= size &- (position & (size &- 1)) else {
      return nil
    }
    return address &+ delta
  }

  /// The stretch that holds `address`.
  @inlinable
  func entry(of address: UInt64) -> Entry? {
    let offset = address &- first
    let slice = offset &>> sliceShift
    guard slice < UInt64(truncatingIfNeeded: directory.count) else { return nil }
    var index = Int(truncatingIfNeeded: directory[Int(truncatingIfNeeded: slice)])
    var entry = entries[index]
    if address &- entry.start < entry.count { return entry }
    if address < entry.start { return nil }
    index &+= 1
    guard index < entries.count else { return nil }
    entry = entries[index]
    if address &- entry.start < entry.count { return entry }
    return address < entry.start ? nil : search(address, from: index)
  }

  @usableFromInline
  func search(_ address: UInt64, from first: Int) -> Entry? {
    var low = first
    var high = entries.count
    while low < high {
      let middle = low + (high - low) / 2
      if entries[middle].start <= address { low = middle + 1 } else { high = middle }
    }
    let entry = entries[low - 1]
    return address &- entry.start < entry.count ? entry : nil
  }

  @usableFromInline
  func loadAcrossEntries<Word: FixedWidthInteger>(
    _ type: Word.Type, at address: PhysicalAddress
  ) -> Word? {
    var word: Word = 0
    for byte in 0..<UInt64(MemoryLayout<Word>.size) {
      let (position, overflow) = address.rawValue.addingReportingOverflow(byte)
      guard !overflow, let value = load(UInt8.self, at: PhysicalAddress(position)) else {
        return nil
      }
      word |= Word(truncatingIfNeeded: value) << Word(byte * 8)
    }
    return word
  }

  /// The rest of the stretch that holds `address`, where it is one of zeros, or as far as it is a hole of the file.
  public func knownZeroCount(at address: PhysicalAddress) -> UInt64 {
    guard let entry = entry(of: address.rawValue) else { return 0 }
    let rest = entry.count - (address.rawValue - entry.start)
    return entry.isZero ? rest : min(rest, bytes.holeCount(at: address.rawValue &+ entry.delta))
  }

  /// The frames of stretches that are not zero, where the file has data of them.
  public var dataFrames: [Range<UInt64>] {
    entries.reduce(into: []) { frames, entry in
      guard !entry.isZero else { return }
      let run = MemoryRun(start: PhysicalAddress(entry.start), byteCount: entry.count)
      frames.appendFrames(of: run, in: bytes, at: entry.start &+ entry.delta)
    }
  }

  /// The stretches, joined where one ends where the next begins.
  public var runs: [MemoryRun] {
    var runs: [MemoryRun] = []
    for entry in entries {
      if let last = runs.last, last.start.rawValue &+ last.byteCount == entry.start {
        runs[runs.count - 1].byteCount += entry.count
      } else {
        runs.append(MemoryRun(start: PhysicalAddress(entry.start), byteCount: entry.count))
      }
    }
    return runs
  }
}

/// What a stretch of zeros shows to a reader that wants bytes in place.
@usableFromInline let zeroFrame = [UInt8](repeating: 0, count: 4096)
