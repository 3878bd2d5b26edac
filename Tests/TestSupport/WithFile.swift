import Foundation

/// Runs `body` with the path of a file that holds a text, and is there for so long.
///
/// - Parameters:
///   - name: the name of the file, in a folder of its own.
///   - text: what it holds.
///   - others: what other files in the folder hold, by their names.
///   - body: takes the path.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws, or why a file cannot be written.
package func withFile<Result>(
  _ name: String, holding text: String, beside others: [String: String] = [:],
  _ body: (String) throws -> Result
) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "mmubench-\(UUID())")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  for (name, text) in others.merging([name: text], uniquingKeysWith: { $1 }) {
    try Data(text.utf8).write(to: folder.appending(path: name))
  }
  return try body(folder.appending(path: name).path)
}
