package import BitLayout
package import Paging

/// How a Windows kernel writes entries: valid ones with its software bits, and all the others.
///
/// A valid page is written as the kernel leaves it after the first access of its kind. Accessed is
/// set; a writable page was written to, so Dirty is set, and with it the processor's permission to
/// write, which multiprocessor kernels, and all from Vista on, give on the first write only (their
/// own permission is the field Write). Entries that lead to tables are accessed, dirty and writable.
package struct WindowsEntries: Sendable {
  package let kernel: WindowsKernel
  package let mask: InvalidPTEMask
  package let encoder: PTEEncoder
  /// The number of the page file that is the store of compressed pages, if there is one.
  package let store: UInt64?
  /// What entries with an offset in place of an address count from, where that was chosen.
  package let pools: PoolBases?
  /// How many pages the page files have whose sizes are known, by their numbers.
  package var pageCounts: [UInt64: UInt64] = [:]
  private let hardware: WordLayout?

  package init(
    _ kernel: WindowsKernel, _ mask: InvalidPTEMask, store: UInt64?, pools: PoolBases? = nil
  ) {
    (self.store, self.pools) = (store, pools)
    self.kernel = kernel
    self.mask = mask
    encoder = PTEEncoder(kernel, mask: mask, virtualStore: store, pools: pools)
    hardware = kernel.layout(.hardware)
  }

  /// The form of a page in the page file with a number, which may be the store.
  package func paged(_ number: UInt64, page: UInt64, _ protection: MMProtection) -> PTEForm {
    number == store
      ? .virtualStore(number: number, page: page, protection)
      : .pageFile(number: number, page: page, protection)
  }

  // MARK: - Fields

  /// The field of a valid entry with the kernel's name, in any letter case.
  package func field(named name: String) -> BitField? {
    hardware?.field(named: name).flatMap { $0.kind == .reserved ? nil : $0 }
  }

  /// The kernel's names of fields, highest first.
  package var fieldNames: [String] {
    (hardware?.fields ?? []).reversed().filter { $0.kind != .reserved }
      .map { String(describing: $0.name) }
  }

  /// The layout of the flags in the PFN database.
  package var frameFlags: WordLayout? { kernel.layout(.pfnEntry) ?? kernel.layout(.pfnEntry1) }
  package var hasFrameFlags: Bool { frameFlags?.field(named: "PageLocation") != nil }

  private func bits(_ names: String...) -> UInt64 {
    names.reduce(0) { $0 | (field(named: $1)?.mask ?? 0) }
  }

  // MARK: - Valid entries

  /// What the kernel sets beside the processor's bits in an entry that leads to a table.
  ///
  /// Through the self-map such entries map pages. On arm64 they have what a page of the kernel needs that
  /// nobody executes, which a processor ignores on the way to a table: published entries are 0x60...F03.
  package var tableBits: UInt64 {
    kernel.format == .arm64
      ? bits("Accessed", "Sharability", "NonGlobal", "PrivilegedNoExecute", "UserNoExecute")
      : bits("Accessed", "Dirty", "Write")
  }

  /// The bit of entries that lead to tables of programs.
  ///
  /// There is none on arm64: a program could read the tables through the self-map, where nothing above
  /// takes the right away.
  package var userTableBit: UInt64 { kernel.format == .arm64 ? 0 : bits("Owner") }

  /// What the kernel sets beside the processor's bits in an entry that grants these rights.
  package func pageBits(granting rights: Rights) -> UInt64 {
    bits(
      of: Page(
        isWritable: rights.contains(.write), isDirty: rights.contains(.write),
        isUser: rights.contains(.user)))
  }

  /// A valid page as the kernel sees it.
  package struct Page {
    package var isWritable: Bool
    package var isDirty: Bool
    package var isAccessed = true
    package var isCopiedOnWrite = false
    package var isUser: Bool
    package var modifier = MMProtection.Modifier.none

    package init(
      isWritable: Bool, isDirty: Bool, isAccessed: Bool = true, isCopiedOnWrite: Bool = false,
      isUser: Bool, modifier: MMProtection.Modifier = .none
    ) {
      self.isWritable = isWritable
      self.isDirty = isDirty
      self.isAccessed = isAccessed
      self.isCopiedOnWrite = isCopiedOnWrite
      self.isUser = isUser
      self.modifier = modifier
    }
  }

  /// The kernel's bits of a valid page; those of the processor's rights come on top.
  ///
  /// On arm64 all pages are inner shareable, and those of programs belong to an address space.
  /// Which CacheType Windows gives to pages that are not cached or write-combined there is not known: they have that of
  /// cached ones.
  package func bits(of page: Page) -> UInt64 {
    var result = bits("Sharability")
    if page.isUser { result |= bits("NonGlobal") }
    if page.isWritable { result |= bits(permissionToWrite) }
    if page.isDirty { result |= bits("Dirty") }
    if page.isAccessed { result |= bits("Accessed") }
    if page.isCopiedOnWrite { result |= bits("CopyOnWrite") }
    switch page.modifier {
    case .nocache: result |= bits("CacheDisable")
    case .writecombine: result |= bits("WriteThrough")
    case .none, .guardPage: break
    }
    return result
  }

  /// The field in which the kernel keeps that a page may be written; XP calls the processor's bit
  /// Writable, as arm64 calls the kernel's.
  private var permissionToWrite: String { kernel.format == .arm64 ? "Writable" : "Write" }

  /// Whether the kernel lets an entry's page be written.
  package func isWritable(_ entry: UInt64) -> Bool { entry & bits(permissionToWrite) != 0 }

  /// The bits of the entry of a page that was written to: some that are set, and some that are clear.
  ///
  /// Where the kernel's field says the opposite (arm64), it is the processor's refusal of writes too.
  package var dirtyMark: (set: UInt64, clear: UInt64) { (bits("Dirty"), bits("NotDirty")) }

  /// The bit of pages that every address space has.
  package var globalBit: UInt64 { bits("Global") }

  /// Whether the processor may write a page only once the kernel has noted that it is dirty.
  package var holdsWriteBack: Bool {
    field(named: permissionToWrite)?.mask != X86Fields.writable.mask
  }
}
