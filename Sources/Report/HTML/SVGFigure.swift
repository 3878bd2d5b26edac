/// A drawing in whole units, so that it is the same everywhere.
struct SVGFigure {
  /// Where text stands by its position.
  enum Anchor: String {
    case start, middle, end
  }

  /// The width and the height.
  let size: (width: Int, height: Int)
  private(set) var html = HTMLBuffer()

  /// Draws a figure that `title` names.
  ///
  /// - Parameters:
  ///   - size: The width and the height.
  ///   - title: What is drawn, for those who do not see it.
  ///   - name: The class of the figure.
  ///   - hasParts: Whether its groups are for everybody: the script makes buttons of them. Else the title
  ///     says all, and the digits of the drawing are not read out one by one.
  ///   - out: Where the figure goes.
  ///   - body: Draws it.
  static func draw(
    _ size: (width: Int, height: Int), title: String, name: String, hasParts: Bool = false,
    to out: inout HTMLBuffer, _ body: (inout SVGFigure) -> Void
  ) {
    var figure = SVGFigure(size: size)
    body(&figure)
    out.element("div", ["class": "scroll figure"]) { out in
      out.element(
        "svg",
        [
          "class": name, "viewBox": "0 0 \(size.width) \(size.height)", "role": "img",
          "aria-label": title, "width": ems(size.width), "height": ems(size.height),
        ]
      ) { out in
        guard !hasParts else { return out.trusted(figure.html.out.bytes) }
        out.element("g", ["aria-hidden": "true"]) { $0.trusted(figure.html.out.bytes) }
      }
    }
    out.endLine()
  }

  /// Draws a figure of parts of one size, side by side; on paper and wherever there is no room for all,
  /// they are in several rows.
  ///
  /// - Parameters:
  ///   - count: The number of parts.
  ///   - size: The width and the height of each.
  ///   - title: What is drawn, for those who do not see it.
  ///   - name: The class of the figure.
  ///   - out: Where the figure goes.
  ///   - body: Draws a part.
  static func drawRow(
    of count: Int, _ size: (width: Int, height: Int), title: String, name: String,
    to out: inout HTMLBuffer, _ body: (Int, inout SVGFigure) -> Void
  ) {
    out.element(
      "div", ["class": "scroll figure row \(name)", "role": "img", "aria-label": title]
    ) { out in
      for part in 0..<count {
        var figure = SVGFigure(size: size)
        body(part, &figure)
        out.element(
          "svg",
          [
            "viewBox": "0 0 \(size.width) \(size.height)", "width": ems(size.width),
            "height": ems(size.height), "aria-hidden": "true",
          ]
        ) { $0.trusted(figure.html.out.bytes) }
      }
    }
    out.endLine()
  }

  /// A length that grows with the text around the figure.
  private static func ems(_ units: Int) -> String { "\(units / 16).\(units % 16 * 10 / 16)em" }

  private init(size: (width: Int, height: Int)) { self.size = size }

  /// A box.
  mutating func box(_ x: Int, _ y: Int, _ width: Int, _ height: Int, _ className: String) {
    html.element(
      "rect",
      [
        "x": "\(x)", "y": "\(y)", "width": "\(width)", "height": "\(height)", "class": className,
      ]
    ) { _ in }
  }

  /// Text on a line.
  mutating func text(
    _ text: String, _ x: Int, _ y: Int, _ className: String? = nil, _ anchor: Anchor = .start
  ) {
    html.element(
      "text",
      [
        "x": "\(x)", "y": "\(y)", "class": className,
        "text-anchor": anchor == .start ? nil : anchor.rawValue,
      ], text: text)
  }

  /// A line along points, with an arrow head if wanted.
  mutating func path(_ data: String, _ className: String, hasHead: Bool = false) {
    html.element(
      "path", ["d": data, "class": className, "marker-end": hasHead ? "url(#head)" : nil]
    ) { _ in }
  }

  /// A group that a title explains when one points at it; `data` is for the script.
  mutating func group(
    title: String, _ className: String? = nil, data: String? = nil,
    _ body: (inout SVGFigure) -> Void
  ) {
    var inner = SVGFigure(size: size)
    body(&inner)
    html.element("g", ["class": className, "data-run": data]) { html in
      html.element("title", text: title)
      html.trusted(inner.html.out.bytes)
    }
  }
}
