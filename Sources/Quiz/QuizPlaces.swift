import Paging
import PhysicalMemory

/// The addresses that an exercise's page tables are built for.
struct QuizPlaces {
  /// A page that the tables have an entry for.
  struct Place {
    /// The address of the page.
    var address: UInt64
    /// Its size as the scenario says it; nil for 4 KiB.
    var size: (name: String, bytes: UInt64)?
    /// The number of bytes of the page.
    var bytes: UInt64 { size?.bytes ?? frameSize }
    /// The level of the entry that maps it.
    var level: Int { size == nil ? 1 : 2 }
  }

  /// Small pages of one page table, in no order; three at least.
  let near: [Place]
  /// A page that another entry of the page directory maps.
  let large: Place
  /// A small page in another part of the address space, which another table further up leads to.
  let far: Place

  /// Draws places in the user half of a mode.
  init(_ mode: PagingMode, _ draw: inout Draw) {
    let state = PagingState(mode: mode)
    let directory: UInt64 = 1 << state.pageShift(2)
    // 32-bit modes have no upper table worth a walk of its own: the far page is a directory away.
    let is32Bit = mode.virtualAddressBits == 32
    let region: UInt64 = is32Bit ? 1 << 26 : 1 << 30
    let top: UInt64 = is32Bit ? 1 << 31 : 1 << 46
    let bases = draw.different(2, 1..<(top / region)).map { $0 * region }
    let table = bases[0] + draw.number(0..<(is32Bit ? 4 : 64)) * directory
    near = draw.different(4, 0..<(directory / frameSize)).map {
      Place(address: table + $0 * frameSize)
    }
    let size = mode == .x86 ? "4 MiB" : "2 MiB"
    large = Place(
      address: bases[0] + (is32Bit ? 4 : 64) * directory + draw.number(0..<4) * directory,
      size: (size, directory))
    far = Place(address: bases[1] + draw.number(0..<(region / frameSize)) * frameSize)
  }

  /// All of them.
  var all: [Place] { near + [large, far] }
}
