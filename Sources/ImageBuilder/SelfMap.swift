import Paging
import WindowsMemory

/// The place of page tables in a kernel's own address space: the self-map.
struct SelfMap {
  private let state: PagingState
  /// The slot of the top table that leads to itself; of PAE, whose tables lie below 4 MiB from here.
  let slot: UInt64

  /// The first build whose self-map is anywhere in the kernel half.
  private static let firstRandomBuild = 14393
  private static let fixedSlot: UInt64 = 0x1ed
  private static let fixedSlotOfX86: UInt64 = 0x300
  private static let pteBaseOfX86: UInt64 = 0xc000_0000

  init(_ state: PagingState, slot: UInt64) {
    self.state = state
    self.slot = slot
  }

  /// The slot that a kernel has, or one by a seed, where it is not fixed; `isFree` says which may be.
  static func slot(
    of kernel: WindowsKernel, seed: UInt64, isFree: (UInt64) -> Bool
  ) -> UInt64? {
    if kernel.format == .x86 || kernel.format == .pae { return fixedSlotOfX86 }
    guard kernel.id.build >= firstRandomBuild else { return fixedSlot }
    // The last slot holds the kernel's own image on some builds.
    let slots = Permutation(count: 0xff, seed: seed)
    return (0..<0xff).lazy.map { 0x100 + slots[$0] }.first(where: isFree)
  }

  /// The address of the entry of a level that a walk of an address reads.
  func entryAddress(of address: UInt64, level: Int) -> UInt64 {
    let size = UInt64(state.entrySize)
    switch state.mode {
    case .x86, .pae:
      // Each level is mapped within the one below: the PDE of an address is the PTE of its PTE.
      var result = address
      for _ in 0..<level { result = Self.pteBaseOfX86 + (result >> 12) * size }
      return result
    case .x86_64, .la57, .arm64:
      let bits = UInt64(state.translatedBits)
      let extent: UInt64 = 1 << bits - 1
      let base = ~extent | slot << (bits - 9)
      var result = address
      for _ in 0..<level { result = base + ((result & extent) >> 12) * size }
      return result
    }
  }
}
