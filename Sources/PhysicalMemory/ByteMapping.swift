import Glibc

/// What the system answered when a file could not be opened, mapped or written.
public struct SystemError: Error, Hashable, CustomStringConvertible {
  /// The call that failed, for example "open".
  public let call: String
  /// The file, as the user named it.
  public let path: String
  /// The C error number.
  public let code: Int32

  /// Describes a failure of `call` on `path` with the C error number `code`.
  public init(_ call: String, _ path: String, code: Int32) {
    self.call = call
    self.path = path
    self.code = code
  }

  /// The failure as the user reads it, for example `memory.raw: cannot open: No such file`.
  public var description: String {
    "\(path): cannot \(call): \(unsafe String(cString: strerror(code)))"
  }
}

/// A stretch of the process's own memory that backs physical memory: a mapped file or zeroed pages.
///
/// It lives as long as anything refers to it.
@safe public final class ByteMapping: Sendable {
  /// The first byte; nil only where there are none.
  @usableFromInline nonisolated(unsafe) let base: UnsafeMutableRawPointer
  /// The number of bytes.
  public let count: Int
  /// What is known of the holes of the file; nil where there is none.
  let holes: FileHoles?

  private init(base: UnsafeMutableRawPointer, count: Int, holes: FileHoles?) {
    unsafe self.base = base
    self.count = count
    self.holes = holes
  }

  deinit { unsafe munmap(base, max(count, 1)) }

  /// Maps zeroed memory of the process's own.
  public static func zeroed(count: Int) throws(SystemError) -> ByteMapping {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    return try map(count, protection: PROT_READ | PROT_WRITE, flags, -1, path: "memory")
  }

  /// Maps a whole file for reading; its size is taken once, here.
  public static func file(_ path: String) throws(SystemError) -> ByteMapping {
    // Without O_NONBLOCK, opening a pipe would wait for somebody to write to it.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw SystemError("open", path, code: errno) }
    defer { close(descriptor) }
    return try file(descriptor: descriptor, path: path)
  }

  /// Maps all of an open file for reading; the descriptor may be closed afterwards.
  public static func file(descriptor: Int32, path: String) throws(SystemError) -> ByteMapping {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw SystemError("open", path, code: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw SystemError("map", path, code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : ENODEV)
    }
    return try map(
      Int(status.st_size), protection: PROT_READ, MAP_PRIVATE, descriptor, path: path)
  }

  /// Maps the first `count` bytes of an open file for reading and writing; the file must be as long.
  public static func writable(
    descriptor: Int32, path: String, count: Int
  ) throws(SystemError) -> ByteMapping {
    try map(count, protection: PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, path: path)
  }

  private static func map(
    _ count: Int, protection: Int32, _ flags: Int32, _ descriptor: Int32, path: String
  ) throws(SystemError) -> ByteMapping {
    // The system maps no empty file, so an empty one is a page that nobody may read.
    let flags = count == 0 ? MAP_PRIVATE | MAP_ANONYMOUS : flags
    let pointer = unsafe mmap(
      nil, max(count, 1), protection, flags, count == 0 ? -1 : descriptor, 0)
    guard let pointer = unsafe pointer, unsafe pointer != MAP_FAILED else {
      throw SystemError("map", path, code: errno)
    }
    // What is written through a mapping fills holes.
    let holes = protection & PROT_WRITE == 0 ? FileHoles(descriptor: descriptor, count: count) : nil
    return unsafe ByteMapping(base: pointer, count: count, holes: holes)
  }

  /// The little-endian word at byte `offset`, or nil where it reaches past the end.
  @inlinable
  public func load<Word: FixedWidthInteger & BitwiseCopyable>(
    _ type: Word.Type, at offset: UInt64
  ) -> Word? {
    let (end, overflow) = offset.addingReportingOverflow(UInt64(MemoryLayout<Word>.size))
    guard !overflow, end <= UInt64(bitPattern: Int64(count)) else { return nil }
    return unsafe Word(
      littleEndian: base.loadUnaligned(fromByteOffset: Int(truncatingIfNeeded: offset), as: type))
  }

  /// Calls `body` with the bytes from `offset` on, or returns nil where they reach past the end.
  @inlinable
  public func withBytes<Result>(
    at offset: UInt64, count wanted: Int, _ body: (RawSpan) -> Result
  ) -> Result? {
    let (end, overflow) = offset.addingReportingOverflow(UInt64(bitPattern: Int64(wanted)))
    guard wanted >= 0, !overflow, end <= UInt64(bitPattern: Int64(count)) else { return nil }
    let bytes = unsafe UnsafeRawBufferPointer(
      start: base + Int(truncatingIfNeeded: offset), count: wanted)
    return unsafe body(bytes.bytes)
  }

  /// Whether the bytes from `offset` on are those of another mapping; both must have them.
  public func hasBytes(
    at offset: UInt64, of other: ByteMapping, at otherOffset: UInt64, count wanted: Int
  ) -> Bool {
    withBytes(at: offset, count: wanted) { own in
      other.withBytes(at: otherOffset, count: wanted) { theirs in
        unsafe own.withUnsafeBytes { own in
          unsafe theirs.withUnsafeBytes { theirs in
            guard let own = own.baseAddress, let theirs = theirs.baseAddress else { return true }
            return unsafe memcmp(own, theirs, wanted) == 0
          }
        }
      }
    } == true
  }

  /// Calls `body` with the bytes of a mapping made by `zeroed` or `writable`, to be filled.
  public func fill<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows
    -> Result
  {
    unsafe try body(UnsafeMutableRawBufferPointer(start: base, count: count))
  }

  /// Lets the host back bytes of a mapping made by `zeroed` with its huge pages, as all of them are about to
  /// be written; a host without any does as before.
  public func expectWrites(at offset: Int, count wanted: Int) {
    precondition(offset >= 0 && wanted >= 0 && wanted <= count - offset, "past the end")
    unsafe madvise(base + offset, wanted, MADV_HUGEPAGE)
  }

  /// Copies bytes into a mapping made by `zeroed`; they must fit.
  public func store(_ bytes: RawSpan, at offset: Int) {
    precondition(offset >= 0 && bytes.byteCount <= count - offset, "stored past the end")
    unsafe bytes.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      unsafe (base + offset).copyMemory(from: start, byteCount: source.count)
    }
  }

  /// Copies bytes into a mapping made by `zeroed`; they must fit.
  public func store(_ bytes: [UInt8], at offset: Int) { unsafe store(bytes.span.bytes, at: offset) }

  /// Stores a little-endian word into a mapping made by `zeroed`; it must fit.
  public func store<Word: FixedWidthInteger & BitwiseCopyable>(_ word: Word, at offset: Int) {
    precondition(offset >= 0 && MemoryLayout<Word>.size <= count - offset, "stored past the end")
    unsafe base.storeBytes(of: word.littleEndian, toByteOffset: offset, as: Word.self)
  }
}
