/// A paging mode of the processor, by the names that the command line and scenarios use.
public enum PagingMode: String, Sendable, CaseIterable {
  /// 32-bit paging: two levels of 1024 four-byte entries (SDM 3A, 4.3).
  case x86
  /// PAE paging: a four-entry top table and two levels of 512 entries (SDM 3A, 4.4).
  case pae
  /// 4-level paging of 64-bit processors (SDM 3A, 4.5).
  case x86_64 = "x86-64"
  /// 5-level paging, CR4.LA57=1 (SDM 3A, 4.5).
  case la57
  /// VMSAv8-64 stage 1 at EL1 and EL0: two halves with a top table each (ARM ARM D8).
  case arm64

  /// The largest number of levels; where registers say that there are fewer, see
  /// `PagingState.topLevel`.
  public var levelCount: Int {
    switch self {
    case .x86: 2
    case .pae: 3
    case .x86_64: 4
    case .la57, .arm64: 5
    }
  }

  /// The largest number of bits of a virtual address that are translated.
  public var virtualAddressBits: Int {
    switch self {
    case .x86, .pae: 32
    case .x86_64: 48
    case .la57: 57
    case .arm64: 53
    }
  }

  /// The highest virtual address that can be asked about.
  public var lastAddress: UInt64 {
    virtualAddressBits == 32 ? 0xffff_ffff : UInt64.max
  }

  /// The manual's name of an entry at `level`: 1 is PTE, the highest the entries of the top table.
  public func entryName(_ level: Int) -> String {
    level >= 1 && level <= levelCount ? names[level - 1] : "level \(level)"
  }

  /// The manual's name of a table whose entries are at `level`.
  public func tableName(_ level: Int) -> String {
    guard level >= 1 && level <= levelCount else { return "level \(level)" }
    return self == .arm64
      ? "\(names[level - 1]) table"
      : ["page table", "page directory", "PDPT", "PML4", "PML5"][level - 1]
  }

  /// The level with the manual's name, in any letter case.
  public func level(named name: String) -> Int? {
    names.prefix(levelCount).firstIndex { $0.lowercased() == name.lowercased() }.map { $0 + 1 }
  }

  /// The manual's names of this mode's entries, top level first.
  public var entryNames: [String] { names.prefix(levelCount).reversed() }

  private var names: [String] { self == .arm64 ? Self.levelNames : Self.entryNames }

  private static let entryNames = ["PTE", "PDE", "PDPTE", "PML4E", "PML5E"]
  private static let levelNames = ["L3", "L2", "L1", "L0", "L-1"]
}
