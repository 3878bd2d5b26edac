import BitLayout
public import Paging

/// The registers of arm64, as Windows sets them.
extension PagingState {
  /// T0SZ and T1SZ: each half has 47 address bits, so that one page of entries has the top tables of both
  /// (published analyses of 24H2).
  private static let sizeOfHalves: UInt64 = 17
  /// MAIR_EL1 of a published session: write-back, device, write-through and not cached, twice.
  private static let memoryTypesOfWindows: UInt64 = 0x44bb_00ff_44bb_00ff
  private static let sizeFields = [
    ARM64RegisterLayouts.lower.size, ARM64RegisterLayouts.upper.size,
  ]

  /// Gives both halves of the addresses the size that Windows gives them.
  public mutating func sizeHalvesAsWindows() {
    for field in Self.sizeFields { tcr = field.setting(Self.sizeOfHalves, in: tcr) ?? tcr }
  }

  /// Takes the memory types of Windows where none are known.
  public mutating func takeMemoryTypesOfWindows() {
    if arm64.mair == nil { arm64.mair = Self.memoryTypesOfWindows }
  }

  /// Whether pages and halves of the addresses have the sizes that Windows gives them.
  public var hasSizesOfWindows: Bool {
    allHalves.allSatisfy { $0.pageShift(1) == 12 && $0.translatedBits == 64 - Self.sizeOfHalves }
  }
}
