public import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// Answers which virtual addresses map a physical one, in all address spaces of a machine.
///
/// Where the index is a graph, it says which entries map the page. From there the way leads up to the top
/// tables, and from those down again in the order of addresses: so answers come sorted by address space and
/// virtual address, as they are found, and however many they are, memory holds only the tables on the way.
/// A list has them in the same order. Each answer is confirmed by a walk: an index can lack something, but
/// not make anything up.
public final class ReverseMap {
  let machine: Machine
  let index: ReverseIndex
  /// Each top table with the state that it is read by and the address space, in the order of spaces.
  let roots: [Root]

  /// A top table of an address space.
  struct Root {
    /// The number of the table; nil where the index is a list, which has none.
    var node: Int?
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
        let key = RootKey(table: half.rootKey, firstAddress: half.firstAddress)
        let node = index.isList ? nil : try index.root(number, key.table)
        number += 1
        if let earlier = seen[key] {
          roots[earlier].owners.append(space)
        } else {
          seen[key] = roots.count
          roots.append(Root(node: node, half: half, owners: [space]))
        }
      }
    }
    guard index.isList || number == index.shape.roots else { throw index.inconsistent }
    return roots
  }

  private struct RootKey: Hashable {
    var table: TableKey
    var firstAddress: UInt64
  }

  /// The sizes that pages can have, as powers of 2, largest first.
  private lazy var pageShifts: [UInt64] = {
    let shifts = roots.flatMap { root in (1...root.half.topLevel).map(root.half.pageShift) }
    return Set(shifts).filter { $0 < 64 }.sorted(by: >)
  }()

  /// The numbers of the top tables that translate addresses of the upper half.
  lazy var upperRoots: [Int] = roots.indices.filter {
    !roots[$0].half.isARM64 || roots[$0].half.firstAddress >= upperHalf
  }

  /// The numbers of the address spaces with an upper half.
  lazy var upperOwners: [Int] = upperRoots.flatMap { roots[$0].owners }.sorted()

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
      let mapped = try index.page(page, holding: range.lowerBound - page)
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
}

extension PagingState {
  /// What the top table of the state's half is known by.
  var rootKey: TableKey { tableKey(root, level: topLevel, rights: []) }
}
