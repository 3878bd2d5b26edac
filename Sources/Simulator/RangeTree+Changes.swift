/// How the tree stays balanced.
extension RangeTree {
  /// Adds a range, which overlaps no other; gives its node.
  @discardableResult
  package mutating func insert(_ element: Element) -> Int {
    relinked.removeAll(keepingCapacity: true)
    count += 1
    let node = makeNode(element)
    note(node)
    guard var above = root else {
      root = node
      return node
    }
    while let next = child(above, isLeft: element.first < nodes[above].element.first) {
      above = next
    }
    set(child: node, of: above, isLeft: element.first < nodes[above].element.first)
    grow(above: node)
    return node
  }

  private mutating func makeNode(_ element: Element) -> Int {
    if let node = free.popLast() {
      nodes[node] = Node(element: element)
      return node
    }
    nodes.append(Node(element: element))
    return nodes.count - 1
  }

  /// Removes a range; its node may come to be another's.
  @discardableResult
  package mutating func remove(_ node: Int) -> Element {
    relinked.removeAll(keepingCapacity: true)
    count -= 1
    let links = nodes[node].links
    if let right = links.right, links.left != nil {
      exchange(node, with: end(below: right, isLeft: true))
    }
    let (above, below) = (nodes[node].links.parent, nodes[node].links)
    let isLeft = above.map { nodes[$0].links.left == node } ?? false
    replace(node, by: below.left ?? below.right, below: above)
    if let above { shrink(above, isLeft: isLeft) }
    relinked.removeAll { $0 == node }
    free.append(node)
    return nodes[node].element
  }

  // MARK: - Links

  private mutating func set(child: Int?, of node: Int, isLeft: Bool) {
    if isLeft { nodes[node].links.left = child } else { nodes[node].links.right = child }
    note(node)
    guard let child else { return }
    nodes[child].links.parent = node
    note(child)
  }

  /// Puts a node, or nothing, where another is.
  private mutating func replace(_ node: Int, by other: Int?, below above: Int?) {
    guard let above else {
      root = other
      guard let other else { return }
      nodes[other].links.parent = nil
      return note(other)
    }
    set(child: other, of: above, isLeft: nodes[above].links.left == node)
  }

  /// Exchanges the places of a node with two below it and of the node that follows it, which has none on its left.
  private mutating func exchange(_ node: Int, with next: Int) {
    let (upper, lower) = (nodes[node].links, nodes[next].links)
    replace(node, by: next, below: upper.parent)
    set(child: upper.left, of: next, isLeft: true)
    nodes[next].links.balance = upper.balance
    if upper.right == next {
      set(child: node, of: next, isLeft: false)
    } else {
      set(child: upper.right, of: next, isLeft: false)
      if let above = lower.parent { set(child: node, of: above, isLeft: true) }
    }
    set(child: nil, of: node, isLeft: true)
    set(child: lower.right, of: node, isLeft: false)
    nodes[node].links.balance = lower.balance
  }

  private mutating func note(_ node: Int) {
    if relinked.last != node { relinked.append(node) }
  }

  // MARK: - Balance

  /// One side of the nodes above a new one is a level deeper now.
  private mutating func grow(above node: Int) {
    var node = node
    while let above = nodes[node].links.parent {
      note(above)
      nodes[above].links.balance += nodes[above].links.left == node ? -1 : 1
      switch nodes[above].links.balance {
      case 0: return
      case -1, 1: node = above
      default:
        rotate(above)
        return
      }
    }
  }

  /// One side of a node is a level less deep now.
  private mutating func shrink(_ node: Int, isLeft: Bool) {
    var (node, isLeft) = (node, isLeft)
    while true {
      note(node)
      nodes[node].links.balance += isLeft ? 1 : -1
      switch nodes[node].links.balance {
      case 0: break
      case -1, 1: return
      default:
        node = rotate(node)
        // It is as deep as before.
        if nodes[node].links.balance != 0 { return }
      }
      guard let above = nodes[node].links.parent else { return }
      (node, isLeft) = (above, nodes[above].links.left == node)
    }
  }

  /// Makes a side two levels deeper than the other less deep; gives the node that is on top then.
  @discardableResult
  private mutating func rotate(_ top: Int) -> Int {
    let isLeft = nodes[top].links.balance < 0
    let heavy = isLeft ? -1 : 1
    guard let below = child(top, isLeft: isLeft) else { return top }
    let balance = nodes[below].links.balance
    guard balance == -heavy, let inner = child(below, isLeft: !isLeft) else {
      lift(below)
      nodes[top].links.balance = balance == 0 ? heavy : 0
      nodes[below].links.balance = balance == 0 ? -heavy : 0
      return below
    }
    let leaning = nodes[inner].links.balance
    lift(inner)
    lift(inner)
    nodes[top].links.balance = leaning == heavy ? -heavy : 0
    nodes[below].links.balance = leaning == -heavy ? heavy : 0
    nodes[inner].links.balance = 0
    return inner
  }

  /// Exchanges a node with the one above it, which comes to be on its other side.
  private mutating func lift(_ node: Int) {
    guard let above = nodes[node].links.parent else { return }
    let isLeft = nodes[above].links.left == node
    replace(above, by: node, below: nodes[above].links.parent)
    set(child: child(node, isLeft: !isLeft), of: above, isLeft: isLeft)
    set(child: above, of: node, isLeft: !isLeft)
  }
}
