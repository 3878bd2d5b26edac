import PhysicalMemory
import ScenarioFile

/// The processes that every Windows has, and the environment blocks of all.
extension [SpaceStatement] {
  private static let registry = "Registry"
  private static let sessionManager = "smss.exe"
  /// The first build with a process for the registry.
  private static let firstBuildWithRegistry: UInt64 = 17134

  /// Adds the processes that readers expect behind System, where the scenario has none of the name.
  mutating func addCore(build: UInt64, at mark: SourceMark) {
    if build >= Self.firstBuildWithRegistry {
      // It runs in kernel mode only.
      add(Self.registry, firstPid: 92, kvaShadow: false, at: mark)
    }
    add(Self.sessionManager, firstPid: 300, kvaShadow: nil, at: mark)
  }

  private mutating func add(
    _ name: String, firstPid: UInt64, kvaShadow: Bool?, at mark: SourceMark
  ) {
    guard !contains(where: { $0.name?.value == name }) else { return }
    let taken = Set(compactMap { $0.pid?.value })
    var pid = firstPid
    while taken.contains(pid) { pid += 4 }
    append(
      SpaceStatement(
        name: Located(name, at: mark), pid: Located(pid, at: mark), root: nil,
        layout: Scenario.Layout(), kvaShadow: kvaShadow.map { Located($0, at: mark) }))
  }

  /// System, the registry's process and the session manager, in the order of their making.
  var coreProcesses: [Int] {
    func named(_ name: String) -> Int? {
      firstIndex { $0.name?.value == name && $0.shadowOf == nil }
    }
    return [
      firstIndex { $0.pid?.value == 4 && $0.shadowOf == nil }, named(Self.registry),
      named(Self.sessionManager),
    ].compactMap { $0 }
  }

  /// Whether a process runs programs in user mode.
  func needsBlock(_ index: Int) -> Bool {
    let space = self[index]
    return space.shadowOf == nil && space.pid?.value != 4 && space.name?.value != Self.registry
  }

  /// Describes in System's user half the range of the data that the kernel shares with user mode.
  ///
  /// Readers want a tree of VADs that is not empty.
  mutating func addVad(toSystem index: Int, at mark: SourceMark) {
    guard self[index].layout.vads.isEmpty else { return }
    self[index].layout.vads.append(
      Scenario.Vad(
        mark: mark, va: Located(0x7ffe_0000...0x7ffe_ffff, at: mark),
        protection: Located(.words(.readOnly, modifier: nil), at: mark)))
  }

  /// Maps and describes the environment block of a process; gives its address.
  ///
  /// The blocks of the spaces before it are given, for spaces with one root have one block.
  mutating func addBlock(to index: Int, _ before: [UInt64?], at mark: SourceMark) -> UInt64? {
    guard needsBlock(index) else { return nil }
    if let root = self[index].root?.value,
      let other = self[..<index].firstIndex(where: { $0.root?.value == root }),
      let block = before[other]
    {
      return block
    }
    let layout = self[index].layout
    guard let address = Self.blockPlaces.first(where: { !layout.mentions($0) }) else { return nil }
    self[index].layout.map.append(
      Scenario.Mapping(
        mark: mark, va: Located(.page(address), at: mark), to: Located(.automatic, at: mark),
        rights: Scenario.Rights(execute: false)))
    self[index].layout.vads.append(
      Scenario.Vad(
        mark: mark, va: Located(address...(address + (frameSize - 1)), at: mark),
        protection: Located(.words(.readWrite, modifier: nil), at: mark),
        isCommitted: Located(true, at: mark)))
    return address
  }

  /// Where a block may be, the usual places first: below the shared data, or below 8 TiB.
  private static let blockPlaces: [UInt64] =
    (0..<16).map { 0x7ffd_f000 - $0 << 21 } + (0..<15).map { 0x7ff_fffd_f000 - $0 << 39 }
}

extension Scenario.Layout {
  /// Whether a statement is about the page at an address, or about a table that leads there.
  fileprivate func mentions(_ page: UInt64) -> Bool {
    let range = page...(page + (frameSize - 1))
    // A statement about a table may be about everything that an entry of the top table covers.
    func isNear(_ address: UInt64) -> Bool { address >> 39 == page >> 39 }
    return vads.contains { $0.va.value.overlaps(range) }
      || map.contains { $0.va.value.range(size: $0.page.value).overlaps(range) }
      || ptes.contains {
        $0.level == nil
          ? $0.va.value.range(size: frameSize).overlaps(range)
          : isNear($0.va.value.range(size: frameSize).lowerBound)
      }
      || share.contains { isNear($0.va.value) }
      || entries.contains {
        guard case .entry(let va, _) = $0.place else { return false }
        return isNear(va.value)
      }
  }
}

extension Scenario.Extent {
  /// All addresses, where pages have a size.
  fileprivate func range(size: UInt64) -> ClosedRange<UInt64> {
    switch self {
    case .page(let address): address...(address | (size &- 1))
    case .range(let range): range
    }
  }
}
