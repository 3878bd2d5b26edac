package import Foundation

/// The files of the repository that tests look at.
package enum Repository {
  /// The top folder.
  package static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// A file or a folder, by its path from the top.
  package static func file(_ path: String) -> URL { root.appending(path: path) }

  /// The exit status of a script of Python that is told to check what it would write.
  package static func check(_ script: String) throws -> Int32 {
    let check = Process()
    check.executableURL = URL(filePath: "/usr/bin/env")
    check.arguments = ["python3", file(script).path, "--check"]
    try check.run()
    check.waitUntilExit()
    return check.terminationStatus
  }
}
