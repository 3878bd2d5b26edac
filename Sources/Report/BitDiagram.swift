import BitLayout
import PhysicalMemory

/// A word as boxes, one for each field, the highest bit first: bits, name and value.
struct BitDiagram {
  let layout: WordLayout
  let word: UInt64
  /// The bits that must not be set, and are.
  let offending: UInt64

  /// The widest strip that is drawn; a word that is wider goes on in a strip below.
  private static let widthLimit = 76

  private struct Cell {
    let bits: String
    let name: String
    let value: String
    let style: TextStyle

    var width: Int { max(bits.count, name.count, value.count) }
  }

  /// Writes the strips, indented.
  func write(to out: inout TextBuffer) {
    for strip in strips {
      writeBits(of: strip, to: &out)
      rule(strip, "┌", "┬", "┐", to: &out)
      row(strip, \.name, to: &out)
      row(strip, \.value, to: &out)
      rule(strip, "└", "┴", "┘", to: &out)
    }
  }

  /// The numbers of the bits, each over the middle of its box.
  private func writeBits(of strip: [Cell], to out: inout TextBuffer) {
    var blanks = 3
    for cell in strip {
      let left = (cell.width - cell.bits.count) / 2
      out.spaces(blanks + left)
      out.write(cell.bits, .dim)
      blanks = cell.width - cell.bits.count - left + 1
    }
    out.endLine()
  }

  private var strips: [[Cell]] {
    var strips: [[Cell]] = [[]]
    var width = 1
    for field in layout.fields.reversed() {
      let cell = cell(field)
      if width + cell.width + 1 > Self.widthLimit {
        strips.append([])
        width = 1
      }
      width += cell.width + 1
      strips[strips.count - 1].append(cell)
    }
    return strips
  }

  private func cell(_ field: BitField) -> Cell {
    let value = field.value(in: word)
    let style: TextStyle =
      field.mask & offending != 0 ? .red : value == 0 || field.kind == .ignored ? .plain : .bold
    return Cell(
      bits: field.high == field.low ? "\(field.low)" : "\(field.high):\(field.low)",
      name: String(describing: field.name), value: field.width == 1 ? "\(value)" : value.hex,
      style: style)
  }

  private func rule(
    _ strip: [Cell], _ left: String, _ middle: String, _ right: String, to out: inout TextBuffer
  ) {
    let lines = strip.map { String(repeating: "─", count: $0.width) }
    out.write("  \(left)\(lines.joined(separator: middle))\(right)\n")
  }

  private func row(_ strip: [Cell], _ text: KeyPath<Cell, String>, to out: inout TextBuffer) {
    out.write("  │")
    for cell in strip {
      center(cell[keyPath: text], in: cell.width, cell.style, to: &out)
      out.write("│")
    }
    out.endLine()
  }

  private func center(
    _ text: String, in width: Int, _ style: TextStyle, to out: inout TextBuffer
  ) {
    let left = (width - text.count) / 2
    out.spaces(left)
    out.write(text, style)
    out.spaces(width - text.count - left)
  }
}
