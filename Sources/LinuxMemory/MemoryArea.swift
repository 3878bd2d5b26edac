import PhysicalMemory

/// An area of a process's address space: what the kernel calls a VMA, a line of `/proc/PID/maps`.
public struct MemoryArea: Hashable, Sendable {
  /// What may be done in an area, and what the kernel does there.
  public struct Flags: OptionSet, Hashable, Sendable {
    /// The flags as bits.
    public var rawValue: UInt32

    /// Wraps the bits of the flags below.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// VM_READ, `rd`.
    public static let read = Self(rawValue: 1 << 0)
    /// VM_WRITE, `wr`.
    public static let write = Self(rawValue: 1 << 1)
    /// VM_EXEC, `ex`.
    public static let execute = Self(rawValue: 1 << 2)
    /// VM_SHARED, `sh`.
    public static let shared = Self(rawValue: 1 << 3)
    /// VM_GROWSDOWN, `gd`: a stack.
    public static let growsDown = Self(rawValue: 1 << 4)
    /// VM_PFNMAP, `pf`: frames without a `struct page`, which pagemap leaves out.
    public static let frameMap = Self(rawValue: 1 << 5)
    /// VM_MIXEDMAP, `mm`: frames with and without a `struct page`.
    public static let mixedMap = Self(rawValue: 1 << 6)
    /// VM_HUGETLB, `ht`.
    public static let hugePages = Self(rawValue: 1 << 7)
    /// VM_SOFTDIRTY, `sd`: every page counts as written since the last clearing.
    public static let softDirty = Self(rawValue: 1 << 8)
    /// VM_UFFD_MISSING, `um`.
    public static let userfaultMissing = Self(rawValue: 1 << 9)
    /// VM_UFFD_WP, `uw`.
    public static let userfaultWriteProtect = Self(rawValue: 1 << 10)
    /// VM_UFFD_MINOR, `ui`.
    public static let userfaultMinor = Self(rawValue: 1 << 11)
    /// VM_SHADOW_STACK, `ss`.
    public static let shadowStack = Self(rawValue: 1 << 12)
    /// VM_HUGEPAGE, `hg`: MADV_HUGEPAGE.
    public static let hugeAdvised = Self(rawValue: 1 << 13)
    /// VM_IO, `io`: memory of a device.
    public static let device = Self(rawValue: 1 << 14)
    /// VM_LOCKED, `lo`.
    public static let locked = Self(rawValue: 1 << 15)
    /// VM_MERGEABLE, `mg`: KSM may merge pages.
    public static let mergeable = Self(rawValue: 1 << 16)

    /// The flags by their two letters in the line VmFlags of smaps.
    public static let letters: [(letters: String, flag: Self)] = [
      ("rd", .read), ("wr", .write), ("ex", .execute), ("sh", .shared), ("gd", .growsDown),
      ("pf", .frameMap), ("mm", .mixedMap), ("ht", .hugePages), ("sd", .softDirty),
      ("um", .userfaultMissing), ("uw", .userfaultWriteProtect), ("ui", .userfaultMinor),
      ("ss", .shadowStack), ("hg", .hugeAdvised), ("io", .device), ("lo", .locked),
      ("mg", .mergeable),
    ]

    /// The flags that two-letter words name; words that nothing here depends on are left out.
    public init(letters: some Sequence<some StringProtocol>) {
      self = []
      for word in letters {
        guard let flag = Self.letters.first(where: { $0.letters == word })?.flag else { continue }
        insert(flag)
      }
    }
  }

  /// What provides the pages of an area, where that is neither a file nor free memory.
  public enum Backing: Hashable, Sendable {
    /// A block device itself, without a file system.
    case blockDevice
    /// The kernel: `[vdso]` and the like.
    case kernelPages
  }

