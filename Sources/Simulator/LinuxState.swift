import LinuxMemory
import PhysicalMemory

/// A process of the simulated Linux.
final class LinuxProcessState {
  let name: String
  let pid: UInt64
  /// The value of CR3.
  let root: UInt64
  /// The areas, ascending.
  var areas: [LinuxArea] = [] {
    didSet { (known, knownFault) = (nil, nil) }
  }
  private var known: MemoryAreas?
  /// The last fault whose like come to the same, until the areas change.
  var knownFault: LinuxKnownFault?
  /// Where neighbours may be the same area now: where the step parted one, and where those begin and end that
  /// it made or changed.
  private var joints: [UInt64] = []
  /// Who forked it, as long as that lives.
  weak var parent: LinuxProcessState?
  /// A table for each of its huge pages, so that none need be found when one is split
  /// (pgtable_trans_huge_deposit).
  var deposited: [UInt64] = []

  /// The areas as the classifier of faults takes them.
  var memoryAreas: MemoryAreas {
    if let known { return known }
    let areas = MemoryAreas(areas.map(\.memoryArea))
    known = areas
    return areas
  }

  init(name: String, pid: UInt64, root: UInt64) {
    self.name = name
    self.pid = pid
    self.root = root
  }

  /// The index of the area that holds an address.
  func areaIndex(of address: UInt64) -> Int? {
    var (low, high) = (0, areas.count)
    while low < high {
      let middle = (low + high) / 2
      if areas[middle].end <= address { low = middle + 1 } else { high = middle }
    }
    return low < areas.count && areas[low].start <= address ? low : nil
  }

  func area(of address: UInt64) -> LinuxArea? { areaIndex(of: address).map { areas[$0] } }

  /// Parts the areas so that one begins at `start` and one ends at `end`; gives those between.
  func isolate(_ start: UInt64, _ end: UInt64) -> [Int] {
    for edge in [start, end] {
      guard let index = areaIndex(of: edge), areas[index].start != edge else { continue }
      var upper = areas[index]
      (upper.page, upper.start) = (upper.filePage(of: edge), edge)
      areas[index].end = edge
      areas.insert(upper, at: index + 1)
      joints.append(edge)
    }
    return areas.indices.filter { areas[$0].start >= start && areas[$0].end <= end }
  }

  /// The areas that have something of a range, ascending.
  func areas(in start: UInt64, _ end: UInt64) -> [LinuxArea] {
    areas.filter { $0.end > start && $0.start < end }
  }

  /// What areas have of a range, ascending: areas that may be smaller than they are.
  func parts(of start: UInt64, _ end: UInt64) -> [LinuxArea] {
    areas(in: start, end).map { area in
      var part = area
      (part.start, part.end) = (max(area.start, start), min(area.end, end))
      part.page = area.filePage(of: part.start)
      return part
    }
  }

  /// Whether areas hold all of a range.
  func covers(_ start: UInt64, _ end: UInt64) -> Bool { coveredEnd(start, end) == end }

  /// The end of what areas hold of a range without a hole, from its start on.
  func coveredEnd(_ start: UInt64, _ end: UInt64) -> UInt64 {
    var next = start
    for area in areas where area.end > next && area.start < end {
      guard area.start <= next else { break }
      next = area.end
    }
    return min(next, end)
  }

  /// An area is another one now, so that its neighbours may be the same as it.
  func noteChanged(_ area: LinuxArea) { joints += [area.start, area.end] }

  /// Joins neighbours that differ in nothing, where the step changed one of them: whatever else lies side by side
  /// stays so (vma_modify, vma_merge_new_range).
  func merge() {
    guard !joints.isEmpty else { return }
    for joint in joints {
      guard let upper = areaIndex(of: joint), upper > 0, areas[upper].start == joint,
        areas[upper - 1].isContinued(by: areas[upper])
      else { continue }
      let area = areas.remove(at: upper)
      areas[upper - 1].end = area.end
      if area.hasOwnPages { areas[upper - 1].hasOwnPages = true }
    }
    joints = []
  }

  /// A page of the process's own is in the area now, so that fork copies its entries.
  func noteOwnPage(at address: UInt64) {
    guard let index = areaIndex(of: address), !areas[index].hasOwnPages else { return }
    areas[index].hasOwnPages = true
  }

  func insert(_ area: LinuxArea) {
    let index = areas.firstIndex { $0.start >= area.start } ?? areas.count
    areas.insert(area, at: index)
    noteChanged(area)
  }
}

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
  var mappers: [Mapper] = []
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
