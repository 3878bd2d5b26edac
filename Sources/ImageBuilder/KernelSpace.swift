import Paging
import WindowsMemory

/// Where the builder puts the kernel's structures, and where a Windows kernel has its self-map.
///
/// The addresses are ones that kernels used: paged pool, non-paged pool and the PFN database of
/// Windows 7 on x64; on 32-bit kernels the start of paged pool from which XP counts prototype PTEs.
struct KernelSpace {
  /// Records, descriptors, control areas.
  let pool: UInt64
  /// Arrays of prototype PTEs.
  let prototypes: UInt64
  /// The first entry of the PFN database, and how many bytes it may have.
  let pfnDatabase: UInt64
  let pfnDatabaseLimit: UInt64

  init(_ format: WindowsEntryFormat, hasSkeleton: Bool) {
    switch format {
    case .x86, .pae:
      pool = 0x8200_0000
      prototypes = 0xe100_0000
      pfnDatabase = 0x8100_0000
      pfnDatabaseLimit = 16 << 20
    case .x64, .arm64:
      pool = 0xffff_fa80_8000_0000
      // A mask usually has bit 45, which is bit 29 of the address in an entry: before and behind this
      // one the two forms of such entries begin.
      prototypes = hasSkeleton ? 0xffff_f8a0_1fff_8000 : 0xffff_f8a0_0000_0000
      pfnDatabase = 0xffff_fa80_0000_0000
      pfnDatabaseLimit = 256 << 20
    }
  }
}

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
