/// A process of a simulated system.
protocol SimulatedProcess: AnyObject {
  var name: String { get }
  var pid: UInt64 { get }
}

/// The processes of a system, in the order in which they began.
///
/// To begin one, to end one, and to find one by its number or its name costs the same however many there are.
struct ProcessTable<Process: SimulatedProcess> {
  private var row = Row<Process>()
  private var rows: [String: Row<Process>] = [:]
  /// Where each process is, among all and among those of its name.
  private var places: [UInt64: (all: Int, named: Int)] = [:]

  var count: Int { places.count }
  /// The one that began first.
  var first: Process? { row.firstElement }

  /// The process with a number.
  subscript(pid pid: UInt64) -> Process? { places[pid].flatMap { row[$0.all] } }

  /// The first process with a name.
  subscript(name name: String) -> Process? { rows[name]?.firstElement }

  /// Adds a process, whose number no other has.
  mutating func append(_ process: Process) {
    let named = rows[process.name, default: Row()].append(process)
    places[process.pid] = (row.append(process), named)
  }

  mutating func remove(_ process: Process) {
    guard let place = places.removeValue(forKey: process.pid) else { return }
    row.remove(place.all)
    rows[process.name]?.remove(place.named)
    if rows[process.name]?.firstElement == nil { rows[process.name] = nil }
  }
}

extension ProcessTable: Sequence {
  func makeIterator() -> some IteratorProtocol<Process> { row.makeIterator() }
}

/// Elements in the order in which they came, each of which may go at any time.
private struct Row<Element>: Sequence {
  private struct Node {
    var element: Element?
    var before: Int?
    var after: Int?
  }

  private var nodes: [Node] = []
  /// The nodes that hold nothing.
  private var free: [Int] = []
  private var first: Int?
  private var last: Int?

  var firstElement: Element? { first.flatMap { nodes[$0].element } }

  subscript(node: Int) -> Element? { nodes[node].element }

  /// Adds an element at the end; gives its node.
  mutating func append(_ element: Element) -> Int {
    let node = free.popLast() ?? nodes.count
    if node == nodes.count { nodes.append(Node()) }
    nodes[node] = Node(element: element, before: last)
    if let last { nodes[last].after = node } else { first = node }
    last = node
    return node
  }

  mutating func remove(_ node: Int) {
    let (before, after) = (nodes[node].before, nodes[node].after)
    if let before { nodes[before].after = after } else { first = after }
    if let after { nodes[after].before = before } else { last = before }
    nodes[node] = Node()
    free.append(node)
  }

  func makeIterator() -> AnyIterator<Element> {
    var next = first
    return AnyIterator {
      guard let node = next else { return nil }
      next = nodes[node].after
      return nodes[node].element
    }
  }
}
