/// What the swap types of a kernel mean: the numbers of swap areas, and from `areaCount` on pages
/// that are elsewhere.
///
/// The kernel counts the special types from the top of 32, so that each depends on which others are
/// configured (Linux include/linux/swap.h, MAX_SWAPFILES).
public struct SwapTypes: Hashable, Sendable {
  /// What a swap type means.
  public enum Meaning: Hashable, Sendable {
    /// The swap area with this number.
    case area(UInt64)
    /// A frame whose memory is broken; the offset is its number.
    case poisoned
    /// A frame on its way to another place; the offset is its number.
    case migration(Migration)
    /// A page in the memory of a device.
    case devicePrivate(isWritable: Bool)
    /// A page that a device uses alone for a while.
    case deviceExclusive
    /// No page, but something to remember; the offset is a set of `PTEMarkers`.
    case marker
    /// A page that could not be read from swap.
    case swapInError
  }

  /// What the page was before it set out.
  public enum Migration: String, Hashable, Sendable {
    /// Read-only, perhaps shared.
    case read
    /// Read-only, and of this process alone.
    case readExclusive = "read, exclusive"
    /// Writable.
    case write
  }

  /// The number of swap types, in all kernels: 1 << MAX_SWAPFILES_SHIFT.
  public static let count = 32

  /// MAX_SWAPFILES: the types below it are swap areas.
  public let areaCount: UInt64

  private let special: [Meaning]

  /// The types of a kernel.
  public init(_ version: LinuxVersion, _ options: LinuxOptions) {
    var special: [Meaning] = []
    if options.contains(.memoryFailure) { special.append(.poisoned) }
    if options.contains(.migration) {
      special.append(.migration(.read))
      if version >= LinuxVersion(5, 19) { special.append(.migration(.readExclusive)) }
      special.append(.migration(.write))
    }
    if options.contains(.devicePrivate), version >= LinuxVersion(4, 14) {
      special += [.devicePrivate(isWritable: true), .devicePrivate(isWritable: false)]
      // Exclusive use came with a type for writable and one for read-only pages; one is left.
      let exclusive =
        version >= LinuxVersion(6, 15) ? 1 : version >= LinuxVersion(5, 14) ? 2 : 0
      special += Array(repeating: .deviceExclusive, count: exclusive)
    }
    let hasMarkers =
      version >= LinuxVersion(6, 2)
      || version >= LinuxVersion(5, 19) && options.contains(.markers)
    if hasMarkers { special.append(.marker) }
    if (LinuxVersion(5, 19)..<LinuxVersion(6, 2)).contains(version) {
      special.append(.swapInError)
    }
    self.special = special
    areaCount = UInt64(Self.count - special.count)
  }

  /// What a type means.
  public func meaning(of type: UInt64) -> Meaning {
    guard type >= areaCount, type - areaCount < UInt64(special.count) else { return .area(type) }
    return special[Int(type - areaCount)]
  }

  /// The first type with a meaning, if the kernel has one.
  public func type(of meaning: Meaning) -> UInt64? {
    if case .area(let type) = meaning { return type < areaCount ? type : nil }
    return special.firstIndex(of: meaning).map { areaCount + UInt64($0) }
  }
}

/// What a marker remembers of a page that is not there.
///
/// Linux include/linux/swapops.h, PTE_MARKER_UFFD_WP and following.
public struct PTEMarkers: OptionSet, Hashable, Sendable {
  /// The offset of the swap entry.
  public var rawValue: UInt64

  /// Wraps the offset of a swap entry.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// userfaultfd write-protected the page.
  public static let userfaultWriteProtect = Self(rawValue: 1 << 0)
  /// The page could not be read from swap, or is poisoned (6.2, and more of it from 6.6 on).
  public static let poisoned = Self(rawValue: 1 << 1)
  /// A guard region: MADV_GUARD_INSTALL (6.13).
  public static let guardRegion = Self(rawValue: 1 << 2)
}
