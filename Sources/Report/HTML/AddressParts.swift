import Paging
import PhysicalMemory

/// The fields of a virtual address: an index for each level, the offset, and what stands above them.
struct AddressParts {
  /// Bits of the address with one meaning.
  struct Part {
    /// What the bits are: `PML4E index`, `offset`.
    let name: String
    let high: Int
    let low: Int
    let value: UInt64
    /// The level whose index it is; nil for the other parts.
    let level: Int?
  }

  /// The parts, the highest bits first.
  let parts: [Part]

  /// Splits an address for a walk that ends, or would end, at `lastLevel`.
  init(_ address: VirtualAddress, _ paging: PagingState, lastLevel: Int) {
    let width = paging.mode.virtualAddressBits > 32 ? 64 : 32
    var parts: [Part] = []
    func add(_ name: String, _ high: Int, _ low: Int, level: Int? = nil) {
      guard high >= low else { return }
      let mask = UInt64.max >> UInt64(63 - high + low)
      let value = address.rawValue >> UInt64(low) & mask
      parts.append(Part(name: name, high: high, low: low, value: value, level: level))
    }
    let translated = Int(paging.translatedBits)
    add(Self.upperName(paging, translated), width - 1, translated)
    for level in stride(from: paging.topLevel, through: lastLevel, by: -1) {
      let low = Int(paging.pageShift(level))
      let bits = paging.entryCount(level).trailingZeroBitCount
      add("\(paging.mode.entryName(level)) index", low + bits - 1, low, level: level)
    }
    add("offset", Int(paging.pageShift(lastLevel)) - 1, 0)
    self.parts = parts
  }

  /// What the bits above the translated ones are for.
  private static func upperName(_ paging: PagingState, _ translated: Int) -> String {
    paging.isARM64 ? "selects the half" : "copies of bit \(translated - 1)"
  }
}
