#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Reads whole files, but never more than a scenario may have: the one place here with system calls.
package enum FileContents {
  /// The bytes of a file, or of a larger one a little more than a scenario may have.
  package static func bytes(of path: String) throws(ScenarioFileError) -> [UInt8] {
    // Without O_NONBLOCK, opening a pipe would wait for somebody to write to it.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .unreadable(path: path, reason: reason(errno)) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw .unreadable(path: path, reason: reason(errno))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      throw .unreadable(
        path: path,
        reason: isFolder ? "it is a folder, not a file" : "it is a pipe, device or socket")
    }
    return try bytes(of: descriptor, path: path)
  }

  /// The bytes of whatever a path leads to, a pipe or a device as well, or of something longer a little
  /// more than a scenario may have.
  ///
  /// Who names a pipe wants to wait for what comes through it.
  package static func anyBytes(of path: String) throws(ScenarioFileError) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path: path, reason: reason(errno)) }
    defer { close(descriptor) }
    return try bytes(of: descriptor, path: path)
  }

  /// The bytes of standard input, or of a longer one a little more than a scenario may have.
  package static func standardInput() throws(ScenarioFileError) -> [UInt8] {
    try bytes(of: STDIN_FILENO, path: "standard input")
  }

  private static func bytes(
    of descriptor: Int32, path: String
  ) throws(ScenarioFileError) -> [UInt8] {
    let limit = TextCheck.maximumBytesWithSteps + 1
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < limit {
      let count = unsafe chunk.withUnsafeMutableBytes { buffer in
        unsafe read(descriptor, buffer.baseAddress, buffer.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable(path: path, reason: reason(errno)) }
      guard count > 0 else { break }
      bytes.append(contentsOf: chunk[..<count])
    }
    return bytes
  }

  private static func reason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
