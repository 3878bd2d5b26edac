public import Paging
public import PhysicalMemory

/// A virtual address at which a physical one is mapped.
public struct ReverseMapping: Hashable, Sendable {
  /// The physical address: the one asked about, or the first of the range that the page holds.
  public var physical: PhysicalAddress
  /// The virtual address.
  public var address: VirtualAddress
  /// The number of the address space among those of the machine.
  public var space: Int
  /// How many address spaces have this mapping.
  ///
  /// What they all have in their upper halves is said once for all of them; 1 otherwise.
  public var sharers: Int
  /// The size of the page as a power of 2.
  public var pageShift: UInt64
  /// The effective rights.
  public var rights: Rights

  /// The size of the page in bytes.
  public var pageSize: UInt64 { 1 << pageShift }
}
