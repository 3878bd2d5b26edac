import LinuxMemory
import PhysicalMemory

/// A process of the simulated Linux.
final class LinuxProcessState: SimulatedProcess {
  let name: String
  let pid: UInt64
  /// The value of CR3.
  let root: UInt64
  /// The areas, ascending.
  private(set) var areas = RangeTree<LinuxArea>()
  /// The last fault whose like come to the same, until the areas change.
  var knownFault: LinuxKnownFault?
  /// Where neighbours may be the same area now: where the step parted one, and where those begin and end that
  /// it made or changed.
  private var joints: [UInt64] = []
  /// Who forked it, as long as that lives.
  weak var parent: LinuxProcessState?
  /// A table for each of its huge pages, so that none need be found when one is split
  /// (pgtable_trans_huge_deposit).
  var deposited: [UInt64] = []

  init(name: String, pid: UInt64, root: UInt64) {
    self.name = name
    self.pid = pid
    self.root = root
  }

  // MARK: - Search

  /// The node of the area that holds an address.
  func areaIndex(of address: UInt64) -> Int? { areas.node(holding: address) }

  func area(of address: UInt64) -> LinuxArea? { areaIndex(of: address).map { areas[$0] } }

  /// An area by its node.
  subscript(node: Int) -> LinuxArea {
    get { areas[node] }
    _modify {
      knownFault = nil
      yield &areas[node]
    }
  }

  /// The areas as the classifier of faults takes them: all of them.
  var memoryAreas: MemoryAreas { MemoryAreas(areas.map(\.memoryArea)) }

  /// Those that a fault at an address depends on: the one that holds it or lies above it, with its neighbours.
  func memoryAreas(around address: UInt64) -> MemoryAreas {
    guard let node = areas.node(endingFrom: address) else { return MemoryAreas([]) }
    let nodes = [areas.node(before: node), node, areas.node(after: node)].compactMap(\.self)
    return MemoryAreas(nodes.map { areas[$0].memoryArea })
  }

  /// The nodes of areas that have something of a range, ascending.
  func nodes(in start: UInt64, _ end: UInt64) -> [Int] {
    var found: [Int] = []
    var next = areas.node(endingFrom: start)
    while let node = next, areas[node].start < end {
      found.append(node)
      next = areas.node(after: node)
    }
    return found
  }

  /// The areas that have something of a range, ascending.
  func areas(in start: UInt64, _ end: UInt64) -> [LinuxArea] {
    nodes(in: start, end).map { areas[$0] }
  }

  /// What areas have of a range, ascending: areas that may be smaller than they are.
  func parts(of start: UInt64, _ end: UInt64) -> [LinuxArea] {
    areas(in: start, end).map { area in
      var part = area
      (part.start, part.end) = (max(area.start, start), min(area.end, end))
      part.page = area.filePage(of: part.start)
      return part
    }
  }

  /// Whether areas hold something of a range.
  func hasAreas(in start: UInt64, _ end: UInt64) -> Bool { !areas.hasNone(of: start...(end - 1)) }

  /// Whether areas hold all of a range.
  func covers(_ start: UInt64, _ end: UInt64) -> Bool { coveredEnd(start, end) == end }

  /// The end of what areas hold of a range without a hole, from its start on.
  func coveredEnd(_ start: UInt64, _ end: UInt64) -> UInt64 {
    var next = start
    for area in areas(in: start, end) {
      guard area.start <= next else { break }
      next = area.end
    }
    return min(next, end)
  }

  // MARK: - Changes

  /// An area is another one now, so that its neighbours may be the same as it.
  func noteChanged(_ area: LinuxArea) { joints += [area.start, area.end] }

  /// An area begins, by a call of the process.
  func insert(_ area: LinuxArea) {
    inherit(area)
    noteChanged(area)
  }

  /// An area is there from the process's beginning on.
  func inherit(_ area: LinuxArea) {
    knownFault = nil
    areas.insert(area)
    area.file?.areaCount += 1
  }

  private func remove(_ node: Int) {
    knownFault = nil
    areas.remove(node).file?.areaCount -= 1
  }

  /// Takes the areas out that lie in a range as a whole; gives them.
  func removeAreas(in start: UInt64, _ end: UInt64) -> [LinuxArea] {
    isolate(start, end).map { node in
      defer { remove(node) }
      return areas[node]
    }
  }

  /// Parts the areas so that one begins at `start` and one ends at `end`; gives those between.
  func isolate(_ start: UInt64, _ end: UInt64) -> [Int] {
    for edge in [start, end] {
      guard let node = areaIndex(of: edge), areas[node].start != edge else { continue }
      var upper = areas[node]
      (upper.page, upper.start) = (upper.filePage(of: edge), edge)
      self[node].end = edge
      inherit(upper)
      joints.append(edge)
    }
    return nodes(in: start, end).filter { areas[$0].start >= start && areas[$0].end <= end }
  }

  /// Joins neighbours that differ in nothing, where the step changed one of them: whatever else lies side by side
  /// stays so (vma_modify, vma_merge_new_range).
  func merge() {
    guard !joints.isEmpty else { return }
    for joint in joints {
      guard let upper = areaIndex(of: joint), areas[upper].start == joint,
        let lower = areas.node(before: upper), areas[lower].isContinued(by: areas[upper])
      else { continue }
      let area = areas[upper]
      remove(upper)
      self[lower].end = area.end
      if area.hasOwnPages { self[lower].hasOwnPages = true }
    }
    joints.removeAll(keepingCapacity: joints.count <= 16)
  }

  /// A page of the process's own is in the area now, so that fork copies its entries.
  func noteOwnPage(at address: UInt64) {
    guard let node = areaIndex(of: address), !areas[node].hasOwnPages else { return }
    self[node].hasOwnPages = true
  }
}
