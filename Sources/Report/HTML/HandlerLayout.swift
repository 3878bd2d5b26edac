/// Where the functions of the ways through a kernel stand, so that the drawing is no wider than a
/// page of paper.
///
/// Functions that call one other stand in a line while there is room; where a way parts, what is
/// called stands beside that if all of it has room, and else below, indented, as in a list of folders.
/// What a way comes to is broken into lines.
struct HandlerLayout {
  /// A function, or the end of a way.
  struct Item {
    let node: HandlerTree.Node
    /// The left edge and the top of its row.
    let x: Int
    let y: Int
    let width: Int
    /// The lines of what the way comes to, where one ends here.
    let outcome: [String]
    /// The lines of who takes it.
    let takers: [String]
    /// The item that calls it, and whether it stands below that, not beside it.
    let caller: (index: Int, isBelow: Bool)?

    /// The height of the middle of the box.
    var middle: Int { y + HandlerLayout.row / 2 }
    /// Where the words of the end begin.
    var endX: Int { x + width + HandlerLayout.gap / 2 + 6 }
  }

  /// As wide as paper, where the smallest text has 6.5 points.
  static let width = 856
  static let (row, box, gap, indent) = (40, 26, 28, 26)
  static let (outcomeLine, takersLine) = (14, 13)
  private static let letter = 7
  /// What a way comes to has at least so much room.
  private static let least = 230

  private(set) var items: [Item] = []
  private(set) var height = 0

  /// Places the functions of several trees, one below the other.
  init(_ roots: [HandlerTree.Node]) {
    for root in roots { place(root, 0, line: 0, nil) }
  }

  private static func width(_ node: HandlerTree.Node) -> Int { node.name.count * letter + 18 }

  /// How wide a function is with what it comes to, and with all that it calls if that stands beside it.
  private static func width(of node: HandlerTree.Node, isDeep: Bool) -> Int {
    let end = node.way == nil ? 0 : gap + least
    let called = isDeep ? node.children.map { gap + width(of: $0, isDeep: true) }.max() ?? 0 : 0
    return width(node) + max(end, called)
  }

  /// Whether what a function calls has room beside it, from `x` on.
  private static func fitsBeside(_ node: HandlerTree.Node, _ x: Int) -> Bool {
    let parts = node.children.count > 1
    return node.way == nil && node.children.allSatisfy { x + width(of: $0, isDeep: parts) <= width }
  }

  /// Places a function in the line that begins at `line`.
  private mutating func place(
    _ node: HandlerTree.Node, _ x: Int, line: Int, _ caller: (index: Int, isBelow: Bool)?
  ) {
    let (y, own) = (height, Self.width(node))
    let room = Self.width - x - own - Self.gap / 2 - 6
    let item = Item(
      node: node, x: x, y: y, width: own,
      outcome: node.way.map { Self.lines("\($0.style.sign) \($0.outcome)", room / 8) } ?? [],
      takers: node.way.map { Self.lines($0.takers.joined(separator: "; "), room * 2 / 11) } ?? [],
      caller: caller)
    let index = items.count
    items.append(item)
    let right = x + own + Self.gap
    let isBeside = Self.fitsBeside(node, right)
    // What is called beside it begins at its own height.
    if !isBeside || node.children.isEmpty { height += Self.height(item) }
    let next = isBeside ? right : line + Self.indent
    for child in node.children {
      let goesOn = isBeside && node.children.count == 1
      place(child, next, line: goesOn ? line : next, (index, !isBeside))
    }
  }

  private static func height(_ item: Item) -> Int {
    let words = item.outcome.count * outcomeLine + item.takers.count * takersLine
    return max(row, words + 14)
  }

  /// Breaks words into lines of so many letters.
  static func lines(_ text: String, _ room: Int) -> [String] {
    let letters = max(8, room)
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= letters {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        var rest = word
        while rest.count > letters {
          lines.append(String(rest.prefix(letters)))
          rest = rest.dropFirst(letters)
        }
        lines.append(String(rest))
      }
    }
    return lines
  }
}
