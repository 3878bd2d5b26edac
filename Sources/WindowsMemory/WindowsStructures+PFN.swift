import BitLayout

/// The state of a frame: `_MMPFN`, the entries of the PFN database.
public struct PFNStructure: Sendable {
  /// What depends on the state: a link of a list, or the place in a working set.
  public let u1: StructureMember
  /// The share count of a page in use, else a link.
  public let u2: StructureMember
  /// The address of the entry that maps the page; the lowest bits are locks.
  public let pteAddress: StructureMember
  /// The entry that is put back when the page leaves memory.
  public let originalPte: StructureMember
  /// The number of references.
  public let referenceCount: StructureMember
  /// The flags with the list that the page is on.
  public let flags: StructureMember
  /// The frame of the table with the entry, and flags.
  public let u4: StructureMember
  /// The bits of `u4` that hold the frame of the table.
  public let pteFrame: StructureMember
  /// The bit of `u4` that says the entry is a prototype; before Vista it is among the flags.
  public let prototypePte: StructureMember?
  /// The size of an entry.
  public let size: UInt64

  init?(_ kernel: WindowsKernel) {
    func member(_ name: String) -> StructureMember? { kernel.member(name, of: "_MMPFN") }
    guard let u1 = member("u1"), let u2 = member("u2"), let pteAddress = member("PteAddress"),
      let originalPte = member("OriginalPte"), let referenceCount = member("ReferenceCount"),
      let flags = member("Flags"), let u4 = member("u4"),
      let pteFrame = kernel.member("PteFrame", of: "_MMPFN.u4"),
      let size = kernel.size(of: "_MMPFN")
    else { return nil }
    (self.u1, self.u2, self.pteAddress, self.originalPte) = (u1, u2, pteAddress, originalPte)
    (self.referenceCount, self.flags, self.u4) = (referenceCount, flags, u4)
    self.pteFrame = pteFrame
    prototypePte = kernel.member("PrototypePte", of: "_MMPFN.u4")
    self.size = size
  }
}

/// The structures of one kernel, as far as they are known.
public struct WindowsStructures: Sendable {
  /// The kernel.
  public let kernel: WindowsKernel
  /// The number of bytes of a pointer.
  public let pointerSize: Int
  /// The number of bytes of a prototype entry.
  public let entrySize: UInt64
  /// The record of a process.
  public let process: ProcessStructure?
  /// A virtual address descriptor.
  public let vad: VADStructure?
  /// A stretch of a section.
  public let subsection: SubsectionStructure?
  /// What subsections share.
  public let controlArea: ControlAreaStructure?
  /// An entry of the PFN database.
  public let pfn: PFNStructure?

  /// Looks the structures of a kernel up.
  public init(_ kernel: WindowsKernel) {
    self.kernel = kernel
    pointerSize = kernel.format.isThirtyTwoBit ? 4 : 8
    entrySize = UInt64(kernel.format.width / 8)
    process = ProcessStructure(kernel)
    vad = VADStructure(kernel)
    subsection = SubsectionStructure(kernel)
    controlArea = ControlAreaStructure(kernel)
    pfn = PFNStructure(kernel)
  }
}

extension StructureMember {
  /// The bits of the member in a word, where the member is a bit field.
  func bits(of word: UInt64) -> UInt64 {
    (word &>> offset) & (UInt64.max &>> UInt64(64 - size))
  }
}
