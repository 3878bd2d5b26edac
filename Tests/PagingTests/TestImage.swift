import Paging
import PhysicalMemory
import TestSupport

/// A small memory that tests write entries into.
struct TestImage {
  let bytes: ByteMapping

  init(frames: Int) throws { bytes = try ByteMapping.zeroed(count: frames * 4096) }

  var memory: MemoryImage { .flat(FlatMemory(bytes)) }

  func write(_ entry: UInt64, at address: UInt64) { bytes.store(entry, at: Int(address)) }

  func write32(_ entry: UInt64, at address: UInt64) {
    bytes.store(UInt32(truncatingIfNeeded: entry), at: Int(address))
  }

  /// Stores an entry of the size that the mode has.
  func write(_ entry: UInt64, at address: UInt64, of processor: ReferenceProcessor) {
    if processor.entrySize == 4 { write32(entry, at: address) } else { write(entry, at: address) }
  }

  /// The entry at an address as the mode reads it, nil beyond the end.
  func read(_ address: UInt64, of processor: ReferenceProcessor) -> UInt64? {
    processor.entrySize == 4
      ? bytes.load(UInt32.self, at: address).map(UInt64.init)
      : bytes.load(UInt64.self, at: address)
  }
}

extension TestImage {
  /// Fills all frames with entries that lead on more often than not, so that walks get far, and
  /// that break every rule now and then; one in `sparsity` is present.
  func fillWithTables(
    for processor: ReferenceProcessor, sparsity: UInt64 = 1, _ random: inout SeededGenerator
  ) {
    let frames = UInt64(bytes.count / 4096)
    let size = processor.entrySize
    for address in stride(from: 0, to: UInt64(bytes.count), by: Int(size)) {
      guard random.next() % sparsity == 0 else {
        write(random.next() & ~1, at: address, of: processor)
        continue
      }
      write(entry(frames: frames, for: processor, &random), at: address, of: processor)
    }
  }

  private func entry(
    frames: UInt64, for processor: ReferenceProcessor, _ random: inout SeededGenerator
  ) -> UInt64 {
    if random.chance(32) { return random.next() }
    // A frame in the image, or one of the few just behind it.
    var entry = (random.next() % (frames + frames / 8)) << 12
    let flags = random.next()
    entry |= flags & 0xe3e  // AVL, G in bit 8 apart, D, A, PCD, PWT
    entry |= flags >> 20 & 0x6 | flags >> 24 & 0x6  // RW and US more often than not
    if !random.chance(16) { entry |= 1 }
    if random.chance(3) { entry |= 1 << 63 }
    if random.chance(4) {
      // A page: aligned as often as not, with PAT sometimes.
      entry |= 0x80
      let low: UInt64 = [0x1f_f000, 0x3fff_f000, 0x3f_f000, 0][Int(random.next() % 4)]
      entry = (entry & ~low) | (random.next() & 0x1000)
      if random.chance(2) { entry |= random.next() & 0xf_ffff_c000_0000 & ~(1 << 63) }
      if random.chance(4) { entry |= random.next() & 0x1f_e000 }
    }
    // A PAE PDPTE must be nearly empty to be usable at all.
    if processor.mode == .pae && random.chance(3) { entry &= ~(0x1e6 | 1 << 63) }
    if random.chance(12) { entry ^= 1 << (random.next() % 64) }
    return entry
  }
}
