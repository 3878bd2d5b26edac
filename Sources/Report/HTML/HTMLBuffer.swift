import Paging
import ScenarioFile

/// HTML under way to its reader: elements that close, attributes and text that are escaped.
///
/// Whatever comes from a machine, a scenario or a dump goes through `text` or an attribute; nothing
/// else writes what others wrote.
struct HTMLBuffer {
  /// Attributes in the order in which they are written; those without a value are left out.
  typealias Attributes = KeyValuePairs<String, String?>

  private(set) var out = TextBuffer()

  /// Appends an element with what `body` writes into it.
  mutating func element(
    _ name: String, _ attributes: Attributes = [:], _ body: (inout HTMLBuffer) -> Void
  ) {
    open(name, attributes)
    body(&self)
    out.write("</\(name)>")
  }

  /// Appends an element with text in it.
  mutating func element(_ name: String, _ attributes: Attributes = [:], text: String) {
    element(name, attributes) { $0.text(text) }
  }

  /// Appends an element that has no content.
  mutating func empty(_ name: String, _ attributes: Attributes = [:]) { open(name, attributes) }

  /// Appends a line end, for those who read the source.
  mutating func endLine() { out.endLine() }

  /// Appends text.
  mutating func text(_ text: String) { escape(text) }

  /// Appends bytes of our own: a style sheet, a script.
  mutating func trusted(_ bytes: [UInt8]) { out.write(bytes) }

  private mutating func open(_ name: String, _ attributes: Attributes) {
    out.write("<\(name)")
    for (key, value) in attributes {
      guard let value else { continue }
      out.write(" \(key)=\"")
      escape(value)
      out.write("\"")
    }
    out.write(">")
  }

  /// The five characters that mean something to HTML become references; characters that turn the
  /// direction of text or cannot be seen become a sign that something was there.
  private mutating func escape(_ text: String) {
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if line.offset > 0 { out.endLine() }
      for scalar in String(line.element).visible.unicodeScalars {
        switch scalar {
        case "&": out.write("&amp;")
        case "<": out.write("&lt;")
        case ">": out.write("&gt;")
        case "\"": out.write("&quot;")
        case "'": out.write("&#39;")
        default: out.write(String(scalar))
        }
      }
    }
  }
}

extension HTMLBuffer {
  /// Appends numbers as they are typed.
  mutating func code(_ text: String) { element("code", text: text) }

  /// Appends words for those alone who do not see the page.
  mutating func unseen(_ text: String) { element("span", ["class": "unseen"], text: text) }

  /// Appends rights by their letters, and in words for those who hear them.
  mutating func rights(_ rights: Rights) {
    element("code", ["aria-hidden": "true"], text: rights.description)
    unseen(Wording.rights(rights))
  }

  /// Appends a sentence that carries a verdict: a sign, a colour, and the words.
  mutating func verdict(_ text: String, _ style: TextStyle, in name: String = "p") {
    element(name, ["class": "verdict \(style.className)"]) { html in
      html.element("span", ["class": "sign", "aria-hidden": "true"], text: style.sign)
      html.text(" \(text)")
    }
  }

  /// Appends a table of columns.
  mutating func table(
    _ className: String, caption: String? = nil, columns: [String],
    _ body: (inout HTMLBuffer) -> Void
  ) {
    element("div", ["class": "scroll"]) { html in
      html.element("table", ["class": className]) { html in
        if let caption { html.element("caption", text: caption) }
        html.element("thead") { html in
          html.element("tr") { html in
            for column in columns {
              // A heading without words would be read out as one.
              column.isEmpty
                ? html.element("td", text: "")
                : html.element("th", ["scope": "col"], text: column)
            }
          }
        }
        html.element("tbody") { body(&$0) }
      }
    }
  }
}

extension TextStyle {
  /// The class that the style sheet knows.
  var className: String {
    switch self {
    case .green: "good"
    case .yellow: "open"
    case .red: "bad"
    case .plain, .bold, .dim, .cyan: "plain"
    }
  }

  /// The sign that says the same without colour.
  var sign: String {
    switch self {
    case .green: "✓"
    case .yellow: "◇"
    case .red: "✗"
    case .plain, .bold, .dim, .cyan: "•"
    }
  }
}
