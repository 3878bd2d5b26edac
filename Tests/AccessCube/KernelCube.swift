/// The access test of kvm-unit-tests (`x86/access.c`) as data: its conditions, which combinations
/// of them are legal, and their order.
///
/// A combination is a number of 31 bits, one for each condition, in the order of the list below;
/// the cube counts them upwards. Present and reserved bits stand high within an entry's group, the
/// access above all entries and the registers at the top, so that neighbours differ little.
public struct KernelCube: Hashable, Sendable {
  /// A condition, which a combination has or has not.
  public enum Condition: Int, CaseIterable, Sendable {
    case pteWritable, pteUser, pteAccessed, pteDirty, pteNX, ptePresent, pte51, pte36
    case pdeWritable, pdeUser, pdeAccessed, pdeDirty, pdePSE, pdeNX, pdePresent, pde51, pde36, pde13
    case pdpteReadOnly
    case keyAccessDisable, keyWriteDisable, key
    case user, write, fetch, twice
    case nxe, writeProtect, smep, keys
    case forcedEmulation

    /// The condition in the short words of the test's reports.
    public var name: String { Self.names[rawValue] }

    /// The bit of the condition.
    public var bit: UInt32 { 1 << UInt32(rawValue) }

    private static let names = [
      "pte.rw", "pte.user", "pte.a", "pte.d", "pte.nx", "pte.p", "pte.51", "pte.36",
      "pde.rw", "pde.user", "pde.a", "pde.d", "pde.pse", "pde.nx", "pde.p", "pde.51", "pde.36",
      "pde.13", "pdpte.ro", "pkru.ad", "pkru.wd", "pkey=1", "user", "write", "fetch", "twice",
      "efer.nx", "cr0.wp", "cr4.smep", "cr4.pke", "fep",
    ]
  }

  /// MAXPHYADDR; from 37 on bit 36 is an address bit, with 52 bit 51 is one too.
  public var physicalBits: Int
  /// Whether the processor has protection keys for user pages.
  public var hasKeys: Bool
  /// Whether each combination is tried once more through the hypervisor's emulator.
  ///
  /// It makes no difference to an MMU, so that runs leave it out and only counts have it.
  public var forcesEmulation = false

  /// Describes the cube of a processor.
  public init(physicalBits: Int, hasKeys: Bool) {
    self.physicalBits = physicalBits
    self.hasKeys = hasKeys
  }

  /// The number of bits that belong to the entries; the rest belongs to access and registers.
  static let entryBitCount: UInt32 = 19

  /// The conditions that the processor cannot meet.
  private var impossible: UInt32 {
    var bits: UInt32 = forcesEmulation ? 0 : Condition.forcedEmulation.bit
    if physicalBits > 36 { bits |= Condition.pte36.bit | Condition.pde36.bit }
    if physicalBits > 51 { bits |= Condition.pte51.bit | Condition.pde51.bit }
    if !hasKeys {
      let keys: [Condition] = [.keys, .key, .keyAccessDisable, .keyWriteDisable]
      for key in keys { bits |= key.bit }
    }
    return bits
  }

  /// Whether the test tries a combination.
  public func isLegal(_ flags: UInt32) -> Bool {
    func has(_ condition: Condition) -> Bool { flags & condition.bit != 0 }
    if flags & impossible != 0 { return false }
    // SMEP has a test of its own; no access fetches and writes.
    if has(.smep) || (has(.fetch) && has(.write)) { return false }
    if !has(.keys) && (has(.keyAccessDisable) || has(.keyWriteDisable)) { return false }
    // Bit 13 means something only in a PDE that maps a page.
    if has(.pde13) && !has(.pdePSE) { return false }
    // One reserved bit at a time.
    var reserved = Condition.pte51.bit | Condition.pte36.bit | Condition.pde51.bit
    reserved |= Condition.pde36.bit | Condition.pde13.bit
    if !has(.nxe) { reserved |= Condition.pteNX.bit | Condition.pdeNX.bit }
    return (flags & reserved).nonzeroBitCount <= 1
  }

  /// The legal combinations of access and registers, with no condition of an entry.
  public var blocks: [UInt32] {
    (0..<UInt32(1) << (31 - Self.entryBitCount)).map { $0 << Self.entryBitCount }.filter(isLegal)
  }

  /// The combinations of entries that are legal beside a block; of a block only NXE matters.
  public func entries(in block: UInt32) -> [UInt32] {
    let registers = block & Condition.nxe.bit
    // What is illegal in one entry is so beside any other: most combinations need no look.
    let ptes = (0..<Condition.pdeWritable.bit).filter { isLegal(registers | $0) }
    let pdes = (0..<UInt32(1) << 10).map { $0 * Condition.pdeWritable.bit }
      .filter { isLegal(registers | $0) }
    return [0, Condition.pdpteReadOnly.bit].flatMap { pdpte in
      pdes.flatMap { pde in
        ptes.map { pdpte | pde | $0 }.filter { isLegal(registers | $0) }
      }
    }
  }

  /// The number of legal combinations.
  public var count: Int {
    let (without, with) = (entries(in: 0).count, entries(in: Condition.nxe.bit).count)
    return blocks.reduce(0) { $0 + ($1 & Condition.nxe.bit == 0 ? without : with) }
  }

  /// The conditions of a combination by name.
  public static func describe(_ flags: UInt32) -> String {
    Condition.allCases.filter { flags & $0.bit != 0 }.map(\.name).joined(separator: " ")
  }
}
