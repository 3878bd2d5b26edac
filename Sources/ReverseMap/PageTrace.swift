import Machine
import Paging
import PhysicalMemory

/// The way from the entries that map a page to the virtual addresses.
struct PageTrace {
  /// What a table on the way leads to.
  private struct Branch {
    var index: Int
    /// The table below; nil where the entry maps the page.
    var child: Int?
    var isFirst: Bool
  }

  private let map: ReverseMap
  private let page: UInt64
  private let first: UInt64
  private let expandsShared: Bool
  /// Of each table on the way the entries that go on.
  private var branches: [Int: [Branch]] = [:]

  init(
    _ map: ReverseMap, _ mapped: MappedPage, first: UInt64, expandsShared: Bool
  ) throws(ReverseMapError) {
    self.map = map
    page = mapped.page
    self.first = first
    self.expandsShared = expandsShared
    var waiting: [Int] = []
    for entry in mapped.entries {
      if branches[entry.node] == nil { waiting.append(entry.node) }
      branches[entry.node, default: []].append(
        Branch(index: entry.index, child: nil, isFirst: false))
    }
    try climb(from: waiting)
    for node in branches.keys { branches[node]?.sort { $0.index < $1.index } }
  }

  /// Goes up from table to table, each once; what another address space says already is left out.
  private mutating func climb(from tables: [Int]) throws(ReverseMapError) {
    var waiting = tables
    while let node = waiting.popLast() {
      var found: [TableEdge] = []
      try map.index.edges(to: node) { edge throws(ReverseMapError) in
        if !edge.isRepeat { found.append(edge) }
        return !edge.isRepeat
      }
      for edge in found {
        if branches[edge.node] == nil { waiting.append(edge.node) }
        branches[edge.node, default: []].append(
          Branch(index: edge.index, child: node, isFirst: edge.isFirst))
      }
    }
  }

  /// Gives the mappings; false when no more are wanted.
  mutating func run(_ emit: (ReverseMapping) -> Bool) throws(ReverseMapError) -> Bool {
    for root in map.roots where branches[root.node] != nil {
      guard
        try descend(
          root.node, level: root.half.topLevel, address: root.half.firstAddress, root,
          isFirst: true, emit)
      else { return false }
    }
    return true
  }

  /// Goes down from a table that translates from `address` on.
  private func descend(
    _ node: Int, level: Int, address: UInt64, _ root: ReverseMap.Root, isFirst: Bool,
    _ emit: (ReverseMapping) -> Bool
  ) throws(ReverseMapError) -> Bool {
    for branch in branches[node] ?? [] {
      let start = root.half.address(address, level: level, index: branch.index)
      guard let child = branch.child else {
        guard try give(start, node, root, isFirst: isFirst, emit) else { return false }
        continue
      }
      // Tables lead to tables of the level below; an index that says otherwise would not end.
      guard level > 1 else { throw map.index.inconsistent }
      guard
        try descend(
          child, level: level - 1, address: start, root, isFirst: isFirst && branch.isFirst, emit)
      else { return false }
    }
    return true
  }

  /// Gives one mapping, for all that share it or for each.
  private func give(
    _ start: UInt64, _ node: Int, _ root: ReverseMap.Root, isFirst: Bool,
    _ emit: (ReverseMapping) -> Bool
  ) throws(ReverseMapError) -> Bool {
    let address = VirtualAddress(start &+ (first - page))
    let found = map.answer(address, root)
    guard let found, found.address.rawValue == first else {
      // A table that processes share may have entries whose meaning is each one's own.
      if map.classifier(of: root.owners[0]) != nil, found?.state != nil || found == nil {
        return true
      }
      throw .disagrees(PhysicalAddress(first))
    }
    let mapping = ReverseMapping(
      physical: PhysicalAddress(first), address: address, space: root.owners[0], sharers: 1,
      pageShift: found.pageShift, rights: found.rights, state: found.state)
    guard start >= map.upperHalf else { return self.emit(mapping, for: root.owners, emit) }
    let sharers = isFirst ? try map.index.sharers(node) : 0
    let isCommon = sharers == map.upperOwnerCount
    let owners =
      isCommon ? map.upperRoots.flatMap(\.owners) : map.owners(of: address, found, sayer: root.node)
    guard !owners.isEmpty else { return true }
    if expandsShared { return self.emit(mapping, for: owners.sorted(), emit) }
    var shared = mapping
    shared.sharers = owners.count
    return emit(shared)
  }

  private func emit(
    _ mapping: ReverseMapping, for owners: [Int], _ emit: (ReverseMapping) -> Bool
  ) -> Bool {
    owners.allSatisfy { owner in
      var mapping = mapping
      mapping.space = owner
      return emit(mapping)
    }
  }
}

extension ReverseMap {
  /// The address spaces that translate an address of the upper half alike; none where the first of them
  /// is another than that of the top table `sayer`, which says it for all of them.
  fileprivate func owners(
    of address: VirtualAddress, _ answer: PageAnswer, sayer: Int
  ) -> [Int] {
    var owners: [Int] = []
    for root in upperRoots where self.answer(address, root) == answer {
      if owners.isEmpty, root.node != sayer { return [] }
      owners += root.owners
    }
    return owners
  }
}
