import BitLayout
public import PhysicalMemory

/// The state of a frame, as its entry of the PFN database says.
public struct PFNEntry: Hashable, Sendable {
  /// The list that a page is on (`_MMLISTS`).
  public enum Location: String, Sendable, CaseIterable {
    /// Filled with zeros, free.
    case zeroed
    /// Free.
    case free
    /// In transition, with a copy elsewhere.
    case standby
    /// In transition, with a copy still to be written.
    case modified
    /// In transition; it must not be written yet.
    case modifiedNoWrite = "modified-no-write"
    /// Broken memory.
    case bad
    /// In use.
    case active
    /// Being read or written.
    case transition
  }

  /// The number of the frame.
  public let pfn: UInt64
  /// The address of the entry.
  public let address: VirtualAddress
  /// The list that the page is on.
  public let location: Location
  /// The address of the page-table entry, or of the prototype entry, without its lock bits.
  public let pteAddress: VirtualAddress
  /// Whether `pteAddress` is that of a prototype entry.
  public let isPrototype: Bool
  /// The entry that is put back when the page leaves memory.
  public let originalPte: UInt64
  /// The frame of the table with the entry.
  public let pteFrame: UInt64
  /// The number of references.
  public let referenceCount: UInt64
  /// The number of valid entries that share the page, where it is in use.
  public let shareCount: UInt64?
}

/// Reads the PFN database.
public struct PFNDatabase: Sendable {
  private let memory: KernelMemory
  private let structure: PFNStructure
  private let start: VirtualAddress
  private let location: BitField
  /// Before Vista the flag that the entry is a prototype stands here.
  private let prototypeFlag: BitField?
  private let lockBits: UInt64

  /// Takes the database that begins at an address; nil where its layout is not known.
  init?(
    _ kernel: WindowsKernel, _ structures: WindowsStructures, at start: VirtualAddress,
    _ memory: KernelMemory
  ) {
    let flags = kernel.layout(.pfnEntry) ?? kernel.layout(.pfnEntry1)
    guard let structure = structures.pfn, let location = flags?.field(named: "PageLocation")
    else { return nil }
    self.memory = memory
    self.structure = structure
    self.start = start
    self.location = location
    prototypeFlag = flags?.field(named: "PrototypePte")
    lockBits = structures.entrySize - 1
  }

  /// The entry of a frame.
  public func entry(of pfn: UInt64) throws(KernelReadFailure) -> PFNEntry {
    let address = start.advanced(by: pfn &* structure.size)
    let flags = try memory.value(structure.flags, of: address)
    let u4 = try memory.value(structure.u4, of: address)
    let location = PFNEntry.Location.allCases[Int(location.value(in: flags))]
    let isPrototype =
      prototypeFlag?.isSet(in: flags) ?? (structure.prototypePte.map { $0.bits(of: u4) != 0 })
    return PFNEntry(
      pfn: pfn, address: address, location: location,
      pteAddress: VirtualAddress(
        try memory.value(structure.pteAddress, of: address) & ~lockBits),
      isPrototype: isPrototype ?? false,
      originalPte: try memory.value(structure.originalPte, of: address),
      pteFrame: structure.pteFrame.bits(of: u4),
      referenceCount: try memory.value(structure.referenceCount, of: address),
      shareCount: location == .active ? try shareCount(at: address) : nil)
  }

  /// From Windows 10 on the two highest bits are a lock and a mark.
  private func shareCount(at address: VirtualAddress) throws(KernelReadFailure) -> UInt64 {
    try memory.value(structure.u2, of: address)
  }
}
