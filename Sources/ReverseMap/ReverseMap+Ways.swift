import Machine
import Paging
import PhysicalMemory

/// From the ways to a page to its mappings.
extension ReverseMap {
  /// Gives the ways to a page: those that tables have, then those that views alone have.
  func ways(
    to mapped: MappedPage, _ body: (Way) throws(ReverseMapError) -> Bool
  ) throws(ReverseMapError) -> Bool {
    if !mapped.entries.isEmpty {
      guard try PageTrace(self, mapped.entries).run(body) else { return false }
    }
    for way in mapped.ways {
      guard try body(way) else { return false }
    }
    return true
  }

  /// Gives all that leads to a page, for its byte at `first`; false when no more is wanted.
  func give(
    _ mapped: MappedPage, from first: UInt64, expandsShared: Bool, _ emit: (ReverseMapping) -> Bool
  ) throws(ReverseMapError) -> Bool {
    try ways(to: mapped) { way throws(ReverseMapError) in
      let address = VirtualAddress(way.start &+ (first - mapped.page))
      guard let found = try confirm(way, at: address, leadingTo: first) else { return true }
      var mapping = ReverseMapping(
        physical: PhysicalAddress(first), address: address, space: try space(of: way), sharers: 1,
        pageShift: found.pageShift, rights: found.rights, state: found.state)
      let owners = owners(of: way, at: address, found)
      guard !owners.isEmpty else { return true }
      if way.sharing == .own || way.sharing == .view || expandsShared {
        return owners.allSatisfy { owner in
          mapping.space = owner
          return emit(mapping)
        }
      }
      mapping.sharers = owners.count
      return emit(mapping)
    }
  }

  /// What the tables say of a way, or the system; nil where nobody has the page by it.
  func confirm(
    _ way: Way, at address: VirtualAddress, leadingTo first: UInt64
  ) throws(ReverseMapError) -> PageAnswer? {
    let space = try space(of: way)
    let half =
      way.sharing == .view
      ? machine.paging(of: machine.addressSpaces[space]).half(of: address) : roots[way.owner].half
    let found = answer(address, half, space: space)
    if let found, found.address.rawValue == first { return found }
    // What is confirmed by nothing is not said; and a table that processes share may have entries whose
    // meaning is each one's own.
    let isOwnAffair = classifier(of: space) != nil && (found == nil || found?.state != nil)
    guard way.sharing == .view || isOwnAffair else { throw .disagrees(PhysicalAddress(first)) }
    return nil
  }

  /// The number of the first address space that has a way.
  private func space(of way: Way) throws(ReverseMapError) -> Int {
    let all = way.sharing == .view ? machine.addressSpaces.indices : roots.indices
    guard all.contains(way.owner) else { throw index.inconsistent }
    return way.sharing == .view ? way.owner : roots[way.owner].owners[0]
  }

  /// The numbers of the address spaces that have a page at an address by a way.
  private func owners(of way: Way, at address: VirtualAddress, _ answer: PageAnswer) -> [Int] {
    switch way.sharing {
    case .view: [way.owner]
    case .own: roots[way.owner].owners
    case .common: upperOwners
    case .shared: owners(of: address, answer, sayer: way.owner).sorted()
    }
  }

  /// The address spaces that translate an address of the upper half alike; none where the first of them
  /// is another than that of the top table `sayer`, which says it for all of them.
  private func owners(of address: VirtualAddress, _ answer: PageAnswer, sayer: Int) -> [Int] {
    var owners: [Int] = []
    for number in upperRoots
    where self.answer(address, roots[number].half, space: roots[number].owners[0]) == answer {
      if owners.isEmpty, number != sayer { return [] }
      owners += roots[number].owners
    }
    return owners
  }
}
