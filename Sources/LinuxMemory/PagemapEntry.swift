public import BitLayout
public import PhysicalMemory

/// One 64-bit word of `/proc/PID/pagemap`.
///
/// Linux Documentation/admin-guide/mm/pagemap.rst, fs/proc/task_mmu.c.
public struct PagemapEntry: Hashable, Sendable {
  /// The layout for a page that is present, as kernels from 4.2 on write it.
  public static let layout = WordLayout(
    "pagemap entry", citation: "Linux Documentation/admin-guide/mm/pagemap.rst",
    [
      frame, softDirty, exclusive, userfaultWriteProtect, guardRegion,
      BitField("zero", 60, 59, .ignored, "zero, or a later kernel's flags"), file, swapped, present,
    ])

  /// The layout for a page that is in swap.
  public static let swapLayout = WordLayout(
    "pagemap entry of a page in swap", citation: "Linux Documentation/admin-guide/mm/pagemap.rst",
    [
      swapType, swapOffset, softDirty, exclusive, userfaultWriteProtect, guardRegion,
      BitField("zero", 60, 59, .ignored, "zero, or a later kernel's flags"), file, swapped, present,
    ])

  /// The layout of kernels before 4.2, unless somebody has cleared soft-dirty bits (3.11 to 4.1).
  public static let oldLayout = WordLayout(
    "pagemap entry with page shift", citation: "Linux Documentation/vm/pagemap.txt, 3.10",
    [frame, pageShift, file, swapped, present])

  /// The page frame number, zero for readers without privilege.
  public static let frame = BitField("PFN", 54, 0, .value, "page frame number")
  /// The swap type.
  public static let swapType = BitField("swap_type", 4, 0, .value, "swap type")
  /// The swap offset.
  public static let swapOffset = BitField("swap_offset", 54, 5, .value, "swap offset in pages")
  /// The page was written since the last clearing.
  public static let softDirty = BitField("soft_dirty", 55, .value, "written since the last clear")
  /// Only one process maps the page.
  public static let exclusive = BitField("exclusive", 56, .value, "mapped by one process only")
  /// The page is write-protected by userfaultfd.
  public static let userfaultWriteProtect = BitField(
    "uffd_wp", 57, .value, "write-protected by userfaultfd")
  /// An access to the page is a mistake.
  public static let guardRegion = BitField("guard", 58, .value, "in a guard region")
  /// The page belongs to a file or to shared memory.
  public static let file = BitField("file", 61, .value, "of a file or shared")
  /// The page is in swap space.
  public static let swapped = BitField("swapped", 62, .value, "in swap space")
  /// The page is in memory.
  public static let present = BitField("present", 63, .value, "in memory")
  /// The size of the page, in the old format.
  public static let pageShift = BitField("page_shift", 60, 55, .value, "size as a power of 2")

  /// The word.
  public var rawValue: UInt64

  /// Wraps a word.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Whether the page is in memory.
  public var isPresent: Bool { Self.present.isSet(in: rawValue) }

  /// Whether the page is in swap space, or wherever a special swap type says.
  public var isSwapped: Bool { Self.swapped.isSet(in: rawValue) }

  /// The page frame number; meaningful where the page is present.
  public var frameNumber: UInt64 { Self.frame.value(in: rawValue) }

  /// The first byte of the frame, or nil where the page is not present or the number was withheld.
  ///
  /// Frame 0 holds firmware data and is never mapped by a process, so that 0 is what a reader
  /// without CAP_SYS_ADMIN gets (since 4.2).
  public var frame: PhysicalAddress? {
    guard isPresent, frameNumber != 0 else { return nil }
    return frameNumber <= UInt64.max >> 12 ? PhysicalAddress(frameNumber << 12) : nil
  }

  /// The swap type; meaningful where the page is in swap.
  public var swapType: UInt64 { Self.swapType.value(in: rawValue) }

  /// The swap offset; meaningful where the page is in swap.
  public var swapOffset: UInt64 { Self.swapOffset.value(in: rawValue) }

  /// Whether a bit is set.
  public func has(_ field: BitField) -> Bool { field.isSet(in: rawValue) }
}

/// The format of pagemap, which changed with the kernel.
public struct PagemapFormat: Hashable, Sendable {
  /// Bits 55 to 60 are the page shift (before 3.11, and up to 4.1 unless soft-dirty bits were
  /// cleared).
  public var hasPageShift: Bool
  /// The flags that the kernel writes; the places of others are 0 or mean nothing.
  public var flags: [BitField] { hasPageShift ? [file] : [PagemapEntry.softDirty, file] + later }

  private let file = PagemapEntry.file
  private let later: [BitField]

  /// The format of a kernel; that of the newest where it is not known.
  public init(_ version: LinuxVersion? = nil) {
    let version = version ?? LinuxKernel.newest
    hasPageShift = version < LinuxVersion(3, 11)
    let since: [(LinuxVersion, BitField)] = [
      (LinuxVersion(4, 2), PagemapEntry.exclusive),
      (LinuxVersion(5, 13), PagemapEntry.userfaultWriteProtect),
      (LinuxVersion(6, 15), PagemapEntry.guardRegion),
    ]
    later = since.filter { version >= $0.0 }.map(\.1)
  }

  /// The format of words that a kernel has written, where the version leaves it open.
  ///
  /// From 3.11 to 4.1 the page shift stands there until somebody clears soft-dirty bits on the machine;
  /// then bit 55 is such a bit, and the others are 0. Where no version is known, the same shift in all
  /// words is one: as flags it would be guard regions under write protection, and nothing else.
  public init(_ version: LinuxVersion?, words: some Collection<UInt64>) {
    guard let version else {
      let isShift = words.allSatisfy {
        PagemapEntry.pageShift.value(in: $0) == Self.usualPageShift
      }
      self.init(isShift && !words.isEmpty ? LinuxKernel.oldest : nil)
      return
    }
    self.init(version)
    guard (LinuxVersion(3, 11)..<LinuxVersion(4, 2)).contains(version) else { return }
    hasPageShift = words.contains { PagemapEntry.pageShift.value(in: $0) > 1 }
  }

  /// Pages of 4 KiB, those of all processors that had that format and are known here.
  private static let usualPageShift: UInt64 = 12

  /// Whether frame numbers are withheld from readers without CAP_SYS_ADMIN.
  ///
  /// Frame 0 holds firmware data and is never mapped by a process.
  public func withholdsFrame(of entry: PagemapEntry) -> Bool {
    entry.isPresent && entry.frameNumber == 0
  }

  /// The layout of a word.
  public func layout(of entry: PagemapEntry) -> WordLayout {
    if hasPageShift { return PagemapEntry.oldLayout }
    return entry.isSwapped ? PagemapEntry.swapLayout : PagemapEntry.layout
  }
}

extension PagemapFormat {
  /// Equal where the same flags are written.
  public static func == (left: Self, right: Self) -> Bool {
    left.hasPageShift == right.hasPageShift && left.later.map(\.low) == right.later.map(\.low)
  }

  /// Hashes what is compared.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(hasPageShift)
    hasher.combine(later.map(\.low))
  }
}
