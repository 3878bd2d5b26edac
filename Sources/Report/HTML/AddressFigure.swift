import Paging
import PhysicalMemory

/// Draws the address split into its index fields, bit by bit.
struct AddressFigure {
  let address: VirtualAddress
  let parts: AddressParts
  /// The levels whose entries were read.
  let reached: Set<Int>

  /// As wide as paper, where the smallest text has 6 points.
  private static let width = 896

  /// Writes the figure.
  func write(to out: inout HTMLBuffer) {
    let bits = (parts.parts.first?.high ?? 63) + 1
    let cell = Self.width / bits
    let title = "The address \(address) by its fields: \(words)"
    SVGFigure.draw((Self.width, 86), title: title, name: "address", to: &out) { figure in
      for part in parts.parts { draw(part, bits, cell, &figure) }
    }
  }

  private var words: String {
    parts.parts.map { "\($0.name), bits \($0.high) to \($0.low), \($0.value.hex)" }
      .joined(separator: "; ")
  }

  private func draw(
    _ part: AddressParts.Part, _ bits: Int, _ cell: Int, _ figure: inout SVGFigure
  ) {
    let x = (bits - 1 - part.high) * cell
    let width = (part.high - part.low + 1) * cell
    let isRead = part.level.map(reached.contains) ?? true
    let kind = part.level.map { "level\($0 % 5)" } ?? (part.name == "offset" ? "offset" : "upper")
    let place = part.high == part.low ? "\(part.high)" : "\(part.high):\(part.low)"
    let title = "\(part.name), bits \(place) = \(part.value.hex)"
    figure.group(title: title, isRead ? "part" : "part unread") { figure in
      figure.box(x + 1, 18, width - 2, 26, "cells \(kind)")
      for bit in 0...(part.high - part.low) {
        let isSet = part.value >> UInt64(part.high - part.low - bit) & 1 == 1
        figure.text(isSet ? "1" : "0", x + bit * cell + cell / 2, 36, "digit", .middle)
      }
      figure.text(place, x + width / 2, 12, "bits", .middle)
      // A narrow field has no room for its name; the tables below have it.
      let isNarrow = width < 70
      figure.text(
        isNarrow ? Self.shortened(part.name) : part.name, x + width / 2, 60, "name", .middle)
      figure.text(part.value.hex, x + width / 2, 78, "value", .middle)
    }
  }

  private static func shortened(_ name: String) -> String {
    name.split(separator: " ").first.map(String.init) ?? name
  }
}
