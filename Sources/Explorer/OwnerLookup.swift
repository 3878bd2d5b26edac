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

  private let path: String?
  /// The index that was asked last, of the machine as it is or with somebody's changes.
  private let index = Mutex<Index?>(nil)

  init(_ path: String?) { self.path = path }

  /// The mappings of an address, in the order of address spaces.
  ///
  /// - Parameters:
  ///   - address: the physical address.
  ///   - machine: the machine, with what has been changed.
  ///   - changes: what tells its memory from others; empty for the machine as it was opened.
  ///   - limit: how many are wanted.
  /// - Returns: the mappings, and whether there are no more.
  /// - Throws: why there is no index.
  func owners(
    of address: PhysicalAddress, in machine: Machine, changes: String, limit: Int
  ) throws(Exploration.Problem) -> (list: [ReverseMapping], isWhole: Bool) {
    do throws(ReverseMapError) {
      return try index.withLock { index throws(ReverseMapError) in
        var current = index
        if current?.changes != changes {
          let cache = IndexCache(changes.isEmpty && path != nil ? .normal : .none)
          current = Index(
            changes: changes,
            map: try ReverseMap(machine, try cache.index(of: machine, from: path)))
          index = current
        }
        var found: [ReverseMapping] = []
        try current?.map.mappings(
          of: address.rawValue...address.rawValue, expandingShared: false
        ) { mapping in
          found.append(mapping)
          return found.count <= limit
        }
        return (Array(found.prefix(limit)), found.count <= limit)
      }
    } catch { throw Exploration.Problem(description: error.description) }
  }
}
