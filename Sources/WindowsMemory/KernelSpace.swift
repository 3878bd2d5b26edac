/// Where machines that are made have the kernel's structures.
///
/// The addresses are ones that kernels used: paged pool, non-paged pool and the PFN database of
/// Windows 7 on x64; on 32-bit kernels the start of paged pool from which XP counts prototype PTEs.
package struct KernelSpace {
  /// Records, descriptors, control areas.
  package let pool: UInt64
  /// Arrays of prototype PTEs.
  package let prototypes: UInt64
  /// The first entry of the PFN database, and how many bytes it may have.
  package var pfnDatabase: UInt64
  package let pfnDatabaseLimit: UInt64
  /// The slot of the self-map.
  package let selfMapSlot: Int

  /// The places for entries of a format; those of machines that outside tools take for Windows differ.
  package init(_ format: WindowsEntryFormat, hasSkeleton: Bool = false) {
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
    // Kernels of arm64 choose theirs; this one is that of a published session of the debugger.
    selfMapSlot = SelfMap.fixed(format)?.slot ?? 0x1ec
  }
}
