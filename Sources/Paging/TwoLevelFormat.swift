public import BitLayout
public import PhysicalMemory

/// The format of 32-bit paging.
@frozen public struct TwoLevelFormat: PagingFormat {
  /// An entry of four bytes.
  public typealias Word = UInt32
  /// PS in a PDE where CR4.PSE=1; 0 where the bit is ignored.
  @usableFromInline let pageSizeBit: UInt64
  /// The bits that are reserved in a PDE that maps a page.
  @usableFromInline let reservedInPage: UInt64

  /// 32-bit paging.
  @inlinable public static var mode: PagingMode { .x86 }
  /// Two.
  @inlinable public static var levelCount: Int { 2 }

  /// Ten bits at both levels.
  @inlinable
  public static func indexBits(_ level: Int) -> UInt64 { 10 }

  /// Bit 12 for a PTE, bit 22 for a PDE.
  @inlinable
  public static func indexShift(_ level: Int) -> UInt64 { level == 1 ? 12 : 22 }

  /// Takes PSE, PSE-36 and MAXPHYADDR from the state.
  public init(_ state: PagingState) {
    pageSizeBit = state.pageSizeExtension ? X86Fields.pageSize.mask : 0
    // Table 4-4: bits (M-20):13 hold address bits (M-1):32, where M is MAXPHYADDR, 40 at most,
    // and the rest of bits 21:13 is reserved; a processor without PSE-36 reserves all of them.
    let addressBits = state.features.pse36 ? UInt64(min(state.physicalBits, 40)) : 32
    let high = TwoLevelLayouts.frame4MHigh
    let unused = UInt64.max << (addressBits - TwoLevelLayouts.frame4MHighPosition)
    reservedInPage = TwoLevelLayouts.reserved4M.mask | (high.mask & (unused << UInt64(high.low)))
  }

  /// Whether the address has 32 bits.
  @inlinable
  public func isCanonical(_ address: UInt64) -> Bool { address <= 0xffff_ffff }

  /// The address: nothing stands above its 32 bits.
  @inlinable
  public func canonical(_ address: UInt64) -> UInt64 { address }

  /// What an entry says (SDM 3A, 4.3).
  @inlinable
  public func meaning(of entry: UInt64, level: Int) -> EntryMeaning {
    guard X86Fields.present.isSet(in: entry) else { return .notPresent }
    let address = entry & TwoLevelLayouts.frame.mask
    if level == 1 { return .page(PhysicalAddress(address)) }
    guard entry & pageSizeBit != 0 else { return .table(PhysicalAddress(address)) }
    let reserved = entry & reservedInPage
    guard reserved == 0 else { return .reserved(reserved) }
    let high = TwoLevelLayouts.frame4MHigh.value(in: entry)
    return .page(
      PhysicalAddress(
        (entry & TwoLevelLayouts.frame4M.mask)
          | high &<< TwoLevelLayouts.frame4MHighPosition))
  }

  /// RW and US; 32-bit paging has no XD.
  @inlinable
  public func rights(of entry: UInt64, level: Int) -> Rights {
    let low = (entry & (X86Fields.writable.mask | X86Fields.user.mask)) &>> 1
    return Rights(rawValue: UInt8(truncatingIfNeeded: low)).union(.execute)
  }
}
