public import Synchronization

/// The frames that were decoded last, shared by all threads.
///
/// Each frame has one place, found from its number, so the bound is fixed and nothing is searched.
/// A place has a tag. Who stores takes the tag away, writes the words, and puts a new tag that says
/// frame and sequence; who loads reads the tag, the words, and the tag again. Equal tags prove
/// that the words belong to the frame: no load waits or writes anything that others share.
@safe public final class FrameCache: Sendable {
  /// The fields of a tag; 0 is the tag of an empty place.
  @usableFromInline
  enum Tag {
    /// The number of the frame.
    @usableFromInline static let frameBits: UInt64 = 40
    /// Set in every tag but that of an empty place.
    @usableFromInline static let valid: UInt64 = 1 << frameBits
    /// What frame and `valid` take together; the rest is the sequence.
    @usableFromInline static let lowMask: UInt64 = valid << 1 - 1
    static let sequenceShift = frameBits + 1
  }

  @usableFromInline static let wordsOfFrame = Int(frameSize) / MemoryLayout<UInt64>.size

  private let tagBytes: ByteMapping
  private let wordBytes: ByteMapping
  @usableFromInline nonisolated(unsafe) let tags: UnsafeMutablePointer<Atomic<UInt64>>
  @usableFromInline nonisolated(unsafe) let words: UnsafeMutablePointer<Atomic<UInt64>>
  @usableFromInline let placeMask: UInt64
  /// The number of frames stored so far, and the lock of all who store.
  private let stored = Mutex<UInt64>(0)

  /// Makes room for `frames` frames, rounded up to a power of two; what is not used takes no memory.
  public init(frames: Int) throws(SystemError) {
    var places = 1
    while places < min(max(frames, 1), 1 << 24) { places *= 2 }
    tagBytes = try ByteMapping.zeroed(count: places * MemoryLayout<UInt64>.size)
    wordBytes = try ByteMapping.zeroed(count: places * Int(frameSize))
    placeMask = UInt64(places - 1)
    // Both mappings are zeroed and aligned to pages, and `Atomic<UInt64>` is laid out as its value.
    unsafe tags = tagBytes.base.bindMemory(to: Atomic<UInt64>.self, capacity: places)
    unsafe words = wordBytes.base.bindMemory(
      to: Atomic<UInt64>.self, capacity: places * Self.wordsOfFrame)
  }

  /// The number of frames for which there is room.
  public var capacity: Int { Int(placeMask) + 1 }

  @inlinable @inline(__always)
  func place(of frame: UInt64) -> Int { Int(truncatingIfNeeded: frame & placeMask) }

  /// The tag of the place of `frame` where that holds it, else nil.
  @inlinable @inline(__always)
  func tag(of frame: UInt64) -> UInt64? {
    let tag = unsafe tags[place(of: frame)].load(ordering: .acquiring)
    // A number too great for the field gives a sum that no tag has.
    return tag & Tag.lowMask == frame &+ Tag.valid ? tag : nil
  }

  /// Whether the place of `frame` has kept `tag` while its words were read.
  @inlinable @inline(__always)
  func stillHas(_ tag: UInt64, _ frame: UInt64) -> Bool {
    atomicMemoryFence(ordering: .acquiring)
    return unsafe tags[place(of: frame)].load(ordering: .relaxed) == tag
  }

  /// The little-endian word at `offset` of a frame, in which it lies, or nil where it is not here.
  @inlinable @inline(__always)
  func load<Word: FixedWidthInteger & BitwiseCopyable>(
    _ type: Word.Type, frame: UInt64, offset: UInt64
  ) -> Word? {
    guard let tag = tag(of: frame), Word.bitWidth <= 64 else { return nil }
    let index = place(of: frame) &* Self.wordsOfFrame &+ Int(truncatingIfNeeded: offset &>> 3)
    let shift = (offset & 7) &* 8
    var value = unsafe words[index].load(ordering: .relaxed) &>> shift
    if shift &+ UInt64(truncatingIfNeeded: Word.bitWidth) > 64 {
      value |= unsafe words[index &+ 1].load(ordering: .relaxed) &<< (64 &- shift)
    }
    return stillHas(tag, frame) ? Word(truncatingIfNeeded: value) : nil
  }

  /// Calls `body` with a copy of bytes that lie in a frame, or returns nil where it is not here.
  @usableFromInline
  func withBytes<Result>(
    frame: UInt64, offset: Int, count: Int, _ body: (RawSpan) -> Result
  ) -> Result? {
    guard let tag = tag(of: frame) else { return nil }
    return unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Self.wordsOfFrame) {
      copy in
      let start = place(of: frame) &* Self.wordsOfFrame
      for word in offset / 8..<(offset + count + 7) / 8 {
        unsafe copy[word] = words[start &+ word].load(ordering: .relaxed)
      }
      guard stillHas(tag, frame) else { return nil }
      let bytes = UnsafeRawBufferPointer(copy)
      return unsafe body(bytes.bytes.extracting(offset..<offset + count))
    }
  }

  /// Keeps the 4096 bytes of a frame, in the place of another one where need be.
  func store(_ bytes: RawSpan, frame: UInt64) {
    precondition(bytes.byteCount == Int(frameSize), "a cache keeps whole frames")
    guard frame < Tag.valid, tag(of: frame) == nil else { return }
    stored.withLock { stored in
      guard tag(of: frame) == nil else { return }
      stored &+= 1
      let place = place(of: frame)
      unsafe tags[place].store(0, ordering: .relaxed)
      atomicMemoryFence(ordering: .releasing)
      for word in 0..<Self.wordsOfFrame {
        let value = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: word * 8, as: UInt64.self)
        unsafe words[place * Self.wordsOfFrame + word].store(value, ordering: .relaxed)
      }
      let tag = stored << Tag.sequenceShift | Tag.valid | frame
      unsafe tags[place].store(tag, ordering: .releasing)
    }
  }
}
