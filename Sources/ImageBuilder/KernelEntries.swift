import BitLayout
import Paging
import WindowsMemory

/// How a kernel writes the entries that the processor uses.
protocol KernelEntries: Sendable {
  /// The field of such an entry with the kernel's name, in any letter case.
  func field(named name: String) -> BitField?
  /// The kernel's names of fields, highest first.
  var fieldNames: [String] { get }
  /// What the kernel sets beside the processor's bits in an entry that leads to a table.
  var tableBits: UInt64 { get }
  /// What the kernel sets beside the processor's bits in an entry that grants these rights.
  func pageBits(granting rights: Rights) -> UInt64
}

extension WindowsEntries: KernelEntries {}
