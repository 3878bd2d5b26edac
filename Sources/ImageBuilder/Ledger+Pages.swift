import Paging
import PhysicalMemory

extension Ledger {
  /// Gives all pages of an address space, or of all, to `body` until it returns false.
  ///
  /// Spaces come in the order of the scenario, in each the items of `map:` in the order of the file
  /// and then the shared ranges by address; the pages of an item ascend. No list of pages is made.
  public func forEachPage(in space: Int? = nil, _ body: (IntendedPage) -> Bool) {
    for index in owners.indices where space == nil || space == index {
      for owner in owners[index] {
        let view = View(
          ledger: self, space: index, owner: owner, denialLevels: levelCount,
          silentLevels: levelCount)
        guard view.forEachPage(in: 0...UInt64.max, body) else { return }
      }
    }
  }

  /// The number of pages of an address space, or of all.
  ///
  /// - Complexity: proportional to the number of pages.
  public func pageCount(in space: Int? = nil) -> UInt64 {
    var count: UInt64 = 0
    forEachPage(in: space) { _ in
      count += 1
      return true
    }
    return count
  }

  /// What all entries of the levels take away from an address.
  fileprivate func denied(_ address: UInt64, owner: Int, levels: ClosedRange<Int>) -> Rights {
    var denied: Rights = []
    for level in levels {
      let denials = owned[owner].denials[level]
      let next = denials.partitioningIndex { $0.range.upperBound >= address }
      if next < denials.count, denials[next].range.lowerBound <= address {
        denied.formUnion(denials[next].rights)
      }
    }
    return denied
  }

  fileprivate func isSilent(_ address: UInt64, owner: Int, levels: ClosedRange<Int>) -> Bool {
    levels.contains { owned[owner].silent[$0].contains(address) }
  }
}

/// The pages of one owner's tables, as they appear to a space through the entries that lead there.
private struct View {
  let ledger: Ledger
  let space: Int
  let owner: Int
  /// Denials of the levels up to here hold; those above are not on the way.
  let denialLevels: Int
  /// Silence of the levels up to here holds.
  let silentLevels: Int
  /// Added to the owner's addresses, gives those of the space.
  var distance: UInt64 = 0
  /// What the entries on the way already take away.
  var denied: Rights = []

  /// Gives the pages that start in `range`, as the owner counts addresses; false to stop.
  func forEachPage(in range: ClosedRange<UInt64>, _ body: (IntendedPage) -> Bool) -> Bool {
    let tables = ledger.owned[owner]
    let isPlain = !tables.denials[1...denialLevels].contains { !$0.isEmpty }
    let isSaid = silentLevels == 0 || !tables.silent[1...silentLevels].contains { !$0.isEmpty }
    for rule in tables.rules {
      guard let indexes = rule.indexes(in: range) else { continue }
      for index in indexes {
        let address = rule.address(index).rawValue
        if !isSaid, ledger.isSilent(address, owner: owner, levels: 1...silentLevels) { continue }
        let granted = rule.rights(index)
        var rights = (ledger.isARM64 ? granted.byPrivilege : granted).subtracting(denied)
        if !isPlain {
          rights.subtract(ledger.denied(address, owner: owner, levels: 1...denialLevels))
        }
        let page = IntendedPage(
          space: space, va: VirtualAddress(address &+ distance), pa: rule.frame(index),
          pageSize: rule.pageSize,
          rights: ledger.isARM64 ? rights.ofPage : rights)
        guard body(page) else { return false }
      }
    }
    for share in shares(of: tables, in: range) {
      guard view(of: share)?.forEachPage(in: sourceRange(of: share), body) ?? true else {
        return false
      }
    }
    return true
  }

  private func shares(
    of tables: Ledger.Space, in range: ClosedRange<UInt64>
  ) -> ArraySlice<SharedRange> {
    let shares = tables.shares
    let first = shares.partitioningIndex { $0.range.lowerBound >= range.lowerBound }
    return shares[first...].prefix { $0.range.lowerBound <= range.upperBound }
  }

  private func sourceRange(of share: SharedRange) -> ClosedRange<UInt64> {
    share.source...(share.source + (share.range.upperBound - share.range.lowerBound))
  }

  /// The source of a shared range as it appears there, or nil where the ledger says nothing.
  private func view(of share: SharedRange) -> View? {
    let start = share.range.lowerBound
    if share.level <= silentLevels,
      ledger.isSilent(start, owner: owner, levels: share.level...silentLevels)
    {
      return nil
    }
    var view = View(
      ledger: ledger, space: space, owner: share.sourceSpace,
      denialLevels: share.hasOwnRights ? share.level - 1 : share.level,
      silentLevels: share.level - 1)
    view.distance = distance &+ (start &- share.source)
    view.denied = denied
    if share.level < denialLevels {
      let above = (share.level + 1)...denialLevels
      view.denied.formUnion(ledger.denied(start, owner: owner, levels: above))
    }
    return view
  }
}

extension Rights {
  /// The rights that a page of arm64 is meant to have, with execution by those it is for: a user
  /// page by EL0, another page by EL1.
  fileprivate var byPrivilege: Rights {
    guard contains(.execute), !contains(.user) else { return self }
    return subtracting(.execute).union(.privilegedExecute)
  }
}
