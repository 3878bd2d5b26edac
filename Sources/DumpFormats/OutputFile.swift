import Glibc
public import PhysicalMemory

/// A file that appears whole or not at all.
///
/// The bytes go to a nameless file in the folder of the output, or to a hidden one where the file
/// system knows no nameless files. `commit` gives it its name; without that, nothing is left.
@safe public final class OutputFile {
  /// The output, as the user named it.
  public let path: String
  private let target: String
  private let force: Bool
  private var temporaryPath: String?
  private var writer: SparseWriter
  private var isOpen = true
  private var isCommitted = false
  /// Whether a library that wants a name writes the bytes.
  private var isFilledByName = false

  /// Begins the file `path`; an existing one is replaced, at `commit`, only where `force` is set.
  public convenience init(_ path: String, force: Bool = false) throws(DumpError) {
    try self.init(path, force: force, hidden: false)
  }

  /// Begins a file that a library fills which opens it by name.
  ///
  /// - Parameters:
  ///   - path: the output.
  ///   - force: whether an existing file is replaced, at `commit`.
  ///   - fill: takes the hidden name that the file has until `commit`; when it returns, the file is
  ///     closed and complete.
  /// - Throws: `DumpError` where the file cannot be created, and what `fill` throws.
  public convenience init(
    _ path: String, force: Bool, filledBy fill: (String) throws -> Void
  ) throws {
    try self.init(path, force: force, hidden: true)
    isFilledByName = true
    try fill(temporaryPath ?? path)
  }

  /// With `hidden`, begins the file as on a file system that knows no nameless files.
  package init(_ path: String, force: Bool, hidden: Bool) throws(DumpError) {
    self.path = path
    self.force = force
    target = try Self.resolve(path, force: force)
    let file: NamelessFile
    do {
      file = try NamelessFile(in: Self.folder(of: target), mode: 0o666, hidden: hidden)
    } catch {
      throw .cannotCreate(path: path, reason: systemReason(error.code), suggestion: nil)
    }
    temporaryPath = file.hiddenPath
    writer = SparseWriter(descriptor: file.descriptor, path: path)
  }

  deinit { abandon() }

  /// The number of bytes so far.
  public var position: UInt64 { writer.position }

  /// Appends bytes; blocks of zeros become holes of the file.
  public func write(_ bytes: RawSpan) throws(DumpError) {
    do { try writer.append(bytes) } catch { throw .inputOutput(error) }
  }

  /// Appends bytes; blocks of zeros become holes of the file.
  public func write(_ bytes: [UInt8]) throws(DumpError) { unsafe try write(bytes.span.bytes) }

  /// Appends text as UTF-8.
  public func write(_ text: String) throws(DumpError) { try write(Array(text.utf8)) }

  /// Appends zeros as a hole of the file.
  public func writeZeros(_ count: UInt64) throws(DumpError) {
    do { try writer.appendZeros(count) } catch { throw .inputOutput(error) }
  }

  /// Gives the file `count` bytes more, all zero and sure to have room, to be filled through a mapping.
  ///
  /// The mapping shows the file from its beginning.
  public func mapped(adding count: UInt64) throws(DumpError) -> ByteMapping {
    do {
      try writer.reserve(count)
      return try ByteMapping.writable(
        descriptor: writer.descriptor, path: path, count: Int(writer.position))
    } catch { throw .inputOutput(error) }
  }

  /// Drops what was written, and begins again; mappings of it are good no longer.
  public func restart() throws(DumpError) {
    do { try writer.restart() } catch { throw .inputOutput(error) }
  }

  /// Writes bytes over such as were written before, in a part of the file that was left for them.
  func overwrite(_ bytes: [UInt8], at offset: UInt64) throws(DumpError) {
    do { unsafe try writer.overwrite(bytes.span.bytes, at: offset) } catch {
      throw .inputOutput(error)
    }
  }

  /// Completes the file and gives it its name; nothing may be written afterwards.
  public func commit() throws(DumpError) {
    precondition(!isCommitted, "an output file is committed once")
    do {
      if !isFilledByName { try writer.finish() }
      try name()
      isCommitted = true
      try closeDescriptor()
    } catch {
      abandon()
      throw error.code == EEXIST ? Self.exists(path) : .inputOutput(error)
    }
  }

  private func abandon() {
    try? closeDescriptor()
    if let temporaryPath { unsafe unlink(temporaryPath) }
    temporaryPath = nil
  }

  private func closeDescriptor() throws(SystemError) {
    guard isOpen else { return }
    isOpen = false
    guard close(writer.descriptor) == 0 else { throw SystemError("write", path, code: errno) }
  }

  /// Moves the bytes to their name, in one step that others see either before or after.
  private func name() throws(SystemError) {
    if let hidden = temporaryPath {
      // Only closing tells whether a network file system took all of it.
      try closeDescriptor()
      try place(hidden)
    } else if force {
      // A link never replaces, so the nameless file gets a hidden name first.
      let hidden = NamelessFile.hiddenPath(in: Self.folder(of: target))
      try link(descriptorPath, hidden)
      temporaryPath = hidden
      try place(hidden)
    } else {
      try link(descriptorPath, target)
    }
  }

  private func place(_ hidden: String) throws(SystemError) {
    if force {
      guard unsafe rename(hidden, target) == 0 else {
        throw SystemError("rename", path, code: errno)
      }
    } else {
      try link(hidden, target)
      unsafe unlink(hidden)
    }
    temporaryPath = nil
  }

  private var descriptorPath: String { NamelessFile.path(of: writer.descriptor) }

  private func link(_ from: String, _ to: String) throws(SystemError) {
    guard unsafe linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW) == 0 else {
      throw SystemError("create", path, code: errno)
    }
  }
}

extension OutputFile {
  /// Where the bytes are to go: behind a symbolic link where `path` is one.
  private static func resolve(_ path: String, force: Bool) throws(DumpError) -> String {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw .cannotCreate(path: path, reason: "this is no file name", suggestion: nil)
    }
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else {
      guard errno == ENOENT, path.last != "/" else { throw failure(path) }
      return path
    }
    guard force else { throw exists(path) }
    guard unsafe stat(path, &status) == 0 else { return path }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      let reason = isFolder ? "it is a folder" : "it is no regular file"
      throw .cannotCreate(path: path, reason: reason, suggestion: "name a file")
    }
    guard let real = unsafe realpath(path, nil) else { throw failure(path) }
    defer { unsafe free(real) }
    return unsafe String(cString: real)
  }

  private static func exists(_ path: String) -> DumpError {
    .cannotCreate(path: path, reason: "it exists already", suggestion: "--force replaces it")
  }

  private static func failure(_ path: String) -> DumpError {
    .cannotCreate(path: path, reason: systemReason(errno), suggestion: nil)
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}

/// What the system calls the error `code`.
func systemReason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
