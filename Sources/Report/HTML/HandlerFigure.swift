/// Draws the ways through the handlers: the one taken in full, the others in grey.
struct HandlerFigure {
  let tree: HandlerTree

  /// Writes the figure, and the same as a list.
  func write(to out: inout HTMLBuffer) {
    let layout = HandlerLayout(tree.roots)
    let taken = tree.ways.filter(\.isTaken).map {
      "\($0.names.joined(separator: ", ")): \($0.outcome)"
    }
    let title =
      "The ways through the kernel. Taken: \(taken.joined(separator: "; then "))."
      + " The list below has the others too"
    SVGFigure.draw(
      (HandlerLayout.width, layout.height + 4), title: title, name: "handlers", to: &out
    ) { figure in
      // A line that is taken lies over those that are not.
      for isTaken in [false, true] {
        for item in layout.items where item.node.isTaken == isTaken {
          if let caller = item.caller {
            drawCall(layout.items[caller.index], caller.isBelow, item, &figure)
          }
        }
      }
      for item in layout.items { draw(item, &figure) }
    }
    writeList(to: &out)
  }

  private func drawCall(
    _ caller: HandlerLayout.Item, _ isBelow: Bool, _ item: HandlerLayout.Item,
    _ figure: inout SVGFigure
  ) {
    let turn = item.x - HandlerLayout.gap / 2
    let start =
      isBelow
      ? "M\(caller.x + HandlerLayout.indent - HandlerLayout.gap / 2) \(caller.middle + HandlerLayout.box / 2)"
        + "V\(caller.middle + HandlerLayout.row / 2)H\(turn)"
      : "M\(caller.x + caller.width) \(caller.middle)H\(turn)"
    let isTaken = item.node.isTaken
    figure.path(
      "\(start)V\(item.middle)H\(item.x - 3)", isTaken ? "arrow" : "arrow idle",
      hasHead: isTaken)
  }

  private func draw(_ item: HandlerLayout.Item, _ figure: inout SVGFigure) {
    let (node, box) = (item.node, HandlerLayout.box)
    let name = node.isTaken ? "function" : "function idle"
    figure.box(item.x + 1, item.middle - box / 2, item.width - 2, box, name)
    figure.text(node.name, item.x + item.width / 2, item.middle + 4, name, .middle)
    guard let way = node.way else { return }
    let idle = way.isTaken ? "" : " idle"
    figure.path("M\(item.x + item.width) \(item.middle)h\(HandlerLayout.gap / 2)", "arrow" + idle)
    var y = item.middle - 3
    for line in item.outcome {
      figure.text(line, item.endX, y, "outcome \(way.style.className)" + idle)
      y += HandlerLayout.outcomeLine
    }
    for line in item.takers {
      figure.text(line, item.endX, y + 2, "takers" + idle)
      y += HandlerLayout.takersLine
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
