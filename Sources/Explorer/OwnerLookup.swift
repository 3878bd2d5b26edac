import Foundation
import Machine
import PhysicalMemory
import ReverseMap
import Synchronization

/// Finds out who maps a physical address, by an index that is built when somebody asks.
final class OwnerLookup: Sendable {
  private struct Index {
    let changes: String
    let map: ReverseMap
  }

  typealias Owners = (list: [ReverseMapping], isWhole: Bool)

  private let path: String?
  /// The index that was asked last, of the machine as it is or with somebody's changes.
  private let index = Mutex<Index?>(nil)
  /// Who waits for an index, by the changes that it has.
  private let askers = Mutex<[String: [Asker]]>([:])

  init(_ path: String?) { self.path = path }

  /// Whoever waits for the index looks this often whether it is his turn.
  private static let turn: TimeInterval = 0.02

  /// The mappings of an address, in the order of address spaces.
  ///
  /// - Parameters:
  ///   - address: the physical address.
  ///   - machine: the machine, with what has been changed.
  ///   - changes: what tells the machine from others; empty for the machine as it was opened.
  ///   - limit: how many are wanted.
  ///   - asker: who wants them. An index that nobody waits for is given up.
  /// - Returns: the mappings, and whether there are no more.
  /// - Throws: why there is no index; `unwanted` where the asker has gone.
  func owners(
    of address: PhysicalAddress, in machine: Machine, changes: String, limit: Int,
    for asker: Asker
  ) throws(ReverseMapError) -> Owners {
    askers.withLock { $0[changes, default: []].append(asker) }
    defer { forget(asker, changes) }
    // A lock that was waited for would keep him, and a thread, after he has gone.
    while asker.isWaiting {
      let owners = try index.withLockIfAvailable { index throws(ReverseMapError) in
        try find(address, in: machine, changes: changes, limit: limit, for: asker, &index)
      }
      if let owners { return owners }
      Thread.sleep(forTimeInterval: Self.turn)
    }
    throw .unwanted
  }

  private func find(
    _ address: PhysicalAddress, in machine: Machine, changes: String, limit: Int,
    for asker: Asker, _ index: inout Index?
  ) throws(ReverseMapError) -> Owners {
    var current = index
    if current?.changes != changes {
      // Whoever asks for a page again hangs up and comes back: he is not to wait from the start.
      let cache = IndexCache(
        changes.isEmpty && path != nil ? .normal : .none,
        isWanted: { [self] in isWaitedFor(changes) })
      current = Index(
        changes: changes, map: try ReverseMap(machine, try cache.index(of: machine)))
      index = current
    }
    var found: [ReverseMapping] = []
    try current?.map.mappings(
      of: address.rawValue...address.rawValue, expandingShared: false
    ) { mapping in
      found.append(mapping)
      return found.count <= limit && asker.isWaiting
    }
    guard asker.isWaiting else { throw .unwanted }
    return (Array(found.prefix(limit)), found.count <= limit)
  }

  private func isWaitedFor(_ changes: String) -> Bool {
    askers.withLock { $0[changes]?.contains(where: \.isWaiting) ?? false }
  }

  private func forget(_ asker: Asker, _ changes: String) {
    askers.withLock { askers in
      askers[changes]?.removeAll { $0 === asker }
      if askers[changes]?.isEmpty == true { askers[changes] = nil }
    }
  }
}
