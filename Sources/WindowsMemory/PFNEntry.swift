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

  /// How the page is cached (`_MI_PFN_CACHE_ATTRIBUTE`).
  public enum CacheAttribute: String, Sendable, CaseIterable {
    /// Not cached.
    case nonCached = "non-cached"
    /// Cached.
    case cached
    /// Write-combined.
    case writeCombined = "write-combined"
    /// Nothing maps the page.
    case notMapped = "not-mapped"
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
  /// A link of the list that the page is on, or the place in a working set, or an event, by what the page
  /// is (`u1`).
  public let forwardLink: UInt64
  /// The other link of the list, or the share count, as it stands there (`u2`).
  public let backwardLink: UInt64
  /// How the page is cached; nil where the kernel does not say so.
  public let cacheAttribute: CacheAttribute?
  /// How long the page is worth keeping, 0 to 7; nil before Vista.
  public let priority: UInt64?
  /// The colour of the page, where the flags hold it: before Vista.
  public let color: UInt64?
  /// The names of the flags that are set, as the kernel's type has them, from the lowest.
  public let setFlags: [String]
}

/// Reads the PFN database.
public struct PFNDatabase: Sendable {
  private let memory: KernelMemory
  private let structure: PFNStructure
  private let start: VirtualAddress
  private let flagFields: PFNFlagFields
  /// Before Vista the flag that the entry is a prototype stands here.
  private let prototypeFlag: BitField?
  private let modifiedFlag: BitField?
  private let lockBits: UInt64
  /// The bits of `u2` that count.
  private let shareCountMask: UInt64

  /// Takes the database that begins at an address; nil where its layout is not known.
  init?(
    _ kernel: WindowsKernel, _ structures: WindowsStructures, at start: VirtualAddress,
    _ memory: KernelMemory
  ) {
    guard let structure = structures.pfn, let flags = PFNFlagFields(kernel) else { return nil }
    self.memory = memory
    self.structure = structure
    self.start = start
    flagFields = flags
    prototypeFlag = flags.field("PrototypePte")
    modifiedFlag = flags.field("Modified")
    lockBits = structures.entrySize - 1
    // From Windows 10 on the two highest bits are a lock and a mark.
    let width = UInt64(structure.u2.size) * 8 - (kernel.id.build >= 10240 ? 2 : 0)
    shareCountMask = UInt64.max >> (64 - width)
  }

  /// The entry of a frame.
  public func entry(of pfn: UInt64) throws(KernelReadFailure) -> PFNEntry {
    let record = try record(of: pfn)
    return PFNEntry(
      pfn: pfn, address: address(of: pfn), location: record.location,
      pteAddress: VirtualAddress(record.pteAddress), isPrototype: record.isPrototype,
      originalPte: record.originalPte, pteFrame: record.pteFrame,
      referenceCount: record.referenceCount,
      shareCount: record.location == .active ? record.u2 & shareCountMask : nil,
      forwardLink: record.u1, backwardLink: record.u2,
      cacheAttribute: flagFields.field("CacheAttribute").map {
        PFNEntry.CacheAttribute.allCases[Int($0.value(in: record.flags))]
      },
      priority: flagFields.field("Priority")?.value(in: record.flags),
      color: flagFields.field("PageColor")?.value(in: record.flags),
      setFlags: flagFields.names(of: record.flags))
  }

  /// The numbers of an entry, for those who ask about millions of frames.
  package func record(of pfn: UInt64) throws(KernelReadFailure) -> PFNRecord {
    guard let address = start.element(pfn, size: structure.size, within: memory.lastAddress)
    else { throw KernelReadFailure(start, .beyondAddresses) }
    do throws(KernelReadFailure) {
      return try record(at: address)
    } catch {
      guard error.reason == .notResident(.zero) else { throw error }
      throw KernelReadFailure(address, .notInDatabase)
    }
  }

  /// Where the entry of a frame is.
  package func address(of pfn: UInt64) -> VirtualAddress {
    start.advanced(by: pfn &* structure.size)
  }

