public import BitLayout
public import PhysicalMemory

/// The format of PAE paging.
@frozen public struct PAEFormat: PagingFormat {
  /// An entry of eight bytes.
  public typealias Word = UInt64
  /// The bits that are reserved in PDEs and PTEs: above MAXPHYADDR, and XD where NXE=0.
  @usableFromInline let reservedAlways: UInt64
  /// The bits that are reserved in a PDPTE.
  @usableFromInline let reservedInPDPTE: UInt64

  /// PAE paging.
  @inlinable public static var mode: PagingMode { .pae }
  /// Three.
  @inlinable public static var levelCount: Int { 3 }

  /// Two bits for the top table, nine for the others.
  @inlinable
  public static func indexBits(_ level: Int) -> UInt64 { level == 3 ? 2 : 9 }

  /// Bit 12 for a PTE, nine more for each level.
  @inlinable
  public static func indexShift(_ level: Int) -> UInt64 {
    12 &+ 9 &* UInt64(truncatingIfNeeded: level &- 1)
  }

  /// Takes MAXPHYADDR and NXE from the state.
  public init(_ state: PagingState) {
    let aboveMaximum = PAELayouts.frame.mask & (UInt64.max << UInt64(state.physicalBits))
    reservedAlways =
      aboveMaximum | PAELayouts.reservedHigh.mask
      | (state.noExecute ? 0 : X86Fields.executeDisable.mask)
    let acceptsAccessed = state.features.acceptsAccessedPDPTE || state.features.walksPDPTEs
    let middle = PAELayouts.pdpteReservedMiddle.mask
    reservedInPDPTE =
      aboveMaximum | PAELayouts.pdpteReservedLow.mask | PAELayouts.pdpteReservedHigh.mask
      | (acceptsAccessed ? middle & ~X86Fields.accessed.mask : middle)
  }

  /// Whether the address has 32 bits.
  @inlinable
  public func isCanonical(_ address: UInt64) -> Bool { address <= 0xffff_ffff }

  /// The address: nothing stands above its 32 bits.
  @inlinable
  public func canonical(_ address: UInt64) -> UInt64 { address }

  /// What an entry says (SDM 3A, 4.4.1 and 4.4.2).
  @inlinable
  public func meaning(of entry: UInt64, level: Int) -> EntryMeaning {
    guard X86Fields.present.isSet(in: entry) else { return .notPresent }
    let isPage = level == 1 || (level == 2 && X86Fields.pageSize.isSet(in: entry))
    var reserved = entry & (level == 3 ? reservedInPDPTE : reservedAlways)
    var frame = PAELayouts.frame.mask
    if isPage && level == 2 {
      reserved |= entry & PAELayouts.reserved2M.mask
      frame = PAELayouts.frame2M.mask
    }
    guard reserved == 0 else { return .reserved(reserved) }
    let address = PhysicalAddress(entry & frame)
    return isPage ? .page(address) : .table(address)
  }

  /// RW, US and the absence of XD; a PDPTE takes no right away.
  @inlinable
  public func rights(of entry: UInt64, level: Int) -> Rights {
    level == 3 ? .all : x86Rights(of: entry)
  }
}
