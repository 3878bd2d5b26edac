import DumpFormats
import Glibc
import PhysicalMemory

/// The user's folder for indexes, and for what was found of the machines that they are of.
///
/// What was not used for the longest time goes when something new is kept and the whole is larger than a
/// limit. A process that has a file open keeps it until it ends.
public struct CacheFolder {
  /// What the files may take together.
  public static let limit: UInt64 = 4 << 30

  /// What the names of files begin and end with, by what they hold.
  enum Kind: CaseIterable {
    /// An index.
    case index
    /// What opening a dump found.
    case machine

    fileprivate var name: (start: String, end: String) {
      switch self {
      case .index: ("reverse-", ".index")
      case .machine: ("machine-", ".found")
      }
    }

    fileprivate func isName(_ text: String) -> Bool {
      text.hasPrefix(name.start) && text.hasSuffix(name.end)
    }
  }

  /// The folder.
  public let path: String

  /// Takes a folder.
  public init(_ path: String) { self.path = path }

  /// The folder of this program by the XDG Base Directory Specification; nil where no variable says where.
  static var own: CacheFolder? { Folders.cache.map { CacheFolder("\($0)/mmubench") } }

  /// The path of a file.
  func file(_ kind: Kind, _ name: IndexKey) -> String {
    let digits = [name.high, name.low].map { $0.hex(digits: 16).dropFirst(2) }.joined()
    return "\(path)/\(kind.name.start)\(digits)\(kind.name.end)"
  }

  /// Makes the folder where it is not there; false where that fails.
  func make() -> Bool { Folders.make(path) }

  /// Begins a file that takes the place of whatever has its name.
  ///
  /// A link that has the name goes itself: what it leads to was not kept here, and is not written over.
  static func begin(_ path: String) throws(DumpError) -> OutputFile {
    var status = stat()
    if unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK {
      unsafe unlink(path)
    }
    return try OutputFile(path, force: true)
  }

  /// Remembers that a file was used just now.
  static func use(_ path: String) { _ = unsafe utimensat(AT_FDCWD, path, nil, 0) }

  /// A file that is kept.
  private struct File {
    var path: String
    var byteCount: UInt64
    var used: (seconds: Int, nanoseconds: Int)
  }

  /// Removes what was not used for the longest time until the rest takes no more than a limit.
  ///
  /// - Parameters:
  ///   - limit: the bytes that the files may take on the disk.
  ///   - kept: a file that stays, however large it is.
  public func trim(to limit: UInt64 = Self.limit, keeping kept: String) {
    let files = self.files
    var total = files.reduce(0) { $0 + $1.byteCount }
    for file in files.sorted(by: { $0.used < $1.used }) where total > limit && file.path != kept {
      guard unsafe unlink(file.path) == 0 else { continue }
      total -= file.byteCount
    }
  }

  /// The files that this program keeps; what else may be in the folder is nobody's business here.
  private var files: [File] {
    guard let directory = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(directory) }
    var files: [File] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard Kind.allCases.contains(where: { $0.isName(name) }) else { continue }
      let path = "\(self.path)/\(name)"
      var status = stat()
      guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      files.append(
        File(
          path: path, byteCount: UInt64(status.st_blocks) * 512,
          used: (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)))
    }
    return files
  }
}
