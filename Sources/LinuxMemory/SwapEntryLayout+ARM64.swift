import BitLayout
import Paging

/// Linux arch/arm64/include/asm/pgtable.h, "Encode and decode a swap entry".
extension SwapEntryLayout {
  private static let citation: StaticString = "Linux arch/arm64/include/asm/pgtable.h"
  private static let notPresent = BitField("present", 1, 0, .value, "0: not valid")

  static func arm64(_ version: LinuxVersion) -> Self {
    let alone = version >= LinuxVersion(5, 19) ? exclusive(2) : nil
    let protect =
      version.hasARM64PresentInvalidOfAll ? BitField("uffd_wp", 3, .value, protectMeaning) : nil
    let (type, offset) =
      switch version {
      case _ where version.hasARM64PresentInvalidOfAll: (Self.type(10, 6), Self.offset(61, 12))
      case LinuxVersion(5, 19)...: (Self.type(7, 3), Self.offset(57, 8))
      case LinuxVersion(4, 0)...: (Self.type(7, 2), Self.offset(57, 8))
      default: (Self.type(8, 3), Self.offset(57, 9))
      }
    let invalid = ARM64SoftwareBits.presentInvalid(version).map {
      BitField($0.name, $0.low, .value, "0: 1 would be a page that is present for the kernel")
    }
    let protNone = ARM64SoftwareBits.protNone(version).map {
      BitField($0.name, $0.low, .value, "0: 1 would be a page without access rights")
    }
    let fields = [notPresent, alone, protect, type, offset, invalid, protNone].compactMap { $0 }
    return Self(
      WordLayout(
        "swap entry", citation: citation, fields + unused(besides: fields, 64)),
      type: type, offset: offset, userfaultWriteProtect: protect, exclusive: alone)
  }
}
