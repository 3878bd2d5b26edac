import BitLayout
import LinuxMemory
import Paging

/// How a Linux kernel writes entries.
///
/// A page is written as the kernel leaves it after the first access of its kind: used, and where it is
/// writable written to. Entries that lead to tables are used and written (_PAGE_TABLE).
struct LinuxEntries: KernelEntries {
  let kernel: LinuxKernel

  init(_ kernel: LinuxKernel) { self.kernel = kernel }

  private var own: [BitField] {
    let bits = kernel.bits
    return [
      bits.special, bits.softDirty, bits.userfaultWriteProtect, bits.deviceMapping, bits.savedDirty,
      bits.dirty,
    ].compactMap(\.self)
  }

  func field(named name: String) -> BitField? {
    own.first { String(describing: $0.name).lowercased() == name.lowercased() }
  }

  var fieldNames: [String] { own.reversed().map { String(describing: $0.name) } }

  var tableBits: UInt64 {
    kernel.format == .arm64 ? 0 : X86Fields.accessed.mask | X86Fields.dirty.mask
  }

  func pageBits(granting rights: Rights) -> UInt64 {
    guard kernel.format != .arm64 else {
      guard rights.contains(.write) else { return 0 }
      return ARM64Layouts.dirtyModifier.mask | (kernel.bits.dirty?.mask ?? 0)
    }
    return X86Fields.accessed.mask | (rights.contains(.write) ? X86Fields.dirty.mask : 0)
  }
}
