public import PhysicalMemory

/// Where the parts of a page lead that somebody can click on; nil where a page leads nowhere.
public struct PageLinks: Sendable {
  /// The page of an address.
  public var address: (@Sendable (VirtualAddress) -> String)?
  /// The owners of a physical address.
  public var owners: (@Sendable (PhysicalAddress) -> String)?
  /// The same page with a bit of the word at an address inverted.
  public var flip: (@Sendable (PhysicalAddress, Int) -> String)?

  /// The map of a part of the address space.
  public var map: (@Sendable (ClosedRange<UInt64>) -> String)?

  /// A page that leads nowhere.
  public init() {}
}
