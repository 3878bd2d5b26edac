public import LinuxMemory
import Paging

/// The areas of Linux processes, for all who ask about pages of one.
extension Machine {
  /// The areas of the process that an address space belongs to, and where they come from; nil where they
  /// are not known.
  ///
  /// What somebody has said comes first: a scenario, a truth file, `--maps`. Else they are read where the
  /// kernel keeps them in the image.
  ///
  /// - Parameter space: the address space; the one that the machine's root belongs to unless said.
  /// - Returns: the areas and their source.
  public func areas(in space: AddressSpace? = nil) -> (list: MemoryAreas, source: String)? {
    guard let space = space ?? currentSpace else { return nil }
    if let areas = space.areas { return (areas, space.areasFoundBy ?? space.foundBy) }
    guard let pid = space.pid, let areas = system.linux?.areaReader?.areas(ofProcess: pid) else {
      return nil
    }
    return (areas, "from the kernel's memory in the dump")
  }

  /// The address space that the machine's root belongs to.
  var currentSpace: AddressSpace? { addressSpaces.first { paging(of: $0).root == paging.root } }

  /// Takes areas for those of the process that the machine's root belongs to, under each of its roots.
  mutating func take(_ areas: MemoryAreas, from source: String) {
    let pid = currentSpace?.pid
    for index in addressSpaces.indices {
      let space = addressSpaces[index]
      guard paging(of: space).root == paging.root || pid != nil && space.pid == pid else {
        continue
      }
      addressSpaces[index].areas = areas
      addressSpaces[index].areasFoundBy = source
    }
  }
}
