public import BitLayout
import Paging

/// The bits that the kernel keeps in entries of pages that are present for it.
public struct SoftwareBits: Sendable {
  /// No `struct page` belongs to the mapping: the zero page, or memory of a device.
  public let special: BitField
  /// The page was written since the last clearing.
  public let softDirty: BitField?
  /// userfaultfd write-protects the page.
  public let userfaultWriteProtect: BitField?
  /// The page is memory of a device that file systems map directly.
  public let deviceMapping: BitField?
  /// The page was written, in an entry that must not look like one of a shadow stack.
  public let savedDirty: BitField?
  /// The kernel's own dirty bit.
  public let dirty: BitField?
  /// With P=0: a page without access rights.
  public let protNone: BitField
  /// With P=0: a page that is present for the kernel all the same.
  public let presentInvalid: BitField?
  /// Whether the frame is stored inverted where P=0 (L1TF).
  public let framesAreInverted: Bool

  /// The bits of a kernel.
  public init(_ version: LinuxVersion, _ format: LinuxEntryFormat) {
    if format == .arm64 {
      let bits = ARM64SoftwareBits.self
      special = bits.special
      softDirty = nil
      userfaultWriteProtect =
        version.hasARM64PresentInvalidOfAll ? bits.userfaultWriteProtect : nil
      deviceMapping =
        (LinuxVersion(5, 4)..<LinuxVersion(6, 17)).contains(version) ? bits.deviceMapping : nil
      savedDirty = nil
      dirty = bits.dirty
      protNone = bits.protNone(version) ?? bits.presentInvalidOfAll
      presentInvalid = bits.presentInvalid(version)
      framesAreInverted = false
    } else {
      let bits = X86SoftwareBits.self
      let is64 = format == .x64
      special = bits.special
      softDirty = is64 && version >= LinuxVersion(3, 11) ? bits.softDirty : nil
      userfaultWriteProtect =
        is64 && version >= LinuxVersion(5, 7) ? bits.userfaultWriteProtect : nil
      deviceMapping = is64 ? bits.deviceMapping(version) : nil
      savedDirty =
        version >= LinuxVersion(6, 6) ? (is64 ? bits.savedDirty : bits.savedDirtyOf32) : nil
      dirty = nil
      protNone = bits.protNone
      presentInvalid = nil
      framesAreInverted = format != .i386 && version.hasInvertedOffsets
    }
  }

  /// The bits of pages that are present for the kernel only.
  var ofInvalidPages: [BitField] { [protNone, presentInvalid].compactMap { $0 } }

  /// The bits of pages that are present for the processor too.
  public var ofPresentPages: [BitField] {
    [special, softDirty, userfaultWriteProtect, deviceMapping, savedDirty, dirty]
      .compactMap { $0 }
  }
}

/// Linux arch/x86/include/asm/pgtable_types.h, _PAGE_BIT_SOFTW1 and following.
enum X86SoftwareBits {
  static let special = BitField(
    "special", 9, .value, "no struct page: the zero page or memory of a device")
  static let softDirty = BitField("soft_dirty", 11, .value, "written since the last clear")
  static let userfaultWriteProtect = BitField(
    "uffd_wp", 10, .value, "write-protected by userfaultfd")
  static let savedDirty = BitField(
    "saved_dirty", 58, .value, "written; D=1 with RW=0 would be a shadow stack")
  static let savedDirtyOf32 = BitField(
    "saved_dirty", 10, .value, "written; D=1 with RW=0 would be a shadow stack")
  /// The place of G, which means nothing where P is 0.
  static let protNone = BitField(
    "PROTNONE", X86Fields.global.low, .value, "present for the kernel: a page without access rights"
  )

  static func deviceMapping(_ version: LinuxVersion) -> BitField? {
    switch version {
    case LinuxVersion(4, 5)..<LinuxVersion(6, 6):
      BitField("devmap", 58, .value, "memory of a device, mapped directly")
    case LinuxVersion(6, 6)..<LinuxVersion(6, 17):
      BitField("devmap", 57, .value, "memory of a device, mapped directly")
    default: nil
    }
  }
}

/// Linux arch/arm64/include/asm/pgtable-prot.h.
enum ARM64SoftwareBits {
  static let dirty = BitField("dirty", 55, .value, "written, as the kernel knows it")
  static let special = BitField(
    "special", 56, .value, "no struct page: the zero page or memory of a device")
  static let deviceMapping = BitField("devmap", 57, .value, "memory of a device, mapped directly")
  static let userfaultWriteProtect = BitField(
    "uffd_wp", 58, .value, "write-protected by userfaultfd")
  static let presentInvalidOfAll = BitField(
    "PRESENT_INVALID", 11, .value, "present for the kernel, though not valid")

  static func protNone(_ version: LinuxVersion) -> BitField? {
    version.hasARM64PresentInvalidOfAll
      ? nil
      : BitField(
        "PROT_NONE", 58, .value, "present for the kernel: a page without access rights")
  }

  static func presentInvalid(_ version: LinuxVersion) -> BitField? {
    switch version {
    case _ where version.hasARM64PresentInvalidOfAll: presentInvalidOfAll
    case LinuxVersion(5, 10)...:
      BitField("PRESENT_INVALID", 59, .value, "a huge page that is being split or moved")
    default: nil
    }
  }
}
