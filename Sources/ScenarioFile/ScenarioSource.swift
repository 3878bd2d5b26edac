/// The text of a scenario file, kept so that later rooms can point into it.
public struct ScenarioSource: Hashable, Sendable {
  /// The path as the user named it.
  public let path: String
  /// The whole text.
  public let text: String

  /// Keeps a text and the path it came from.
  public init(path: String, text: String) {
    self.path = path
    self.text = text
  }

  /// The text of a line, counted from 1 and without its line end, or nil beyond the end of the file.
  ///
  /// - Complexity: O(length of the text): lines are only asked for when something is wrong.
  public func line(_ number: Int) -> String? {
    guard number > 0 else { return nil }
    var rest = text.utf8[...]
    for _ in 1..<number {
      guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      rest = rest[rest.index(after: end)...]
    }
    let line = rest.prefix { $0 != UInt8(ascii: "\n") }
    return String(Substring(line.last == UInt8(ascii: "\r") ? line.dropLast() : line))
  }

  /// The last part of the path.
  public var fileName: String {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) }
      ?? path
  }
}
