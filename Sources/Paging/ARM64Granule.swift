/// The size of tables and of the smallest pages, as a type so that walks are compiled for each.
public protocol ARM64Granule: Sendable {
  /// The granule.
  static var size: ARM64GranuleSize { get }
  /// The size in bytes as a power of 2.
  static var shift: UInt64 { get }
}

/// The granule of 4 KiB: 9 bits a level.
public enum ARM64Granule4K: ARM64Granule {
  /// 4 KiB.
  @inlinable public static var size: ARM64GranuleSize { .k4 }
  /// 12.
  @inlinable public static var shift: UInt64 { 12 }
}

/// The granule of 16 KiB: 11 bits a level.
public enum ARM64Granule16K: ARM64Granule {
  /// 16 KiB.
  @inlinable public static var size: ARM64GranuleSize { .k16 }
  /// 14.
  @inlinable public static var shift: UInt64 { 14 }
}

/// The granule of 64 KiB: 13 bits a level.
public enum ARM64Granule64K: ARM64Granule {
  /// 64 KiB.
  @inlinable public static var size: ARM64GranuleSize { .k64 }
  /// 16.
  @inlinable public static var shift: UInt64 { 16 }
}

/// The size of tables and of the smallest pages (ARM ARM D8.2.3).
@frozen public enum ARM64GranuleSize: UInt8, Hashable, Sendable, CaseIterable {
  /// 4 KiB.
  case k4
  /// 16 KiB.
  case k16
  /// 64 KiB.
  case k64

  /// The size in bytes as a power of 2.
  @inlinable public var shift: UInt64 {
    switch self {
    case .k4: 12
    case .k16: 14
    case .k64: 16
    }
  }

  /// The number of address bits that index a full table, and of entries as a power of 2.
  @inlinable public var indexBits: UInt64 { shift &- 3 }

  /// The lowest address bit that indexes a table of this level; levels count up from 1 for L3.
  @inlinable
  public func indexShift(_ level: Int) -> UInt64 {
    shift &+ indexBits &* UInt64(truncatingIfNeeded: level &- 1)
  }

  /// What TCR_EL1.TG0 or TG1 selects; nil for the encoding that is reserved.
  public init?(field value: UInt64, of half: ARM64Half) {
    let sizes: [ARM64GranuleSize?] =
      half == .lower ? [.k4, .k64, .k16, nil] : [nil, .k16, .k4, .k64]
    guard value < 4, let size = sizes[Int(value)] else { return nil }
    self = size
  }
}
