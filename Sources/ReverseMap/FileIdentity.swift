import Glibc

/// What tells one state of a file from another, as far as a look at its head can.
struct FileIdentity: Hashable, Sendable {
  var device: UInt64
  var inode: UInt64
  var size: Int64
  var seconds: Int64
  var nanoseconds: Int64
  /// The digest of the first bytes.
  var head: IndexKey

  private static let headSize = 1 << 16

  /// Looks at a file; nil where that cannot be done.
  init?(_ path: String) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return nil
    }
    var head = [UInt8](repeating: 0, count: Self.headSize)
    let count = unsafe head.withUnsafeMutableBytes {
      unsafe pread(descriptor, $0.baseAddress, $0.count, 0)
    }
    guard count >= 0 else { return nil }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = Int64(status.st_size)
    (seconds, nanoseconds) = (Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec))
    self.head = unsafe IndexHash.digest(head.span.bytes.extracting(first: count))
  }

  /// Looks at all files of a machine; nil where there are none, or one cannot be looked at.
  static func all(_ paths: [String]) -> [FileIdentity]? {
    let identities = paths.compactMap(FileIdentity.init)
    return identities.isEmpty || identities.count < paths.count ? nil : identities
  }
}

/// Folders that the environment names.
enum Folders {
  /// The folder for what can be computed again, by the XDG Base Directory Specification: a relative path
  /// in the variable is ignored.
  static var cache: String? {
    if let folder = variable("XDG_CACHE_HOME"), folder.hasPrefix("/") { return folder }
    return variable("HOME").flatMap { $0.hasPrefix("/") ? $0 + "/.cache" : nil }
  }

  /// The folder for temporary files.
  static var temporary: String { variable("TMPDIR") ?? "/tmp" }

  /// Makes a folder and those above it; false where that fails.
  static func make(_ path: String) -> Bool {
    if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST { return true }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex,
      make(String(path[..<slash]))
    else { return false }
    return unsafe mkdir(path, 0o700) == 0 || errno == EEXIST
  }

  private static func variable(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    let text = unsafe String(cString: value)
    return text.isEmpty ? nil : text
  }
}
