/// A range of numbers that has its place among others, none of which it overlaps.
package protocol PlacedRange {
  /// The first number of the range, and the last.
  var first: UInt64 { get }
  var last: UInt64 { get }
}

/// Ranges in ascending order, in a tree that a change leaves balanced at once (AVL), as Windows has its
/// descriptors of addresses; to find one, to add one and to remove one costs a path through the tree.
///
/// A node keeps its number for as long as it is in the tree. Ranges may change where no other comes to lie
/// on the other side.
package struct RangeTree<Element: PlacedRange> {
  /// The place of a range in the tree: the nodes around it.
  package struct Links {
    package internal(set) var left: Int?
    package internal(set) var right: Int?
    package internal(set) var parent: Int?
    /// How many levels more the right side has than the left: -1, 0 or 1.
    package internal(set) var balance = 0
  }

  struct Node {
    var links = Links()
    var element: Element
  }

  var nodes: [Node] = []
  /// The nodes that are in no tree.
  var free: [Int] = []
  /// The topmost node; nil where there is none.
  package internal(set) var root: Int?
  /// How many ranges there are.
  package internal(set) var count = 0
  /// The nodes whose place changed with the last insertion or removal, some of them more than once.
  package internal(set) var relinked: [Int] = []

  /// No ranges.
  package init() {}

  var isEmpty: Bool { root == nil }

  /// The range of a node.
  package internal(set) subscript(node: Int) -> Element {
    get { nodes[node].element }
    _modify { yield &nodes[node].element }
  }

  /// The place of a node in the tree.
  package func links(of node: Int) -> Links { nodes[node].links }

  // MARK: - Search

  /// The range with a number.
  package func node(holding number: UInt64) -> Int? {
    node(endingFrom: number).flatMap { nodes[$0].element.first <= number ? $0 : nil }
  }

  /// The lowest range that ends at a number or behind it.
  func node(endingFrom number: UInt64) -> Int? {
    var (found, next) = (nil as Int?, root)
    while let node = next {
      if nodes[node].element.last < number {
        next = nodes[node].links.right
      } else {
        (found, next) = (node, nodes[node].links.left)
      }
    }
    return found
  }

  /// Whether no range has anything of these numbers.
  package func hasNone(of numbers: ClosedRange<UInt64>) -> Bool {
    node(endingFrom: numbers.lowerBound).map {
      nodes[$0].element.first > numbers.upperBound
    } ?? true
  }

  // MARK: - Neighbours

  /// The node of the lowest range.
  package var firstNode: Int? { root.map { end(below: $0, isLeft: true) } }

  /// The node of the next range; nil behind the last.
  package func node(after node: Int) -> Int? { neighbour(of: node, isLeft: false) }

  /// The node of the range before; nil before the first.
  package func node(before node: Int) -> Int? { neighbour(of: node, isLeft: true) }

  func child(_ node: Int, isLeft: Bool) -> Int? {
    isLeft ? nodes[node].links.left : nodes[node].links.right
  }

  /// The last node on the way down on one side.
  func end(below node: Int, isLeft: Bool) -> Int {
    var node = node
    while let next = child(node, isLeft: isLeft) { node = next }
    return node
  }

  /// The next node on a side: below the node where it has any there, else above it.
  private func neighbour(of node: Int, isLeft: Bool) -> Int? {
    if let below = child(node, isLeft: isLeft) { return end(below: below, isLeft: !isLeft) }
    var node = node
    while let above = nodes[node].links.parent {
      if child(above, isLeft: !isLeft) == node { return above }
      node = above
    }
    return nil
  }
}

extension RangeTree: Sequence {
  /// The ranges, ascending.
  package func makeIterator() -> some IteratorProtocol<Element> {
    var next = firstNode
    return AnyIterator {
      guard let node = next else { return nil }
      next = self.node(after: node)
      return nodes[node].element
    }
  }
}
