import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory

/// Composes entries of page tables as a Linux kernel on x86-64 does.
struct LinuxEntries {
  let kernel: LinuxKernel
  let decoder: LinuxEntryDecoder
  private let state: PagingState

  init(_ kernel: LinuxKernel, _ state: PagingState) {
    self.kernel = kernel
    self.state = state
    decoder = LinuxEntryDecoder(kernel, state)
  }

  /// What an entry of a page that is present says beside its frame.
  struct Page {
    var canWrite = false
    var canExecute = false
    var isDirty = false
    var isYoung = true
    var isSoftDirty = false
    var isUserfaultProtected = false
    var isSpecial = false
  }

  private func bit(_ field: BitField?, _ isSet: Bool) -> UInt64 { isSet ? field?.mask ?? 0 : 0 }

  /// An entry that leads to a table: _PAGE_TABLE.
  func table(_ frame: UInt64) -> UInt64 {
    let x86 = X86Fields.self
    return frame * frameSize | x86.present.mask | x86.writable.mask | x86.user.mask
      | x86.accessed.mask | x86.dirty.mask
  }

  func present(_ frame: UInt64, _ page: Page, isHuge: Bool = false) -> UInt64 {
    let x86 = X86Fields.self
    var entry = frame * frameSize | x86.present.mask | x86.user.mask
    entry |= bit(x86.writable, page.canWrite) | bit(x86.accessed, page.isYoung)
    entry |= bit(x86.dirty, page.isDirty) | bit(x86.pageSize, isHuge)
    entry |= bit(x86.executeDisable, !page.canExecute && state.noExecute)
    entry |= bit(kernel.bits.softDirty, page.isSoftDirty)
    entry |= bit(kernel.bits.userfaultWriteProtect, page.isUserfaultProtected)
    entry |= bit(kernel.bits.special, page.isSpecial)
    return entry
  }

  /// The same page without access rights: P=0, PROT_NONE, and the frame inverted against L1TF.
  ///
  /// XD is no part of PAGE_NONE. Before 6.2 NUMA balancing left the right to write in the entry
  /// (pte_savedwrite).
  func protNone(_ entry: UInt64, keepingWrite: Bool = false) -> UInt64 {
    let x86 = X86Fields.self
    let gone = x86.present.mask | x86.user.mask | x86.executeDisable.mask
    var entry = entry & ~(gone | (keepingWrite ? 0 : x86.writable.mask))
    entry |= kernel.bits.protNone.mask
    if kernel.bits.framesAreInverted { entry ^= LongModeLayouts.frame.mask }
    return entry
  }

  /// What becomes of an entry that is present for the kernel where only what `page` says changes: one
  /// without access rights stays so.
  func changed(
    _ state: LinuxEntryReading.State, _ frame: UInt64, _ page: Page, isHuge: Bool = false
  ) -> UInt64 {
    let entry = present(frame, page, isHuge: isHuge)
    return state == .present ? entry : protNone(entry, keepingWrite: page.canWrite)
  }

  /// The entry of a page in swap.
  func swap(
    type: UInt64, offset: UInt64, isSoftDirty: Bool = false, isExclusive: Bool = false,
    isUserfaultProtected: Bool = false
  ) -> UInt64 {
    let layout = kernel.swapEntry
    var entry = layout.entry(type: type, offset: offset) ?? 0
    entry |= bit(layout.softDirty, isSoftDirty) | bit(layout.exclusive, isExclusive)
    return entry | bit(layout.userfaultWriteProtect, isUserfaultProtected)
  }

  /// The entry that remembers something of a page that is not there; nil where the kernel has none.
  func marker(_ markers: PTEMarkers) -> UInt64? {
    kernel.swapTypes.type(of: .marker).map { swap(type: $0, offset: markers.rawValue) }
  }

  func page(of entry: UInt64) -> Page {
    let reading = decoder.presentReading(of: entry, level: 1, page: nil)
    return Page(
      canWrite: reading.isWritable,
      canExecute: !X86Fields.executeDisable.isSet(in: entry), isDirty: reading.isDirty,
      isYoung: reading.isYoung, isSoftDirty: reading.isSoftDirty,
      isUserfaultProtected: reading.isUserfaultWriteProtected, isSpecial: reading.isSpecial)
  }
}