  private func record(at address: VirtualAddress) throws(KernelReadFailure) -> PFNRecord {
    // Most entries are in one page, whose place is looked up once.
    let place = isInOnePage(address) ? try memory.location(of: address) : nil
    return try record { (member) throws(KernelReadFailure) in
      if let place,
        let number = memory.number(at: place.advanced(by: member.offset), size: member.size)
      {
        return number
      }
      return try memory.value(member, of: address)
    }
  }

  /// Where in physical memory the byte at an address of the database is.
  package func place(of address: VirtualAddress) throws(KernelReadFailure) -> PhysicalAddress {
    try memory.location(of: address)
  }

  /// Whether the entry at an address is in one page, as most are.
  package func isInOnePage(_ address: VirtualAddress) -> Bool {
    address.rawValue % frameSize + structure.size <= frameSize
  }

  /// The numbers of an entry, whose members `value` reads.
  package func record<Failure: Error>(
    _ value: (StructureMember) throws(Failure) -> UInt64
  ) throws(Failure) -> PFNRecord {
    let flags = try value(structure.flags)
    let u4 = try value(structure.u4)
    let isPrototype =
      prototypeFlag?.isSet(in: flags) ?? (structure.prototypePte.map { $0.bits(of: u4) != 0 })
    return PFNRecord(
      location: PFNEntry.Location(number: flagFields.location.value(in: flags)),
      pteAddress: try value(structure.pteAddress) & ~lockBits, isPrototype: isPrototype ?? false,
      isModified: modifiedFlag?.isSet(in: flags) ?? false,
      originalPte: try value(structure.originalPte), pteFrame: structure.pteFrame.bits(of: u4),
      referenceCount: try value(structure.referenceCount), u1: try value(structure.u1),
      u2: try value(structure.u2), flags: flags)
  }
}

/// The numbers of an entry of the PFN database.
package struct PFNRecord: Sendable {
  /// The list that the page is on.
  package let location: PFNEntry.Location
  /// The address of the entry that maps the page, without its lock bits.
  package let pteAddress: UInt64
  package let isPrototype: Bool
  package let isModified: Bool
  package let originalPte: UInt64
  package let pteFrame: UInt64
  package let referenceCount: UInt64
  /// A link of the list that the page is on, or the place in a working set.
  package let u1: UInt64
  /// The other link, or the share count.
  package let u2: UInt64
  let flags: UInt64
}

extension PFNEntry.Location {
  /// The list with a number of `_MMLISTS`, which has three bits.
  fileprivate init(number: UInt64) {
    self =
      switch number {
      case 0: .zeroed
      case 1: .free
      case 2: .standby
      case 3: .modified
      case 4: .modifiedNoWrite
      case 5: .bad
      case 6: .active
      default: .transition
      }
  }
}

/// The fields of the flags, which newer kernels keep in two bytes with a type each.
struct PFNFlagFields {
  private let fields: [BitField]
  /// The list that a page is on.
  let location: BitField

  init?(_ kernel: WindowsKernel) {
    if let whole = kernel.layout(.pfnEntry) {
      fields = whole.fields
    } else {
      let first = kernel.layout(.pfnEntry1)?.fields ?? []
      let second = kernel.layout(.pfnEntry3)?.fields ?? []
      fields =
        first
        + second.map { BitField($0.name, $0.high + 8, $0.low + 8, $0.kind, $0.meaning) }
    }
    guard let location = fields.first(where: { String(describing: $0.name) == "PageLocation" })
    else { return nil }
    self.location = location
  }

  func field(_ name: String) -> BitField? {
    fields.first { String(describing: $0.name) == name }
  }

  /// The names of the flags of one bit that are set; bits without a use have none.
  func names(of word: UInt64) -> [String] {
    fields.filter { $0.width == 1 && $0.isSet(in: word) }.sorted { $0.low < $1.low }
      .map { String(describing: $0.name) }
      .filter { !$0.hasPrefix("Spare") && !$0.hasPrefix("Reserved") }
  }
}
