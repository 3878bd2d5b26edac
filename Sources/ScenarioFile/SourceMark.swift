/// A place in a scenario file: line and column from 1, columns counted in Unicode scalars.
public struct SourceMark: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The line, from 1.
  public var line: Int
  /// The column, from 1, in Unicode scalars.
  public var column: Int

  /// Makes a mark from a line and a column, both counted from 1.
  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// Orders marks as they come in the file.
  public static func < (a: Self, b: Self) -> Bool { (a.line, a.column) < (b.line, b.column) }

  /// The mark as `line:column`.
  public var description: String { "\(line):\(column)" }
}

/// A value and the place in the file that says it.
public struct Located<Value: Sendable>: Sendable {
  /// What was said.
  public var value: Value
  /// Where it was said.
  public var mark: SourceMark

  /// Pairs a value with its place.
  public init(_ value: Value, at mark: SourceMark) {
    self.value = value
    self.mark = mark
  }

  /// The result of `transform` at the same place.
  public func map<Other: Sendable>(_ transform: (Value) -> Other) -> Located<Other> {
    Located<Other>(transform(value), at: mark)
  }
}

extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}

/// The text of a scenario file, kept so that later rooms can point into it.
public struct ScenarioSource: Hashable, Sendable {
  /// The path as the user named it.
  public let path: String
  /// The lines, without their line ends.
  public let lines: [String]

  /// Splits a file's text into lines at `\n` and `\r\n`.
  public init(path: String, text: String) {
    self.path = path
    self.lines = text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false).map { line in
      String(Substring(line.last == 0x0d ? line.dropLast() : line))
    }
  }

  /// The text of a line, counted from 1, or nil beyond the end of the file.
  public func line(_ number: Int) -> String? {
    lines.indices.contains(number - 1) ? lines[number - 1] : nil
  }
}
