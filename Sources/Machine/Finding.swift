public import PhysicalMemory

/// Something about a machine's page tables that is wrong or deserves a look.
public struct Finding: Hashable, Sendable {
  /// What was found, by the names that scenarios and scripts use.
  public enum Kind: String, CaseIterable, Sendable {
    /// An entry has P=1 and reserved bits set.
    case reservedBits = "reserved-bits"
    /// A page lies past the end of physical memory.
    case beyondMemory = "beyond-memory"
    /// A table, or part of one, is not in the image.
    case absentTable = "absent-table"
    /// An entry leads back to a table above it, other than a self-map.
    case cycle
    /// A self-map slot leads to another root than the one in use.
    case selfMap = "self-map"
    /// Windows' PFN database says something else of a frame than the page tables.
    case frameDatabase = "pfn-database"
    /// A page may be written and executed.
    case writableExecutable = "writable-executable"
  }

  /// What was found.
  public var kind: Kind
  /// The root under which it was found first.
  public var root: PhysicalAddress
  /// The first virtual address concerned.
  public var address: VirtualAddress?
  /// The physical address of the entry that shows it.
  public var entryAddress: PhysicalAddress?
  /// The entry, or what else the finding is about.
  public var value: UInt64?
  /// The finding in words.
  public var detail: String

  /// Describes a finding.
  public init(
    _ kind: Kind, root: PhysicalAddress, address: VirtualAddress? = nil,
    entryAddress: PhysicalAddress? = nil, value: UInt64? = nil, detail: String
  ) {
    self.kind = kind
    self.root = root
    self.address = address
    self.entryAddress = entryAddress
    self.value = value
    self.detail = detail
  }
}
