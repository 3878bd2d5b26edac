import BitLayout

/// An entry as people study it: the word with the name of its layout, the layout as boxes, and the
/// fields as rows, whoever gives the bits their meaning.
struct EntryFigure {
  let word: UInt64
  let layout: WordLayout
  /// The set bits that must be 0 for the processor.
  let offending: UInt64
  /// What is to be said of a field that does not offend.
  var remark: (BitField) -> (String, TextStyle)? = { _ in nil }

  /// The fields, with what is to be said of them.
  var rows: FieldRows {
    FieldRows(layout: layout, word: word) { field in
      let wrong = field.mask & offending
      return wrong == 0 ? remark(field) : ("reserved: \(Wording.bits(wrong))", .red)
    }
  }

  /// Writes the figure.
  func write(to out: inout TextBuffer) {
    out.styled(.bold) { $0.hex(word, digits: layout.width / 4) }
    out.write("  \(layout.name) (\(layout.citation))\n")
    BitDiagram(layout: layout, word: word, offending: offending).write(to: &out)
    rows.write(to: &out)
  }
}
