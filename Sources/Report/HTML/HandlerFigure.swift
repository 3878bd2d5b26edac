/// Draws the ways through the handlers: the one taken in full, the others in grey.
struct HandlerFigure {
  let tree: HandlerTree

  private static let (row, line, box, gap, letter) = (40, 13, 26, 28, 7)

  /// Writes the figure, and the same as a list.
  func write(to out: inout HTMLBuffer) {
    let roots = tree.roots
    let widths = Self.widths(roots)
    let height = roots.reduce(0) { $0 + Self.height($1) }
    let ends = tree.ways.flatMap { [$0.outcome] + Self.takers($0) }.map(\.count).max() ?? 0
    let width = widths.reduce(0) { $0 + $1 + Self.gap } + ends * (Self.letter + 1) + 32
    let taken = tree.ways.filter(\.isTaken).map {
      "\($0.names.joined(separator: ", ")): \($0.outcome)"
    }
    let title =
      "The ways through the kernel. Taken: \(taken.joined(separator: "; then "))."
      + " The list below has the others too"
    SVGFigure.draw((width, height + 4), title: title, name: "handlers", to: &out) {
      figure in
      var top = 0
      for root in roots { _ = draw(root, 0, 0, widths, &top, &figure) }
    }
    writeList(to: &out)
  }

  /// The height of a function with all that it calls.
  private static func height(_ node: HandlerTree.Node) -> Int {
    max(row, node.children.reduce(node.way.map(height) ?? 0) { $0 + height($1) })
  }

  private static func height(_ way: HandlerTree.Way) -> Int {
    row + max(0, takers(way).count - 1) * line
  }

  /// The width of the boxes at each depth.
  private static func widths(_ nodes: [HandlerTree.Node]) -> [Int] {
    guard !nodes.isEmpty else { return [] }
    let own = (nodes.map(\.name.count).max() ?? 0) * letter + 18
    return [own] + widths(nodes.flatMap(\.children))
  }

  /// Who takes a way, two to a line.
  private static func takers(_ way: HandlerTree.Way) -> [String] {
    stride(from: 0, to: way.takers.count, by: 2).map { first in
      way.takers[first..<min(first + 2, way.takers.count)].joined(separator: "; ")
    }
  }

  /// Draws a function and what it calls; returns the height of its middle.
  private func draw(
    _ node: HandlerTree.Node, _ depth: Int, _ x: Int, _ widths: [Int], _ top: inout Int,
    _ figure: inout SVGFigure
  ) -> Int {
    let (width, right) = (widths[depth], x + widths[depth])
    var middles: [(Int, Bool)] = []
    let (start, middle) = (top, top + Self.row / 2)
    if let way = node.way {
      top += Self.height(way)
      drawEnd(way, right, middle, &figure)
    }
    for child in node.children {
      middles.append(
        (draw(child, depth + 1, right + Self.gap, widths, &top, &figure), child.isTaken))
    }
    top = max(top, start + Self.row)
    for (target, isTaken) in middles {
      let turn = right + Self.gap / 2
      figure.path(
        "M\(right) \(middle)H\(turn)V\(target)H\(right + Self.gap - 3)",
        isTaken ? "arrow" : "arrow idle", hasHead: isTaken)
    }
    let name = node.isTaken ? "function" : "function idle"
    figure.box(x + 1, middle - Self.box / 2, width - 2, Self.box, name)
    figure.text(node.name, x + width / 2, middle + 4, name, .middle)
    return middle
  }

  private func drawEnd(
    _ way: HandlerTree.Way, _ x: Int, _ y: Int, _ figure: inout SVGFigure
  ) {
    let idle = way.isTaken ? "" : " idle"
    figure.path("M\(x) \(y)h\(Self.gap / 2)", "arrow" + idle)
    figure.text(
      "\(way.style.sign) \(way.outcome)", x + Self.gap / 2 + 6, y - 3,
      "outcome \(way.style.className)" + idle)
    for (index, takers) in Self.takers(way).enumerated() {
      figure.text(
        takers, x + Self.gap / 2 + 6, y + 13 + index * Self.line, "takers" + idle)
    }
  }

  private func writeList(to out: inout HTMLBuffer) {
    out.element("details", ["class": "ways"]) { out in
      out.element("summary", text: "the ways as a list")
      out.element("ul") { out in
        for way in tree.ways {
          out.element("li", ["class": way.isTaken ? "taken" : "idle"]) { out in
            if way.isTaken { out.element("strong", text: "taken: ") }
            out.text(way.names.joined(separator: " → "))
            out.text(" → \(way.outcome)")
            out.element(
              "span", ["class": "takers"], text: " (\(way.takers.joined(separator: "; ")))")
          }
        }
      }
    }
    out.endLine()
  }
}
