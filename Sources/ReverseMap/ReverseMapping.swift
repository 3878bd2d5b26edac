public import Paging
public import PhysicalMemory

/// A virtual address at which a physical one is mapped.
public struct ReverseMapping: Hashable, Sendable {
  /// What an entry is that is not valid and leads to a page in memory nevertheless.
  public enum State: String, Sendable {
    /// The page, or a table on the way to it, is in transition: a soft fault brings it back.
    case transition
    /// A prototype entry says where the page is, be it by the entry of the process or by the descriptor of
    /// a view alone.
    case prototype
  }

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
  ///
  /// Of an entry that is not valid, those that the page has once a fault has brought it back.
  public var rights: Rights
  /// The state of the entry, where it is not valid.
  public var state: State?

  /// The size of the page in bytes.
  public var pageSize: UInt64 { 1 << pageShift }
}
