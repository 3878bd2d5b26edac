public import BitLayout
public import PhysicalMemory

/// The formats of 4-level and 5-level paging, which differ in their height only.
public protocol LongModeFormat: PagingFormat where Word == UInt64 {
  /// The bits that are reserved in every entry: those above MAXPHYADDR, and XD where NXE=0.
  var reservedAlways: UInt64 { get }
  /// Whether a PDPTE can map a page.
  var page1G: Bool { get }
}

extension LongModeFormat {
  /// Nine bits at every level.
  @inlinable
  public static func indexBits(_ level: Int) -> UInt64 { 9 }

  /// Bit 12 for a PTE, nine more for each level.
  @inlinable
  public static func indexShift(_ level: Int) -> UInt64 {
    12 &+ 9 &* UInt64(truncatingIfNeeded: level &- 1)
  }

  /// The bits above the translated ones, which must all equal the highest of them.
  @inlinable static var signBits: UInt64 { 64 &- (12 &+ 9 &* UInt64(levelCount)) }

  /// Whether the bits above the translated ones equal the highest of them (SDM 1, 3.3.7.1).
  @inlinable
  public func isCanonical(_ address: UInt64) -> Bool { canonical(address) == address }

  /// The address with its highest translated bit copied upwards.
  @inlinable
  public func canonical(_ address: UInt64) -> UInt64 {
    UInt64(bitPattern: Int64(bitPattern: address &<< Self.signBits) &>> Int64(Self.signBits))
  }

  /// What an entry says (SDM 3A, 4.5.4 and 4.7 for reserved bits).
  @inlinable
  public func meaning(of entry: UInt64, level: Int) -> EntryMeaning {
    guard X86Fields.present.isSet(in: entry) else { return .notPresent }
    let address = entry & LongModeLayouts.frame.mask
    if level == 1 {
      let reserved = entry & reservedAlways
      return reserved == 0 ? .page(PhysicalAddress(address)) : .reserved(reserved)
    }
    guard X86Fields.pageSize.isSet(in: entry) else {
      let reserved = entry & reservedAlways
      return reserved == 0 ? .table(PhysicalAddress(address)) : .reserved(reserved)
    }
    return largePage(entry, level: level)
  }

  @inlinable
  func largePage(_ entry: UInt64, level: Int) -> EntryMeaning {
    let below: UInt64
    let frame: UInt64
    switch level {
    case 2: (below, frame) = (LongModeLayouts.reserved2M.mask, LongModeLayouts.frame2M.mask)
    case 3 where page1G:
      (below, frame) = (LongModeLayouts.reserved1G.mask, LongModeLayouts.frame1G.mask)
    default: (below, frame) = (X86Fields.pageSize.mask, 0)
    }
    let reserved = entry & (reservedAlways | below)
    return reserved == 0 ? .page(PhysicalAddress(entry & frame)) : .reserved(reserved)
  }

  /// RW, US and the absence of XD; where NXE=0 a set XD is reserved and never gets here.
  @inlinable
  public func rights(of entry: UInt64, level: Int) -> Rights { x86Rights(of: entry) }

  static func reservedAlways(_ state: PagingState) -> UInt64 {
    (LongModeLayouts.frame.mask & (UInt64.max << UInt64(state.physicalBits)))
      | (state.noExecute ? 0 : X86Fields.executeDisable.mask)
  }
}

/// RW, US and the absence of XD, as every entry of eight bytes but a PAE PDPTE holds them.
@inlinable
func x86Rights(of entry: UInt64) -> Rights {
  let low = (entry & (X86Fields.writable.mask | X86Fields.user.mask)) &>> 1
  let execute = X86Fields.executeDisable.value(in: ~entry) &<< 2
  return Rights(rawValue: UInt8(truncatingIfNeeded: low | execute))
}

/// The format of 4-level paging.
@frozen public struct FourLevelFormat: LongModeFormat {
  /// An entry of eight bytes.
  public typealias Word = UInt64
  /// The bits that are reserved in every entry.
  public let reservedAlways: UInt64
  /// Whether a PDPTE can map a page.
  public let page1G: Bool

  /// 4-level paging.
  @inlinable public static var mode: PagingMode { .x86_64 }
  /// Four.
  @inlinable public static var levelCount: Int { 4 }

  /// Takes MAXPHYADDR, NXE and the features from the state.
  public init(_ state: PagingState) {
    reservedAlways = Self.reservedAlways(state)
    page1G = state.features.page1G
  }
}

/// The format of 5-level paging.
@frozen public struct FiveLevelFormat: LongModeFormat {
  /// An entry of eight bytes.
  public typealias Word = UInt64
  /// The bits that are reserved in every entry.
  public let reservedAlways: UInt64
  /// Whether a PDPTE can map a page.
  public let page1G: Bool

  /// 5-level paging.
  @inlinable public static var mode: PagingMode { .la57 }
  /// Five.
  @inlinable public static var levelCount: Int { 5 }

  /// Takes MAXPHYADDR, NXE and the features from the state.
  public init(_ state: PagingState) {
    reservedAlways = Self.reservedAlways(state)
    page1G = state.features.page1G
  }
}
