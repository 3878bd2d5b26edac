import BitLayout
import Paging

/// Linux arch/x86/include/asm/pgtable_64.h, pgtable-2level.h, pgtable-3level.h, pgtable_types.h.
extension SwapEntryLayout {
  private static let citation: StaticString = "Linux arch/x86/include/asm/pgtable*.h"
  private static let notPresent = BitField("P", 0, .value, "0: not present")
  private static let notProtNone = BitField(
    "PROTNONE", 8, .value, "0: 1 would be a page without access rights")

  static func x64(_ version: LinuxVersion) -> Self {
    let softDirtyAt: UInt8 = version >= LinuxVersion(4, 14) ? 1 : 7
    let softDirty =
      version >= LinuxVersion(3, 11)
      ? BitField(softDirtyName, softDirtyAt, .value, softDirtyMeaning) : nil
    let protect =
      version >= LinuxVersion(5, 7) ? BitField("uffd_wp", 2, .value, protectMeaning) : nil
    let alone = version >= LinuxVersion(5, 19) ? exclusive(3) : nil
    let type: BitField
    let offset: BitField
    switch version {
    case _ where version.hasInvertedOffsets:
      (type, offset) = (Self.type(63, 59), invertedOffset(58, 9))
    case LinuxVersion(4, 8)...:
      // Some processors set A and D in entries that are not present, so these bits stay free.
      (type, offset) = (Self.type(13, 9), Self.offset(63, 14))
    default: (type, offset) = (Self.type(5, 1), Self.offset(63, 9))
    }
    let fields = [notPresent, softDirty, protect, alone, notProtNone, type, offset]
    return Self(
      word(64, fields.compactMap { $0 }), type: type, offset: offset,
      offsetIsInverted: version.hasInvertedOffsets, softDirty: softDirty,
      userfaultWriteProtect: protect, exclusive: alone)
  }

  static func pae(_ version: LinuxVersion) -> Self {
    let alone = version >= LinuxVersion(6, 3) ? exclusive(7) : nil
    let isInverted = version.hasInvertedOffsets
    let (type, offset) =
      isInverted
      ? (Self.type(63, 59), invertedOffset(58, 9)) : (Self.type(36, 32), Self.offset(63, 37))
    let fields = [notPresent, alone, notProtNone, type, offset]
    return Self(
      word(64, fields.compactMap { $0 }), type: type, offset: offset, offsetIsInverted: isInverted,
      exclusive: alone)
  }

  static func i386(_ version: LinuxVersion) -> Self {
    let alone = version >= LinuxVersion(6, 3) ? exclusive(7) : nil
    let (type, offset) = (Self.type(5, 1), Self.offset(31, 9))
    let fields = [notPresent, alone, notProtNone, type, offset]
    return Self(
      word(32, fields.compactMap { $0 }), type: type, offset: offset, exclusive: alone)
  }

  private static func word(_ width: Int, _ fields: [BitField]) -> WordLayout {
    WordLayout(
      "swap entry", citation: citation, width: width, fields + unused(besides: fields, width))
  }

  /// Fields for the bits that `fields` leave.
  static func unused(besides fields: [BitField], _ width: Int) -> [BitField] {
    let covered = fields.reduce(into: UInt64(0)) { $0 |= $1.mask }
    var gaps: [BitField] = []
    var low: UInt8?
    for bit in 0...UInt8(width) {
      let isFree = bit < width && covered >> UInt64(bit) & 1 == 0
      if isFree, low == nil { low = bit }
      if !isFree, let start = low {
        gaps.append(unused(bit - 1, start))
        low = nil
      }
    }
    return gaps
  }
}

extension LinuxVersion {
  /// Whether swap offsets and the frames of PROT_NONE pages are stored inverted on x86 with
  /// eight-byte entries, against L1TF.
  ///
  /// The change was made in all series of August 2018 at once: in mainline it is in 4.19, and in
  /// these stable releases. Series are taken as they began; 4.18 without a patch as patched.
  public var hasInvertedOffsets: Bool {
    switch (major, minor, patch) {
    case (4, 18, nil): true
    case (4, 18, let patch?): patch >= 1
    case (4, 17, let patch?): patch >= 15
    case (4, 14, let patch?): patch >= 63
    case (4, 9, let patch?): patch >= 120
    case (4, 4, let patch?): patch >= 148
    default: self >= LinuxVersion(4, 19)
    }
  }
}
