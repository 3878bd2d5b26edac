import Paging
import PhysicalMemory

/// A walk that finds a page, with its entries in known places, to be spoilt by tests.
struct ValidWalk {
  let image: TestImage
  let processor: ReferenceProcessor
  let address: UInt64
  /// The entries from the top down.
  let entries: [(level: Int, address: UInt64, entry: UInt64)]

  /// Builds tables in frames 1, 2, ...; the entry of level `leaf` maps a page.
  init(_ base: ReferenceProcessor, leaf: Int) throws {
    var processor = base
    processor.cr3 = 0x1000
    image = try TestImage(frames: 8)
    let address: UInt64 =
      switch processor.mode {
      case .x86, .pae: 0x8052_3456
      case .fourLevel: 0xffff_9234_5678_9abc
      case .fiveLevel: 0xff12_3456_789a_bcde
      }
    self.address = address
    self.processor = processor
    var entries: [(level: Int, address: UInt64, entry: UInt64)] = []
    var table = processor.root
    for (level, high, low) in processor.geometry where level >= leaf {
      let index = (address >> low) % (1 << (high - low + 1))
      let position = table + index * processor.entrySize
      // P, RW, US (a PAE PDPTE has only P), then the page bit.
      let flags: UInt64 = processor.mode == .pae && level == 3 ? 1 : 7
      let entry =
        level > leaf
        ? table + 0x1000 | flags : 0x4000_0000 | flags | (level > 1 ? 0x80 : 0)
      image.write(entry, at: position, of: processor)
      entries.append((level, position, entry))
      table += 0x1000
    }
    self.entries = entries
  }

  var state: PagingState { processor.state }

  /// What the reference says of the walk as the entries are now.
  func expected() -> ReferenceProcessor.Answer {
    processor.walk(address) { image.read($0, of: processor) }
  }

  func walk() -> WalkResult { state.walk(VirtualAddress(address), in: image.memory).result }
}

extension ReferenceProcessor {
  /// The levels whose entries can map a page.
  var leafLevels: [Int] {
    switch mode {
    case .x86: pse ? [1, 2] : [1]
    case .pae: [1, 2]
    case .fourLevel, .fiveLevel: page1G ? [1, 2, 3] : [1, 2]
    }
  }
}
