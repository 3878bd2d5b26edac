import Paging
public import PhysicalMemory

/// An entry that was read on the way to a page: of a page table, or a prototype entry.
public struct PageSearchStep: Sendable, Hashable {
  /// Where the entry is.
  public enum Place: Sendable, Hashable {
    /// In a page table of this level.
    case table(level: Int)
    /// In an array of prototype entries, at this kernel address.
    case prototype(VirtualAddress)
  }

  /// Where the entry is.
  public let place: Place
  /// Its physical address; nil where it could not be found.
  public let address: PhysicalAddress?
  /// The entry; nil where the image does not hold it.
  public let entry: UInt64?
  /// What it means; nil for an entry that leads to a table.
  public let reading: PTEReading?
}

/// Walks page tables as the memory manager does, through tables that are in transition as well.
struct TableSearch: Sendable {
  let memory: MemoryImage
  /// The paging state with the root.
  let state: PagingState
  let decoder: PTEDecoder

  /// How a search ended.
  enum End {
    /// A page, as the address of the byte asked about.
    case page(PhysicalAddress, PTEReading, level: Int, entry: UInt64)
    /// An entry that the processor does not use.
    case invalid(PTEReading, level: Int, entry: UInt64)
    /// An entry with reserved bits set.
    case reserved(level: Int, entry: UInt64)
    /// The image does not hold the entry.
    case missing(PhysicalAddress, level: Int)
    case nonCanonical
  }

  func search(_ address: VirtualAddress, steps: inout [PageSearchStep]) -> End {
    guard state.isCanonical(address) else { return .nonCanonical }
    let state = state.half(of: address)
    var table = state.root
    for level in stride(from: state.topLevel, through: 1, by: -1) {
      let index = state.index(of: address, level: level)
      let place = table.advanced(by: UInt64(index * state.entrySize))
      guard let entry = state.entry(of: table, at: index, in: memory) else {
        steps.append(step(level, place, nil, nil))
        return .missing(place, level: level)
      }
      switch state.meaning(of: entry, level: level) {
      case .table(let next):
        steps.append(step(level, place, entry, nil))
        table = next
      case .page(let page):
        let reading = decoder.reading(of: entry, level: level)
        steps.append(step(level, place, entry, reading))
        let offset = address.rawValue & ((1 << state.pageShift(level)) - 1)
        return .page(page.advanced(by: offset), reading, level: level, entry: entry)
      case .reserved:
        steps.append(step(level, place, entry, nil))
        return .reserved(level: level, entry: entry)
      case .notPresent:
        let reading = decoder.reading(of: entry, level: level)
        steps.append(step(level, place, entry, reading))
        // The table is still in its frame: what it says holds, though the processor does not see it.
        guard level > 1, reading.state == .transition, let frame = reading.pfn else {
          return .invalid(reading, level: level, entry: entry)
        }
        table = PhysicalAddress(frame * frameSize)
      }
    }
    // No level below the last leads to a table.
    return .nonCanonical
  }

  private func step(
    _ level: Int, _ place: PhysicalAddress, _ entry: UInt64?, _ reading: PTEReading?
  ) -> PageSearchStep {
    PageSearchStep(place: .table(level: level), address: place, entry: entry, reading: reading)
  }
}
