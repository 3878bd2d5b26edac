import PhysicalMemory

/// An area: what the kernel calls a VMA.
struct LinuxArea {
  var start: UInt64
  /// The address after the last.
  var end: UInt64
  var canRead: Bool
  var canWrite: Bool
  var canExecute: Bool
  var isShared: Bool
  /// The file behind it; of shared anonymous memory, a file without a name.
  var file: LinuxFile?
  /// The page of the file with which it begins.
  var page: UInt64
  var growsDown = false
  /// VM_SOFTDIRTY: every page counts as written since the last clearing.
  var isSoftDirty = true
  /// VM_HUGEPAGE.
  var isHugeAdvised = false
  /// VM_NOHUGEPAGE.
  var isHugeRefused = false
  var isLocked = false
  /// VM_ACCOUNT: memory for all its pages was promised once, and stays so.
  var isAccounted = false
  var isMissingNoted = false
  var isProtectNoted = false
  /// Whether pages of its own were ever made here, so that fork copies its entries.
  var hasOwnPages = false

  var pageCount: UInt64 { (end - start) / frameSize }
  /// Whether untouched pages are pages of zeros of the process's own.
  var isAnonymous: Bool { file == nil }
  var isAccessible: Bool { canRead || canWrite || canExecute }
  /// Whether it holds all addresses of some huge page.
  var hasWholeHugePage: Bool {
    let huge = LinuxSimulation.hugeSize
    return (start + (huge - 1)) / huge * huge + huge <= end
  }

  /// Whether MADV_COLLAPSE can do anything here (thp_vma_allowable_order): an area of programs has to have had
  /// pages of its own; the pages of a file have to be as aligned in it as in memory, and files on disks have
  /// none that are huge.
  var mayCollapse: Bool {
    guard !isHugeRefused, hasWholeHugePage else { return false }
    guard let file else { return hasOwnPages }
    return file.isMemory && (start / frameSize &- page) % LinuxSimulation.hugeFrames == 0
  }

  /// Whether a neighbour is the same area further on.
  func isContinued(by other: LinuxArea) -> Bool {
    end == other.start && file === other.file && isShared == other.isShared
      && (file == nil || filePage(of: end) == other.page)
      && canRead == other.canRead && canWrite == other.canWrite && canExecute == other.canExecute
      && growsDown == other.growsDown && isSoftDirty == other.isSoftDirty
      && isHugeAdvised == other.isHugeAdvised && isHugeRefused == other.isHugeRefused
      && isLocked == other.isLocked
      && isAccounted == other.isAccounted
      && isMissingNoted == other.isMissingNoted && isProtectNoted == other.isProtectNoted
  }

  /// The page of the file behind an address.
  ///
  /// A stack that grew begins below its page 0.
  func filePage(of address: UInt64) -> UInt64 { page &+ (address - start) / frameSize }
}

extension LinuxArea: PlacedRange {
  var first: UInt64 { start }
  var last: UInt64 { end - 1 }
}

/// A file, or memory that processes share: pages that are in the page cache, or not.
final class LinuxFile {
  let name: String
  let size: UInt64
  /// Whether there is no disk behind it: shared anonymous memory.
  let isMemory: Bool
  /// A number of its own.
  let inode: UInt64
  /// The frames of the pages in the cache.
  var cache: [UInt64: UInt64] = [:]
  /// The places in swap of pages that were swapped out (shared memory).
  var swapped: [UInt64: UInt64] = [:]
  /// How many areas of processes have it.
  var areaCount = 0
  /// What was written back, by page.
  var disk: [UInt64: [UInt8]] = [:]

  init(name: String, size: UInt64, isMemory: Bool, inode: UInt64) {
    (self.name, self.size, self.isMemory, self.inode) = (name, size, isMemory, inode)
  }

  func content(ofPage page: UInt64) -> [UInt8]? {
    if let written = disk[page] { return written }
    return isMemory ? nil : FileContent.page(page, of: name)
  }
}

/// What the kernel keeps of a frame: a `struct page`.
struct LinuxPage {
  /// Where the page is mapped.
  var mappers = PageMappers()
  /// The file and the page of it, of a page in the page cache.
  var file: (file: LinuxFile, page: UInt64)?
  /// The place in the swap area, of a page in the swap cache.
  var swap: UInt64?
  /// PG_dirty: it has to be written before it can be dropped.
  ///
  /// Writes to an anonymous page are seen in the entries that map it; the page itself is dirty once an entry
  /// that was dirty is split or reclaimed, or once it leaves the swap cache.
  var isDirty = false
  /// PG_anon_exclusive: nobody else can have it, so that it may be written.
  ///
  /// A fork takes that away, and only a write gives it back, however alone the page is by then.
  var isExclusive = false
  /// MADV_FREE: it may be dropped as long as nobody writes to it.
  var isLazyFree = false
  /// Whether it is a table of page tables.
  var isTable = false
  /// Whether it is part of a huge page.
  var isHuge = false

  /// An entry that maps the page.
  struct Mapper: Hashable {
    var pid: UInt64
    var address: UInt64
  }

  var isAnonymous: Bool { file == nil && !isTable }
}
