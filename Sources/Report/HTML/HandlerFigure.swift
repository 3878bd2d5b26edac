/// Draws the ways through the handlers: the one taken in full, the others in grey.
struct HandlerFigure {
  let tree: HandlerTree

  private static let (row, box, gap, letter) = (40, 26, 28, 7)

  /// Writes the figure, and the same as a list.
  func write(to out: inout HTMLBuffer) {
    let roots = tree.roots
    let widths = Self.widths(roots)
    let rows = roots.reduce(0) { $0 + Self.rows($1) }
    let ends = tree.ways.map { max($0.outcome.count, Self.takers($0).count) }.max() ?? 0
    let width = widths.reduce(0) { $0 + $1 + Self.gap } + ends * (Self.letter + 1) + 32
    let title = "The ways through the kernel; the list below says the same"
    SVGFigure.draw((width, rows * Self.row + 4), title: title, name: "handlers", to: &out) {
      figure in
      var next = 0
      for root in roots { _ = draw(root, 0, 0, widths, &next, &figure) }
    }
    writeList(to: &out)
  }

  private static func rows(_ node: HandlerTree.Node) -> Int {
    max(1, node.children.reduce(node.way == nil ? 0 : 1) { $0 + rows($1) })
  }

  /// The width of the boxes at each depth.
  private static func widths(_ nodes: [HandlerTree.Node]) -> [Int] {
    guard !nodes.isEmpty else { return [] }
    let own = (nodes.map(\.name.count).max() ?? 0) * letter + 18
    return [own] + widths(nodes.flatMap(\.children))
  }

  private static func takers(_ way: HandlerTree.Way) -> String {
    let shown = way.takers.prefix(2).joined(separator: "; ")
    return way.takers.count > 2 ? "\(shown); \(way.takers.count - 2) more" : shown
  }

  /// Draws a function and what it calls; returns the height of its middle.
  private func draw(
    _ node: HandlerTree.Node, _ depth: Int, _ x: Int, _ widths: [Int], _ next: inout Int,
    _ figure: inout SVGFigure
  ) -> Int {
    let (width, right) = (widths[depth], x + widths[depth])
    var middles: [(Int, Bool)] = []
    let own = next
    if let way = node.way {
      next += 1
      drawEnd(way, right, own * Self.row + Self.row / 2, &figure)
    }
    for child in node.children {
      middles.append(
        (draw(child, depth + 1, right + Self.gap, widths, &next, &figure), child.isTaken))
    }
    let middle = own * Self.row + Self.row / 2
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
    figure.text(Self.takers(way), x + Self.gap / 2 + 6, y + 13, "takers" + idle)
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
