import BitLayout

/// How a processor caches a page, as the entry that maps it selects.
///
/// It is what page tables say. On x86 the MTRRs have a say as well, which are in no page table (SDM 3A,
/// Table 12-7).
public enum MemoryType: String, CaseIterable, Sendable {
  /// Write-back.
  case writeBack = "WB"
  /// Write-through.
  case writeThrough = "WT"
  /// Write-protected, of x86.
  case writeProtected = "WP"
  /// Write-combining, of x86.
  case writeCombining = "WC"
  /// Uncacheable unless the MTRRs say write-combining, of x86.
  case uncacheableMinus = "UC-"
  /// Uncacheable, of x86.
  case uncacheable = "UC"
  /// Normal memory that is not cached, of arm64.
  case nonCacheable = "NC"
  /// Device memory, of arm64.
  case device = "device"

  /// Whether reads go to memory each time and writes are not held back by a cache.
  public var isUncached: Bool {
    switch self {
    case .uncacheable, .uncacheableMinus, .nonCacheable, .device: true
    case .writeBack, .writeThrough, .writeProtected, .writeCombining: false
    }
  }

  /// The type that an entry of IA32_PAT stands for (SDM 3A, Table 12-10); nil for reserved encodings.
  static func ofPAT(_ encoding: UInt64) -> MemoryType? {
    switch encoding {
    case 0: .uncacheable
    case 1: .writeCombining
    case 4: .writeThrough
    case 5: .writeProtected
    case 6: .writeBack
    case 7: .uncacheableMinus
    default: nil
    }
  }

  /// The type that a byte of MAIR_EL1 stands for (ARM ARM D19.2, MAIR_EL1).
  ///
  /// Where outer and inner caches differ, it is the lesser caching of the two. Nil for encodings that are
  /// unpredictable.
  static func ofMAIR(_ attribute: UInt64) -> MemoryType? {
    let layouts = MemoryTypeLayouts.self
    let (outer, inner) = (layouts.outer.value(in: attribute), layouts.inner.value(in: attribute))
    // Four encodings stand apart: tagged write-back (FEAT_MTE), and the three of FEAT_XS.
    switch attribute {
    case 0xf0: return .writeBack
    case 0xa0: return .writeThrough
    case 0x40: return .nonCacheable
    default: break
    }
    if outer == 0 { return layouts.reservedOfDevice.isSet(in: attribute) ? nil : .device }
    guard let first = cachePolicy(outer), let second = cachePolicy(inner) else { return nil }
    let order: [MemoryType] = [.nonCacheable, .writeThrough, .writeBack]
    return order.first { $0 == first || $0 == second }
  }

  /// What four bits of normal memory in MAIR_EL1 say.
  private static func cachePolicy(_ bits: UInt64) -> MemoryType? {
    switch bits {
    case 0b0000: nil
    case 0b0100: .nonCacheable
    case 0b0001...0b0011, 0b1000...0b1011: .writeThrough
    default: .writeBack
    }
  }
}

extension PagingState {
  /// What IA32_PAT holds after a reset (SDM 3A, Table 12-12): WB WT UC- UC, twice.
  public static var resetPAT: UInt64 { 0x0007_0406_0007_0406 }

  /// MAIR_EL1; 0 where it is not known.
  public var mair: UInt64 {
    get { arm64.mair ?? 0 }
    set { arm64.mair = newValue }
  }

  /// The type that one of the eight numbers stands for which entries can hold; nil where the register
  /// that says so is not known or holds a reserved encoding.
  public func memoryType(_ index: Int) -> MemoryType? {
    let layouts = MemoryTypeLayouts.self
    guard isARM64 else { return MemoryType.ofPAT(layouts.pat[index & 7].value(in: pat)) }
    return arm64.mair.flatMap { MemoryType.ofMAIR(layouts.mair[index & 7].value(in: $0)) }
  }

  /// The number of the memory type in an entry that maps a page: AttrIndx, or PAT, PCD and PWT.
  public func memoryTypeIndex(of entry: UInt64, level: Int) -> Int {
    Self.memoryTypeIndex(of: entry, level: level, isARM64: isARM64)
  }

  /// The number of the memory type in an entry of one of the two architectures.
  static func memoryTypeIndex(of entry: UInt64, level: Int, isARM64: Bool) -> Int {
    if isARM64 { return Int(ARM64Layouts.attributeIndex.value(in: entry)) }
    let pat = level == 1 ? X86Fields.pat : X86Fields.patOfLargePage
    let layouts = MemoryTypeLayouts.self
    var index: UInt64 = 0
    if pat.isSet(in: entry) { index |= layouts.patInIndex.mask }
    if X86Fields.cacheDisable.isSet(in: entry) { index |= layouts.cacheDisableInIndex.mask }
    if X86Fields.writeThrough.isSet(in: entry) { index |= layouts.writeThroughInIndex.mask }
    return Int(index)
  }
}
