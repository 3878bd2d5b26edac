import BitLayout
import PhysicalMemory

/// Shows a word as a strip of its fields, each with its bits, its name and its value, and as a table
/// that says what every bit means.
struct BitStrip {
  let reading: EntryReading
  /// The bits that have another value than before.
  var changed: UInt64 = 0
  /// Where a click on a bit leads; nil where nothing can be changed.
  var link: (@Sendable (Int) -> String)?

  private var rows: FieldRows? { reading.rows }

  /// Writes the strip.
  func write(to out: inout HTMLBuffer) {
    guard let rows else { return }
    out.element("ul", ["class": "bits", "aria-label": "fields, the highest bits first"]) { out in
      for field in rows.layout.fields.reversed() { write(field, rows, &out) }
    }
    out.endLine()
  }

  private func write(_ field: BitField, _ rows: FieldRows, _ out: inout HTMLBuffer) {
    let name = String(describing: field.name)
    let place = Self.place(field)
    let value = rows.text(field)
    out.element(
      "li",
      [
        "class": className(field, rows.word),
        "title": "\(name) (\(place)) = \(value): \(field.meaning)"
          + (isOwn(field) ? "; the processor ignores it" : ""),
      ]
    ) { out in
      out.element("span", ["class": "place"], text: place)
      out.element("span", ["class": "name"], text: name)
      if let link, field.width == 1 {
        out.element(
          "a",
          [
            "class": "value", "href": link(Int(field.low)), "rel": "nofollow",
            "aria-label": "\(name) is \(value): invert it",
          ], text: value)
      } else {
        out.element("span", ["class": "value"], text: value)
      }
      if field.mask & changed != 0 { out.unseen(" changed") }
    }
  }

  private func isOwn(_ field: BitField) -> Bool { field.mask & reading.own != 0 }

  private func className(_ field: BitField, _ word: UInt64) -> String {
    var names = [field.isSet(in: word) ? "set" : "clear"]
    switch field.kind {
    case .ignored: names.append("ignored")
    case .reserved: names.append("reserved")
    case .value, .address: break
    }
    if isOwn(field) { names.append("own") }
    if field.mask & reading.offending != 0 { names.append("offending") }
    if field.mask & changed != 0 { names.append("changed") }
    return names.joined(separator: " ")
  }

  /// The numbers of a field's bits: `51:12`.
  static func place(_ field: BitField) -> String {
    field.high == field.low ? "\(field.low)" : "\(field.high):\(field.low)"
  }

  /// Writes the table, which is closed on a screen until somebody opens it.
  func writeTable(title: String, to out: inout HTMLBuffer) {
    guard let rows else { return }
    out.element("details", ["class": "fields"]) { out in
      out.element("summary", text: "every bit of \(title)")
      out.table(
        "fields", caption: caption(rows.layout),
        columns: ["bits", "field", "value", "meaning"]
      ) { out in
        for field in rows.layout.fields.reversed() { writeRow(field, rows, &out) }
      }
    }
    out.endLine()
  }

  private func caption(_ layout: WordLayout) -> String {
    let own = reading.ownSource.map { "; what the processor ignores, by \($0)" } ?? ""
    return "\(layout.name) (\(layout.citation))\(own)"
  }

  private func writeRow(_ field: BitField, _ rows: FieldRows, _ out: inout HTMLBuffer) {
    out.element("tr", ["class": className(field, rows.word)]) { out in
      out.element("td", ["class": "number"], text: Self.place(field))
      out.element("th", ["scope": "row"], text: String(describing: field.name))
      out.element("td", ["class": "number"]) { out in
        out.code(rows.text(field))
        if let link, field.width > 1 { Self.write(field, rows.word, link, &out) }
      }
      out.element("td") { out in
        out.text(String(describing: field.meaning))
        if isOwn(field) { out.element("span", ["class": "source"], text: " (to the kernel)") }
        if let (remark, style) = rows.remark(field) {
          out.verdict(remark, style, in: "span")
        }
      }
    }
  }

  /// The bits of a wide field, each a link.
  private static func write(
    _ field: BitField, _ word: UInt64, _ link: (Int) -> String, _ out: inout HTMLBuffer
  ) {
    out.element("span", ["class": "flips"]) { out in
      for bit in (Int(field.low)...Int(field.high)).reversed()
      where field.mask >> UInt64(bit) & 1 == 1 {
        let value = word >> UInt64(bit) & 1 == 1 ? "1" : "0"
        out.element(
          "a",
          [
            "href": link(bit), "rel": "nofollow",
            "aria-label": "bit \(bit) of \(field.name) is \(value): invert it",
          ], text: value)
      }
    }
  }
}
