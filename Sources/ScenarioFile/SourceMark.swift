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
