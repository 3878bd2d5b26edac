import Glibc
import PhysicalMemory

/// A new file that has no name yet, or a hidden one where the file system knows no nameless files.
struct NamelessFile {
  /// `__O_TMPFILE` of the kernel's asm-generic/fcntl.h, which glibc shows to GNU sources only.
  private static let nameless: Int32 = 0o20_000_000 | O_DIRECTORY

  let descriptor: Int32
  /// The hidden name, which whoever opens the file has to remove.
  let hiddenPath: String?

  init(in folder: String, mode: mode_t, hidden isHidden: Bool = false) throws(SystemError) {
    let nameless = isHidden ? -1 : unsafe open(folder, Self.nameless | O_RDWR | O_CLOEXEC, mode)
    if nameless >= 0 {
      // Without /proc there is no way to name it later.
      if unsafe access(Self.path(of: nameless), F_OK) == 0 {
        (descriptor, hiddenPath) = (nameless, nil)
        return
      }
      close(nameless)
    }
    let hidden = Self.hiddenPath(in: folder)
    let named = unsafe open(hidden, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard named >= 0 else { throw SystemError("create a file in", folder, code: errno) }
    (descriptor, hiddenPath) = (named, hidden)
  }

  /// A name in `folder` that nobody has.
  static func hiddenPath(in folder: String) -> String {
    "\(folder)/.mmubench-\(String(UInt64.random(in: .min ... .max), radix: 16))"
  }

  /// The name under which the system knows an open file that has none.
  static func path(of descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }
}
