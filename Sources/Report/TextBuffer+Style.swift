/// How a piece of text looks on a terminal.
public enum TextStyle: String, Sendable {
  /// As it is.
  case plain = ""
  /// What the reader looks for.
  case bold = "1"
  /// What stands there for completeness.
  case dim = "2"
  /// What is wrong.
  case red = "31"
  /// What is as it should be.
  case green = "32"
  /// What deserves a look.
  case yellow = "33"
  /// What gives structure.
  case cyan = "36"
}

extension TextBuffer {
  /// Appends text in a style.
  public mutating func write(_ text: String, _ style: TextStyle) {
    styled(style) { $0.write(text) }
  }

  /// Appends a line in a style, indented below what it is about.
  public mutating func writeIndented(_ line: String, _ style: TextStyle = .plain) {
    write("  ")
    write(line, style)
    endLine()
  }

  /// Appends text in a style, filled with blanks to a column's width.
  public mutating func write(_ text: String, _ style: TextStyle = .plain, width: Int) {
    write(text, style)
    spaces(width - text.count)
  }

  /// Appends text in a style, with blanks before it, so that it ends where the column ends.
  public mutating func write(_ text: String, _ style: TextStyle = .plain, rightAlignedIn width: Int)
  {
    spaces(width - text.count)
    write(text, style)
  }

  /// Appends what `body` writes, in a style.
  public mutating func styled(_ style: TextStyle, _ body: (inout TextBuffer) -> Void) {
    guard isColored, style != .plain else { return body(&self) }
    write("\u{1b}[\(style.rawValue)m")
    body(&self)
    write("\u{1b}[0m")
  }
}