  /// The first address.
  public var start: UInt64
  /// The address after the last.
  public var end: UInt64
  /// What may be done there.
  public var flags: Flags
  /// Where the area begins in its file, in bytes.
  public var fileOffset: UInt64
  /// The number of the device that holds the file; 0 for file systems without one.
  public var deviceMajor: UInt64
  /// The number of the file; 0 where there is none.
  public var inode: UInt64
  /// The path of the file, or the name of the area: `[stack]`.
  public var path: String
  /// The size of the file in bytes, where it is known; `/proc/PID/maps` does not say it.
  public var fileSize: UInt64?
  /// What stands behind the area, where somebody has looked; else its path tells.
  public var backing: Backing?
  /// The protection key of the pages that are brought in; 0 where it is not known, as for most.
  public var protectionKey: UInt64 = 0

  /// Describes an area; `end` is above `start`.
  public init(
    start: UInt64, end: UInt64, flags: Flags, fileOffset: UInt64 = 0, deviceMajor: UInt64 = 0,
    inode: UInt64 = 0, path: String = ""
  ) {
    self.start = start
    self.end = end
    self.flags = flags
    self.fileOffset = fileOffset
    self.deviceMajor = deviceMajor
    self.inode = inode
    self.path = path
  }

  /// Whether the area holds an address.
  public func contains(_ address: UInt64) -> Bool { start <= address && address < end }

  /// Whether a file, or shared memory, stands behind the pages that nobody has written.
  public var hasFile: Bool { inode != 0 || flags.contains(.shared) }

  /// Whether the kernel itself provides the pages: `[vdso]` and the like.
  public var isSpecialMapping: Bool {
    backing == .kernelPages || Self.specialNames.contains { path.hasPrefix($0) }
  }

  private static let specialNames = ["[vdso", "[vvar", "[uprobes", "[sigpage", "[vectors"]

  /// Whether the pages are those of a block device itself, which has no file system.
  public var isBlockDevice: Bool {
    guard backing == nil else { return backing == .blockDevice }
    return path.hasPrefix("/dev/") && !path.hasPrefix("/dev/zero") && !path.hasPrefix("/dev/shm/")
      && flags.isDisjoint(with: [.frameMap, .mixedMap, .hugePages])
  }

  /// Whether untouched pages are pages of zeros of the process's own (`vma_is_anonymous`).
  public var isAnonymous: Bool {
    !hasFile && !isSpecialMapping && flags.isDisjoint(with: [.frameMap, .mixedMap, .hugePages])
  }

  /// Whether the page at an address, of 2 to the power of `pageShift` bytes, is past the end of the file.
  func isPastEnd(_ address: UInt64, pageShift: UInt64) -> Bool {
    guard let fileSize else { return false }
    // The last page of a file is there as a whole.
    let (offset, overflows) = fileOffset.addingReportingOverflow(address - start)
    return overflows || (offset >> pageShift) << pageShift >= fileSize
  }

  /// Whether any access is allowed (`vma_is_accessible`).
  public var isAccessible: Bool { !flags.isDisjoint(with: [.read, .write, .execute]) }

  /// The rights as `/proc/PID/maps` writes them: `rw-p`.
  public var permissions: String {
    (flags.contains(.read) ? "r" : "-") + (flags.contains(.write) ? "w" : "-")
      + (flags.contains(.execute) ? "x" : "-") + (flags.contains(.shared) ? "s" : "p")
  }
}

/// The areas of one process, for the question which of them holds an address.
public struct MemoryAreas: Hashable, Sendable {
  /// The areas, lowest first.
  public let areas: [MemoryArea]

  /// Takes areas in any order; none may be empty, and no two may overlap.
  public init(_ areas: [MemoryArea]) {
    self.areas = areas.filter { $0.start < $0.end }.sorted { $0.start < $1.start }
  }

  /// The area that holds an address.
  public func area(holding address: UInt64) -> MemoryArea? {
    let next = firstIndex(above: address)
    guard next > 0, areas[next - 1].contains(address) else { return nil }
    return areas[next - 1]
  }

  /// The first area above an address that no area holds.
  public func area(above address: UInt64) -> MemoryArea? {
    let next = firstIndex(above: address)
    return next < areas.count ? areas[next] : nil
  }

  private func firstIndex(above address: UInt64) -> Int {
    areas.partitioningIndex { $0.start > address }
  }
}
