import Machine
public import Paging
import PhysicalMemory

/// Which pages of an address space are mapped out, and how much of that is said.
public struct MapQuery: Sendable {
  /// Which virtual addresses.
  public var range: ClosedRange<UInt64> = 0...UInt64.max
  /// Which physical addresses.
  public var physical: ClosedRange<UInt64> = 0...UInt64.max
  /// Which kinds of pages.
  public var filter = MapFilter()
  /// The addresses of which a run must contain one; empty for all runs.
  public var contained: [UInt64] = []
  /// Whether every copy of a shared table is written out.
  public var expandsCopies = false

  /// All pages.
  public init() {}

  /// What the paging state must say for the filter and does not, with what the user can do about it.
  public func problem(for paging: PagingState) -> String? {
    guard filter.asksMemoryTypes, paging.isARM64, paging.arm64.mair == nil else { return nil }
    return "memory types are numbers that MAIR_EL1 explains, which is not known; give --mair VALUE"
  }

  /// Whether all pages are asked for, and so no filter needs to look at them.
  private var isOfAllPages: Bool { filter.isEmpty && physical == 0...UInt64.max }

  private func selection(_ paging: PagingState) -> MapSelection {
    MapSelection(filter, physical: physical, of: paging)
  }

  /// Gives the pieces of an address space until `emit` returns false.
  func run(
    _ machine: Machine, _ paging: PagingState, _ emit: @escaping (MapPiece) -> Bool
  ) {
    if !contained.isEmpty {
      for run in runs(machine, paging) {
        guard emit(.run(run)) else { return }
      }
    } else if isOfAllPages {
      paging.map(machine.memory, range: range, expandingCopies: expandsCopies, emit: emit)
    } else {
      paging.map(
        machine.memory, range: range, only: selection(paging), expandingCopies: expandsCopies,
        emit: emit)
    }
  }

  /// Counts the pages of an address space.
  func count(_ machine: Machine, _ paging: PagingState) -> MapCounts {
    guard !contained.isEmpty else {
      return paging.countPages(machine.memory, range: range, only: selection(paging))
    }
    let counts = runs(machine, paging).map { run in
      paging.countPages(
        machine.memory, range: run.start.rawValue...run.end.rawValue, only: selection(paging))
    }
    return MapCounts(
      pages: counts.reduce(into: [:]) { pages, run in pages.merge(run.pages) { $0 &+ $1 } })
  }
}

extension MapQuery {
  /// The runs that contain one of the addresses, each once, in ascending order.
  private func runs(_ machine: Machine, _ paging: PagingState) -> [MappingRun] {
    var runs: [MappingRun] = []
    for address in contained.sorted() {
      if let last = runs.last, address <= last.end.rawValue { continue }
      if let run = run(containing: address, machine, paging) { runs.append(run) }
    }
    return runs
  }

  /// The run that contains an address, at its full length within the range.
  ///
  /// It is sought from the address on, not among all runs: a run is no longer than the tables are, but what
  /// shared tables map before it may be.
  private func run(
    containing address: UInt64, _ machine: Machine, _ paging: PagingState
  ) -> MappingRun? {
    guard range.contains(address),
      var run = edge(machine, paging, in: address...range.upperBound, isFirst: true),
      run.start.rawValue <= address
    else { return nil }
    var reach: UInt64 = 1 << 21
    while true {
      let room = address - range.lowerBound
      let first = address - min(reach, room)
      guard let before = edge(machine, paging, in: first...address, isFirst: false) else { break }
      run.address = before.address
      run.start = before.start
      if before.start.rawValue > first || reach >= room { break }
      reach = reach.multipliedReportingOverflow(by: 4).overflow ? UInt64.max : reach * 4
    }
    return run
  }

  /// The first or the last run in a range.
  private func edge(
    _ machine: Machine, _ paging: PagingState, in range: ClosedRange<UInt64>, isFirst: Bool
  ) -> MappingRun? {
    let found = RunBox()
    paging.map(
      machine.memory, range: range, only: selection(paging), expandingCopies: true
    ) { piece in
      if case .run(let run) = piece { found.run = run }
      return !isFirst
    }
    return found.run
  }
}

private final class RunBox {
  var run: MappingRun?
}
