import Machine
import Paging
import PhysicalMemory

/// Which processes have a table below their lower half.
enum TableOwner: Equatable {
  case nobody
  case one(Int)
  case many

  /// The owners of two tables together.
  func joined(_ other: TableOwner) -> TableOwner {
    switch (self, other) {
    case (.nobody, let owner), (let owner, .nobody): owner
    case (.one(let a), .one(let b)) where a == b: self
    default: .many
    }
  }
}

extension ReverseMap {
  /// Gives the pages in `range` that more than one process maps in its lower half, with all those
  /// mappings, until `emit` returns false.
  ///
  /// What the kernel maps does not count: it maps everything. Two roots of one process are one owner.
  ///
  /// - Throws: `ReverseMapError` where the index is damaged or does not fit the image.
  public func sharedPages(
    of range: ClosedRange<UInt64>, _ emit: (ReverseMapping) -> Bool
  ) throws(ReverseMapError) {
    let owners = index.isList ? [] : try tableOwners()
    var pages = try index.pages(from: range.lowerBound & ~(frameSize - 1))
    while let mapped = try pages.next(), mapped.page <= range.upperBound {
      let all = (mapped.entries.map { owners[$0.node] } + mapped.ways.map(lowerOwner))
        .reduce(TableOwner.nobody) { $0.joined($1) }
      guard all == .many, try hasSeveralOwners(mapped) else { continue }
      let wantsMore = try give(mapped, from: mapped.page, expandsShared: false) {
        $0.address.rawValue >= upperHalf || emit($0)
      }
      guard wantsMore else { return }
    }
  }

  private func hasSeveralOwners(_ mapped: MappedPage) throws(ReverseMapError) -> Bool {
    var owner: TableOwner = .nobody
    _ = try give(mapped, from: mapped.page, expandsShared: false) { mapping in
      guard mapping.address.rawValue < upperHalf else { return true }
      owner = owner.joined(.one(processes[mapping.space]))
      return owner != .many
    }
    return owner == .many
  }

  /// Who has a page by a way in the lower half.
  private func lowerOwner(of way: Way) -> TableOwner {
    switch way.sharing {
    case .view where processes.indices.contains(way.owner): .one(processes[way.owner])
    case .own where roots.indices.contains(way.owner): owner(of: roots[way.owner])
    default: .nobody
    }
  }

  /// Who has a top table.
  private func owner(of root: Root) -> TableOwner {
    root.owners.reduce(.nobody) { $0.joined(.one(processes[$1])) }
  }

  /// Of each table, who has it below the lower half.
  private func tableOwners() throws(ReverseMapError) -> [TableOwner] {
    var owners = [TableOwner](repeating: .nobody, count: index.nodeCount)
    var tops: [Int: Root] = [:]
    for root in roots where root.half.firstAddress < upperHalf {
      guard let node = root.node else { continue }
      owners[node] = owner(of: root)
      tops[node] = root
    }
    for node in try nodesFromTheTop() where tops[node] == nil {
      var all = TableOwner.nobody
      try index.edges(to: node) { edge throws(ReverseMapError) in
        let isLower = tops[edge.node].map { root in
          root.half.address(
            root.half.firstAddress, level: root.half.topLevel, index: edge.index) < upperHalf
        }
        if isLower ?? true { all = all.joined(owners[edge.node]) }
        return all != .many
      }
      owners[node] = all
    }
    return owners
  }

  /// The tables, those of higher levels before those that they can lead to.
  private func nodesFromTheTop() throws(ReverseMapError) -> [Int] {
    var levels = [[Int]](repeating: [], count: 8)
    for node in 0..<index.nodeCount {
      levels[try index.level(node)].append(node)
    }
    return levels.reversed().flatMap { $0 }
  }
}
