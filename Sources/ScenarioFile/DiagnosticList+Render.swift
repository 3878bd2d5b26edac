extension DiagnosticList {
  /// How many diagnostics are shown; the rest are counted.
  public static let shown = 20

  /// The diagnostics as a compiler prints them, each with its source line and a caret.
  public func render(color: Bool) -> String {
    let style = Style(isOn: color)
    var out = ""
    for diagnostic in diagnostics.prefix(Self.shown) {
      let place = "\(source.path):\(diagnostic.mark):"
      let kind = "error[\(diagnostic.code.rawValue)]:"
      let message = diagnostic.message.visible
      out += "\(style.bold(place.visible)) \(style.red(kind)) \(style.bold(message))\n"
      if !source.text.isEmpty, let line = source.line(diagnostic.mark.line) {
        let excerpt = Excerpt(line: line, column: diagnostic.mark.column)
        let number = "\(diagnostic.mark.line)"
        let margin = String(repeating: " ", count: number.count)
        out += "\(style.dim("\(number) |")) \(excerpt.text)\n"
        out += "\(style.dim("\(margin) |")) \(excerpt.padding)\(style.green("^"))\n"
      }
      for note in diagnostic.notes { out += "\(style.cyan("note:")) \(note.visible)\n" }
    }
    if diagnostics.count > Self.shown { out += "and \(diagnostics.count - Self.shown) more\n" }
    return out
  }
}

/// Terminal colours, or none.
private struct Style {
  let isOn: Bool

  func bold(_ text: String) -> String { wrap(text, "1") }
  func red(_ text: String) -> String { wrap(text, "1;31") }
  func green(_ text: String) -> String { wrap(text, "1;32") }
  func cyan(_ text: String) -> String { wrap(text, "36") }
  func dim(_ text: String) -> String { wrap(text, "2") }

  private func wrap(_ text: String, _ code: String) -> String {
    isOn ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
  }
}

/// The part of a source line around a column, safe to print, and what stands before the caret.
private struct Excerpt {
  private(set) var text = ""
  private(set) var padding = ""

  /// How many scalars are shown on each side of the caret when the line is long.
  private static let reach = 60

  init(line: String, column: Int) {
    let scalars = Array(line.unicodeScalars)
    let caret = min(max(column - 1, 0), scalars.count)
    let isLong = scalars.count > 2 * Self.reach
    let start = isLong ? max(0, caret - Self.reach) : 0
    let end = isLong ? min(scalars.count, caret + Self.reach) : scalars.count
    let lead = start > 0 ? "..." : ""
    text =
      lead + scalars[start..<end].map { String($0.visible) }.joined()
      + (end < scalars.count ? "..." : "")
    let width = scalars[start..<caret].reduce(lead.count) { $0 + Self.width($1) }
    padding = String(repeating: " ", count: width)
  }

  private static func width(_ scalar: Unicode.Scalar) -> Int {
    switch scalar.value {
    case 0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
      0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1faff, 0x20000...0x3fffd:
      2
    default:
      scalar.properties.generalCategory == .nonspacingMark ? 0 : 1
    }
  }
}
