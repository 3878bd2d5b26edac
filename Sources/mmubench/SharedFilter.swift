import Machine
import ReverseMap

/// Keeps the mappings of those pages that a process has a part in, the mappings of others too.
struct SharedFilter {
  /// The address spaces of the process; nil lets everything through.
  let sharers: Set<Int>?
  private var held: [ReverseMapping] = []
  private var isWanted = false

  init(_ sharers: Set<Int>?) { self.sharers = sharers }

  /// Takes a mapping; those of one page come one after the other.
  ///
  /// - Returns: false where `emit` wants no more.
  mutating func take(_ mapping: ReverseMapping, _ emit: (ReverseMapping) -> Bool) -> Bool {
    guard let sharers else { return emit(mapping) }
    if let first = held.first, first.physical != mapping.physical, !flush(emit) { return false }
    held.append(mapping)
    isWanted = isWanted || sharers.contains(mapping.space)
    return true
  }

  /// Gives the mappings of the last page, if the process has a part in it.
  @discardableResult
  mutating func flush(_ emit: (ReverseMapping) -> Bool) -> Bool {
    let page = isWanted ? held : []
    held.removeAll(keepingCapacity: true)
    isWanted = false
    for mapping in page {
      guard emit(mapping) else { return false }
    }
    return true
  }
}
