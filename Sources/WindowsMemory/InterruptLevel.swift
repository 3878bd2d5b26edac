public import Paging

/// The interrupt request level (IRQL) at which a processor runs as it makes an access.
public struct InterruptLevel: RawRepresentable, Hashable, Sendable, Comparable {
  /// The number.
  public let rawValue: UInt8

  /// Takes any number; `contradiction(of:in:)` says whether a processor has it.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// PASSIVE_LEVEL: programs and most of the kernel run at it.
  public static let passive = InterruptLevel(rawValue: 0)
  /// APC_LEVEL, the highest at which page faults are resolved.
  public static let apc = InterruptLevel(rawValue: 1)
  /// DISPATCH_LEVEL, the lowest at which they are not.
  public static let dispatch = InterruptLevel(rawValue: 2)

  /// HIGH_LEVEL of the processors with a paging mode: their interrupt controllers have so many.
  public static func highest(in mode: PagingMode) -> InterruptLevel {
    InterruptLevel(rawValue: mode.virtualAddressBits == 32 ? 31 : 15)
  }

  /// Orders by number.
  public static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }

  /// Why no processor makes the access at this level, or nil where it can.
  public func contradiction(of access: Access, in mode: PagingMode) -> String? {
    let highest = Self.highest(in: mode)
    if self > highest {
      return "IRQL \(rawValue) in mode \(mode.rawValue): the levels are 0 to \(highest.rawValue)"
    }
    guard access.privilege == .user, self > .apc else { return nil }
    return "IRQL \(rawValue) for an access by user mode: programs run below DISPATCH_LEVEL (2)"
  }
}
