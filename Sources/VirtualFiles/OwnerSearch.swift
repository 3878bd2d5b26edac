import Machine
import Paging
import PhysicalMemory
import ReverseMap
import Synchronization

/// Finds out who maps a physical address, by an index that is built when it is first needed.
final class OwnerSearch: Sendable {
  /// The index of the machine after so many writes.
  private struct Index {
    let version: UInt64
    let map: ReverseMap
  }

  /// More than this is not listed: the file says that there are more.
  private static let lineLimit = 1 << 16

  private let path: String?
  private let index = Mutex<Index?>(nil)

  /// Prepares the search; the index of an unchanged dump at `path` may be taken from the cache.
  init(_ path: String?) { self.path = path }

  /// A line for each virtual address that maps `address`, in one process or with the numbers of all.
  func text(
    of address: PhysicalAddress, _ machine: Machine, version: UInt64,
    _ processes: ProcessFolders, process: Int?
  ) throws(FileFailure) -> [UInt8] {
    let owners = Self.owners(processes)
    let wanted = process.map { processes.all[$0].spaces[0] }
    var found: [Owner] = []
    do throws(ReverseMapError) {
      found = try index.withLock { index throws(ReverseMapError) in
        let current: Index
        if let index, index.version == version {
          current = index
        } else {
          let cache = IndexCache(version == 0 && path != nil ? .normal : .none)
          current = Index(
            version: version,
            map: try ReverseMap(machine, try cache.index(of: machine)))
          index = current
        }
        var found: [Owner] = []
        try current.map.mappings(
          of: address.rawValue...address.rawValue, expandingShared: true
        ) { mapping in
          guard wanted == nil || mapping.space == wanted, let pid = owners[mapping.space],
            mapping.rights.contains(.user) || !machine.isUserOnly(mapping.space)
          else { return true }
          found.append(Owner(pid: pid, address: mapping.address.rawValue))
          return found.count <= Self.lineLimit
        }
        return found
      }
    } catch { throw .noIndex(error.description) }
    return Self.text(found, machine, isNumbered: process == nil)
  }

  /// A process and an address at which it maps what was asked about.
  private struct Owner {
    let pid: UInt64
    let address: UInt64
  }

  /// The numbers of processes by the first of their address spaces, which stands for them.
  private static func owners(_ processes: ProcessFolders) -> [Int: UInt64] {
    Dictionary(uniqueKeysWithValues: processes.all.map { ($0.spaces[0], $0.pid) })
  }

  private static func text(_ owners: [Owner], _ machine: Machine, isNumbered: Bool) -> [UInt8] {
    let width = machine.paging.addressDigits
    let sorted = owners.prefix(lineLimit).sorted { ($0.pid, $0.address) < ($1.pid, $1.address) }
    var bytes: [UInt8] = []
    for owner in sorted {
      if isNumbered {
        let pid = "\(owner.pid)"
        bytes += repeatElement(0x20, count: max(0, 6 - pid.utf8.count))
        bytes += "\(pid) ".utf8
      }
      bytes += digits(owner.address, width).utf8
      bytes.append(0x0a)
    }
    if owners.count > lineLimit { bytes += "there are more: mmubench reverse lists them\n".utf8 }
    return bytes
  }
}

/// The lists of pages that were asked for last.
final class PageListCache: Sendable {
  private struct Entry: Sendable {
    let space: Int
    let version: UInt64
    let list: PageList
  }

  private static let limit = 4
  private let entries = Mutex<[Entry]>([])

  /// The pages under the root of a machine, which is that of an address space after so many writes.
  func list(
    _ machine: Machine, _ space: Int, version: UInt64, _ process: ProcessFolders.Process
  ) -> PageList {
    let known = entries.withLock { entries in
      entries.first { $0.space == space && $0.version == version }
    }
    if let known { return known.list }
    let list = PageList(machine, pid: process.pid, isUserOnly: machine.isUserOnly(space))
    entries.withLock { entries in
      entries.removeAll { $0.space == space }
      entries.append(Entry(space: space, version: version, list: list))
      if entries.count > Self.limit { entries.removeFirst() }
    }
    return list
  }
}
