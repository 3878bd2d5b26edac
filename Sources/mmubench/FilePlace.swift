import Glibc

/// Which file a path names, whatever the spelling and whether the file is there yet.
struct FilePlace: Hashable {
  private let device: UInt64
  private let inode: UInt64
  /// The name in the folder, for a file that is not there yet.
  private let name: Substring?

  /// Looks at the file, or at the folder that it would be in; nil where there is not even that.
  init?(_ path: String) {
    if let status = Self.status(path) {
      self.init(status, name: nil)
      return
    }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let folder = parts.dropLast().joined(separator: "/")
    guard let name = parts.last,
      let status = Self.status(folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder)
    else { return nil }
    self.init(status, name: name)
  }

  private init(_ status: stat, name: Substring?) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    self.name = name
  }

  private static func status(_ path: String) -> stat? {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? status : nil
  }
}
