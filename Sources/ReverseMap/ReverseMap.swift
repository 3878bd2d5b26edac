public import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// Answers which virtual addresses map a physical one, in all address spaces of a machine.
///
/// The index says which entries map the page. From there the way leads up to the top tables, and from
/// those down again in the order of addresses: so answers come sorted by address space and virtual address,
/// as they are found, and however many they are, memory holds only the tables on the way. Each
/// answer is confirmed by a walk: an index can lack something, but not make anything up.
public final class ReverseMap {
  let machine: Machine
  let index: ReverseIndex
  /// Each top table with the state that it is read by and the address space, in the order of spaces.
  let roots: [Root]

  /// A top table of an address space.
  struct Root {
    var node: Int
    var half: PagingState
    /// All address spaces that have this top table.
    var owners: [Int]
  }

  /// Takes the index of a machine.
  ///
  /// - Throws: `ReverseMapError` where the index is of a machine with other roots.
  public init(_ machine: Machine, _ index: ReverseIndex) throws(ReverseMapError) {
    self.machine = machine
    self.index = index
    roots = try Self.roots(machine, index)
  }

  private static func roots(
    _ machine: Machine, _ index: ReverseIndex
  ) throws(ReverseMapError) -> [Root] {
    var roots: [Root] = []
    var seen: [RootKey: Int] = [:]
    var number = 0
    for (space, description) in machine.addressSpaces.enumerated() {
      for half in machine.paging(of: description).halves {
        guard number < index.shape.roots else { throw index.inconsistent }
        let top = try index.root(number)
        number += 1
        guard top.key == half.rootKey.rawValue else { throw index.inconsistent }
        let key = RootKey(node: top.node, firstAddress: half.firstAddress)
        if let earlier = seen[key] {
          roots[earlier].owners.append(space)
        } else {
          seen[key] = roots.count
          roots.append(Root(node: top.node, half: half, owners: [space]))
        }
      }
    }
    guard number == index.shape.roots else { throw index.inconsistent }
    return roots
  }

  private struct RootKey: Hashable {
    var node: Int
    var firstAddress: UInt64
  }

  /// The sizes that pages can have, as powers of 2, largest first.
  private lazy var pageShifts: [UInt64] = {
    let shifts = roots.flatMap { root in (1...root.half.topLevel).map(root.half.pageShift) }
    return Set(shifts).filter { $0 < 64 }.sorted(by: >)
  }()

  /// The top tables that translate addresses of the upper half.
  lazy var upperRoots: [Root] = roots.filter {
    !$0.half.isARM64 || $0.half.firstAddress >= upperHalf
  }

  /// The number of address spaces with an upper half.
  lazy var upperOwnerCount: Int = upperRoots.reduce(0) { $0 + $1.owners.count }

  /// For each address space the number of the first one of the same process.
  lazy var processes: [Int] = machine.firstSpaces

  /// What knows of each address space's pages that are not valid; nil without Windows.
  private lazy var classifiers: [PageClassifier?] = machine.addressSpaces.map(machine.classifier)

  /// What knows of an address space's pages that are not valid; nil without Windows.
  func classifier(of space: Int) -> PageClassifier? { classifiers[space] }

  /// The first address of the upper half.
  var upperHalf: UInt64 { TableGraph.upperHalf(of: machine.paging.mode) }

  /// Gives all mappings of the physical addresses in `range` until `emit` returns false: by page, then
  /// by address space, then by virtual address.
  ///
  /// - Parameters:
  ///   - range: physical addresses.
  ///   - expandsShared: whether a mapping that address spaces have in common is given for each of
  ///     them, rather than once.
  ///   - emit: takes a mapping; false ends the search.
  /// - Throws: `ReverseMapError` where the index is damaged or does not fit the image.
  public func mappings(
    of range: ClosedRange<UInt64>, expandingShared expandsShared: Bool = false,
    _ emit: (ReverseMapping) -> Bool
  ) throws(ReverseMapError) {
    let firstFrame = range.lowerBound & ~(frameSize - 1)
    // Pages that begin before the first frame and reach into the range.
    for (number, shift) in pageShifts.enumerated() {
      let page = range.lowerBound & ~((1 << shift) - 1)
      guard page < firstFrame else { continue }
      let isRepeat = pageShifts[..<number].contains {
        range.lowerBound & ~((1 << $0) - 1) == page
      }
      guard !isRepeat else { continue }
      var entries: [PageEntry] = []
      for entry in try index.entries(mapping: page) {
        // Adding the size to the page could pass the end of the address space.
        let isLongEnough = try range.lowerBound - page < 1 << index.pageShift(entry.node)
        if isLongEnough { entries.append(entry) }
      }
      let mapped = MappedPage(page: page, entries: entries)
      guard try give(mapped, in: range, expandsShared, emit) else { return }
    }
    var pages = try index.pages(from: firstFrame)
    while let mapped = try pages.next(), mapped.page <= range.upperBound {
      guard try give(mapped, in: range, expandsShared, emit) else { return }
    }
  }

  private func give(
    _ mapped: MappedPage, in range: ClosedRange<UInt64>, _ expandsShared: Bool,
    _ emit: (ReverseMapping) -> Bool
  ) throws(ReverseMapError) -> Bool {
    let first = max(mapped.page, range.lowerBound)
    return try give(mapped, from: first, expandsShared: expandsShared, emit)
  }

  /// Gives all that leads to a page, for its byte at `first`; false when no more is wanted.
  ///
  /// What entries map comes first, then what views alone lead to.
  func give(
    _ mapped: MappedPage, from first: UInt64, expandsShared: Bool,
    _ emit: (ReverseMapping) -> Bool
  ) throws(ReverseMapError) -> Bool {
    if !mapped.entries.isEmpty {
      var trace = try PageTrace(self, mapped, first: first, expandsShared: expandsShared)
      guard try trace.run(emit) else { return false }
    }
    for view in mapped.views {
      guard view.space < machine.addressSpaces.count else { throw index.inconsistent }
      let address = VirtualAddress(view.address &+ (first - mapped.page))
      let half = machine.paging(of: machine.addressSpaces[view.space]).half(of: address)
      // What is confirmed by nothing is not said.
      guard let found = answer(address, half, space: view.space), found.address.rawValue == first
      else { continue }
      let mapping = ReverseMapping(
        physical: PhysicalAddress(first), address: address, space: view.space, sharers: 1,
        pageShift: found.pageShift, rights: found.rights, state: found.state)
      guard emit(mapping) else { return false }
    }
    return true
  }
}

extension PagingState {
  /// What the top table of the state's half is known by.
  var rootKey: TableKey { tableKey(root, level: topLevel, rights: []) }
}
