public import BitLayout
public import Paging
public import PhysicalMemory

/// One 64-bit word of `/proc/PID/pagemap`, as kernels from 4.2 on write it.
///
/// Linux Documentation/admin-guide/mm/pagemap.rst.
public struct PagemapEntry: Hashable, Sendable {
  /// The layout for a page that is present.
  public static let layout = WordLayout(
    "pagemap entry", citation: "Linux Documentation/admin-guide/mm/pagemap.rst",
    [
      frame, softDirty, exclusive, userfaultWriteProtect,
      BitField("zero", 60, 58, .ignored, "zero, or a later kernel's flags"), file, swapped, present,
    ])

  /// The page frame number, zero for readers without privilege.
  public static let frame = BitField("PFN", 54, 0, .value, "page frame number")
  /// The page was written since the last clearing.
  public static let softDirty = BitField("soft_dirty", 55, .value, "written since the last clear")
  /// Only one process maps the page.
  public static let exclusive = BitField("exclusive", 56, .value, "mapped by one process only")
  /// The page is write-protected by userfaultfd.
  public static let userfaultWriteProtect = BitField(
    "uffd_wp", 57, .value, "write-protected by userfaultfd")
  /// The page belongs to a file or to shared memory.
  public static let file = BitField("file", 61, .value, "of a file or shared")
  /// The page is in swap space.
  public static let swapped = BitField("swapped", 62, .value, "in swap space")
  /// The page is in memory.
  public static let present = BitField("present", 63, .value, "in memory")

  /// The word.
  public var rawValue: UInt64

  /// Wraps a word.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Whether the page is in memory.
  public var isPresent: Bool { Self.present.isSet(in: rawValue) }

  /// The page frame number; meaningful where the page is present.
  public var frameNumber: UInt64 { Self.frame.value(in: rawValue) }
}

/// A page-table entry that Linux keeps for a page without access rights (PROT_NONE).
///
/// The processor sees P=0; the kernel, and pagemap with it, counts the page as present.
public struct ProtNoneEntry: Hashable, Sendable {
  /// The bit that tells it from other entries with P=0: `_PAGE_BIT_PROTNONE`, the place of G.
  ///
  /// Linux arch/x86/include/asm/pgtable_types.h.
  @inlinable public static var marker: BitField { X86Fields.global }

  /// The same on arm64: `PTE_PROT_NONE`, Linux arch/arm64/include/asm/pgtable-prot.h (6.1).
  @inlinable public static var markerOfARM64: BitField {
    BitField("PROT_NONE", 58, .value, "present for the kernel, where bit 0 is 0")
  }

  /// The frame of the page.
  public let frame: PhysicalAddress

  /// Reads an entry of this kind, or nil where it is another.
  ///
  /// Since the L1TF mitigation the kernel inverts the address bits on processors with eight-byte
  /// entries (Linux arch/x86/include/asm/pgtable-invert.h).
  public init?(_ entry: UInt64, mode: PagingMode, pageShift: UInt64) {
    let marker = mode == .arm64 ? Self.markerOfARM64 : Self.marker
    // P of x86 and bit 0 of arm64's descriptors are one place.
    guard !X86Fields.present.isSet(in: entry), marker.isSet(in: entry) else { return nil }
    let isInverted = mode != .x86 && mode != .arm64
    let field =
      switch mode {
      case .x86: TwoLevelLayouts.frame
      case .pae, .x86_64, .la57: LongModeLayouts.frame
      case .arm64: ARM64Layouts.frame4K
      }
    let bits = (isInverted ? ~entry : entry) & field.mask
    frame = PhysicalAddress((bits >> pageShift) << pageShift)
  }
}
