import Simulator
import TestSupport
import Testing

/// The tree of ranges against a list of them, and what a change of it costs.
@Suite struct RangeTreeTests {
  private struct Span: PlacedRange, Equatable {
    var first: UInt64
    var last: UInt64

    init(_ number: UInt64) { (first, last) = (number * 10, number * 10 + 5) }
  }

  /// How deep the tree is below a node; every node leads back to the one above it and says how it leans.
  private static func depth(
    _ tree: RangeTree<Span>, _ node: Int?, below parent: Int? = nil
  ) -> Int {
    guard let node else { return 0 }
    let links = tree.links(of: node)
    let left = depth(tree, links.left, below: node)
    let right = depth(tree, links.right, below: node)
    #expect(links.parent == parent)
    #expect(links.balance == right - left)
    #expect(abs(links.balance) <= 1)
    return 1 + max(left, right)
  }

  /// The nodes, and what is written of each in memory.
  private static func written(_ tree: RangeTree<Span>, _ nodes: [UInt64: Int]) -> [Int: [Int?]] {
    nodes.values.reduce(into: [:]) { all, node in
      let links = tree.links(of: node)
      all[node] = [links.left, links.right, links.parent, links.balance]
    }
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func rangesThatComeAndGoStayInOrderAndTheTreeInBalance(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var tree = RangeTree<Span>()
    var nodes: [UInt64: Int] = [:]
    for _ in 0..<600 {
      let number = UInt64.random(in: 0..<120, using: &random)
      let before = Self.written(tree, nodes)
      if let node = nodes.removeValue(forKey: number) {
        #expect(tree.remove(node) == Span(number))
        #expect(!tree.relinked.contains(node))
      } else {
        nodes[number] = tree.insert(Span(number))
      }
      let changed = Self.written(tree, nodes).filter { before[$0.key] != $0.value }.keys
      #expect(changed.allSatisfy(tree.relinked.contains), "all that changed is written")
      #expect(Array(tree) == nodes.keys.sorted().map(Span.init))
      #expect(tree.count == nodes.count)
      _ = Self.depth(tree, tree.root)
      let asked = UInt64.random(in: 0..<1200, using: &random)
      let holder = asked % 10 <= 5 ? nodes[asked / 10] : nil
      #expect(tree.node(holding: asked) == holder)
      #expect(tree.hasNone(of: asked...asked) == (holder == nil))
    }
  }

  @Test func neighboursFollowEachOther() throws {
    var tree = RangeTree<Span>()
    let nodes = (0..<50 as Range<UInt64>).map { tree.insert(Span($0 * 37 % 50)) }
    var inOrder: [Int] = []
    var next = tree.firstNode
    while let node = next {
      #expect(tree.node(before: node) == inOrder.last)
      inOrder.append(node)
      next = tree.node(after: node)
    }
    #expect(Set(inOrder) == Set(nodes))
    #expect(inOrder.map { tree[$0].first } == (0..<50).map { $0 * 10 })
  }

  /// The whole tree was written at each change once.
  @Test func whatAChangeWritesDoesNotGrowWithTheTree() {
    var tree = RangeTree<Span>()
    var counts: [Int] = []
    for number in 0..<(1 << 14) as Range<UInt64> {
      tree.insert(Span(number))
      counts.append(tree.relinked.count)
    }
    #expect(Self.depth(tree, tree.root) <= 20)
    let (early, late) = (counts[1000..<2000], counts[15_000..<16_000])
    #expect(late.reduce(0, +) <= 2 * early.reduce(0, +))
    #expect(counts.max() ?? 0 <= 64)
  }
}
