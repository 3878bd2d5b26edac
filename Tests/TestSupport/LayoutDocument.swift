package import BitLayout
import Foundation

/// The pages of the documentation that show layouts: made from the layouts, and compared with the files.
package struct LayoutDocument {
  private var text: String

  /// Begins a page.
  package init(title: String, summary: String, overview: String) {
    text = "# \(title)\n\n\(summary)\n\n## Overview\n\n\(overview)\n"
  }

  /// Begins a section.
  package mutating func section(_ title: String) { text += "\n## \(title)\n" }

  /// Adds a layout.
  package mutating func add(_ layout: WordLayout) {
    add(layout.fields.reversed(), title: "\(layout.name)", citation: "\(layout.citation)")
  }

  /// Adds fields, in the order in which they are shown.
  package mutating func add(_ fields: [BitField], title: String, citation: String) {
    text += "\n### \(title)\n\n\(citation)\n\n"
    text += "| bits | field | kind | meaning |\n|---|---|---|---|\n"
    for field in fields {
      let bits = field.width == 1 ? "\(field.low)" : "\(field.high):\(field.low)"
      text += "| \(bits) | \(field.name) | \(field.kind) | \(field.meaning) |\n"
    }
  }

  /// What to report where the page of a library is not this one.
  package func problem(in library: String, named name: String) throws -> String? {
    let file = Repository.file("Sources/\(library)/\(library).docc/\(name).md")
    return try RecordedText(file).problem(with: text)
  }
}
