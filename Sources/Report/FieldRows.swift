import BitLayout
import PhysicalMemory

/// The fields of a word as rows, the highest bit first: bits, name, value and meaning.
struct FieldRows {
  let layout: WordLayout
  let word: UInt64
  /// What else is to be said of a field, in a style.
  let remark: (BitField) -> (String, TextStyle)?

  func write(to out: inout TextBuffer) {
    let names = layout.fields.map { String(describing: $0.name).count }.max() ?? 0
    let values = max(layout.fields.map { text($0).count }.max() ?? 0, "value".count)
    out.styled(.dim) { out in
      out.write("  bits   ")
      out.write("field", width: names + 2)
      out.write("value", width: values + 2)
      out.write("meaning\n")
    }
    for field in layout.fields.reversed() {
      let bits = field.high == field.low ? "\(field.low)" : "\(field.high):\(field.low)"
      out.write("  ")
      out.write(bits, width: 7)
      out.write(String(describing: field.name), .cyan, width: names + 2)
      out.write(text(field), field.isSet(in: word) ? .bold : .plain, width: values + 2)
      out.write(String(describing: field.meaning))
      if let (text, style) = remark(field) { out.write("  ← \(text)", style) }
      out.endLine()
    }
  }

  /// An address in its place, as people look for it; all else as the number that it is.
  func text(_ field: BitField) -> String {
    if field.kind == .address { return (word & field.mask).hex }
    let number = field.value(in: word)
    return field.width == 1 ? "\(number)" : number.hex
  }
}

extension TextBuffer {
  /// The member `fields`: the fields of a word, the highest bit first.
  mutating func members(ofFields layout: WordLayout?, in word: UInt64) {
    openArray("fields")
    for field in (layout?.fields ?? []).reversed() {
      openElement()
      member("name", String(describing: field.name))
      member("low", UInt64(field.low))
      member("high", UInt64(field.high))
      member("value", hex: field.value(in: word))
      member("meaning", String(describing: field.meaning))
      closeObject()
    }
    closeArray()
  }
}
