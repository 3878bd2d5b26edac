import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// Finds entries as the memory manager does, through tables that are in transition as well.
struct EntrySearch {
  /// An entry, and what it means.
  struct Found {
    var entry: UInt64
    var level: Int
    var reading: PTEReading
  }

  private let machine: Machine
  private let state: PagingState
  private let decoder: PTEDecoder

  /// Nil where the scenario names no kernel.
  init?(_ machine: Machine, _ ledger: Ledger?, _ space: AddressSpace?) {
    guard let ledger, let kernel = ledger.kernel else { return nil }
    self.machine = machine
    state = space.map(machine.paging(of:)) ?? machine.paging
    decoder = PTEDecoder(
      kernel, mask: ledger.invalidMask, virtualStore: ledger.virtualStore)
  }

  /// The entry of a level, or the one above it where nothing leads further; nil where the image does
  /// not hold it.
  func entry(for address: VirtualAddress, level wanted: Int) -> Found? {
    let state = state.half(of: address)
    guard state.isCanonical(address) else { return nil }
    var table = state.root
    for level in stride(from: state.topLevel, through: 1, by: -1) {
      let index = state.index(of: address, level: level)
      guard let entry = state.entry(of: table, at: index, in: machine.memory) else { return nil }
      let reading = decoder.reading(of: entry, level: level)
      let found = Found(entry: entry, level: level, reading: reading)
      if level == wanted { return found }
      switch state.meaning(of: entry, level: level) {
      case .table(let next): table = next
      case .page, .reserved: return found
      case .notPresent:
        guard reading.state == .transition, let frame = reading.pfn else { return found }
        table = PhysicalAddress(frame * frameSize)
      }
    }
    return nil
  }
}

extension EntrySearch.Found {
  /// The reading in one line, the way goldens have it.
  var words: String {
    var words = "\(entry.hex) \(reading.state.rawValue)"
    if let protection = reading.protection {
      words += " protection=\(UInt64(protection.rawValue).hex)"
    }
    if let pfn = reading.pfn { words += " pfn=\(pfn.hex)" }
    if let file = reading.pageFile { words += " page-file=\(file)" }
    if let offset = reading.pageFileOffset { words += " page-file-offset=\(offset.hex)" }
    if let address = reading.prototypeAddress { words += " prototype-address=\(address.hex)" }
    if let address = reading.subsectionAddress { words += " subsection-address=\(address.hex)" }
    return words
  }
}
