import BitLayout

/// Reads entries of one kernel: masks that were worked out once, for millions of entries.
///
/// The order of the questions is that of the memory manager. Prototype is asked before Transition,
/// because prototype forms use the bit for something else; what Prototype means depends on the table.
public struct PTEDecoder: Sendable {
  let swizzle: Swizzle
  let valid: UInt64
  let prototypeBit: UInt64
  let transitionBit: UInt64
  let softwareProtection: PackedField
  let pageFileLow: PackedField
  let pageFileHigh: PackedField
  let inStore: UInt64
  let storeNumber: UInt64?
  private let transitionFrame: PackedField
  private let transitionProtection: PackedField
  private let prototypeProtection: PackedField
  /// The structure that has the fields of a sentinel: its protection is where software forms have it.
  public let vadFormStructure: WindowsStructure
  private let prototypePointer: PointerForm
  /// The bits that are all ones where the VAD has to be asked.
  let sentinel: UInt64
  private let subsectionProtection: PackedField
  private let subsectionPointer: PointerForm
  private let hardware: HardwareBits

  /// Prepares for the entries of a kernel.
  ///
  /// - Parameters:
  ///   - kernel: Whose layouts the entries have.
  ///   - mask: What the kernel puts into invalid entries; it is ignored where there is no SwizzleBit.
  ///   - virtualStore: The number of the page file that is a store of compressed pages, if known.
  ///     There is no number that always is: 2 is usual only where there are two true page files.
  ///   - pools: What entries with an offset count from, if known.
  public init(
    _ kernel: WindowsKernel, mask: InvalidPTEMask = .none, virtualStore: UInt64? = nil,
    pools: PoolBases? = nil
  ) {
    func field(_ name: String, _ structure: WindowsStructure) -> PackedField {
      PackedField(kernel.field(name, in: structure))
    }
    swizzle = Swizzle(kernel, mask)
    valid = field("Valid", .software).mask
    prototypeBit = field("Prototype", .software).mask
    transitionBit = field("Transition", .software).mask
    softwareProtection = field("Protection", .software)
    pageFileLow = field("PageFileLow", .software)
    pageFileHigh = field("PageFileHigh", .software)
    inStore = field("InStore", .software).mask
    storeNumber = virtualStore
    transitionFrame = field("PageFrameNumber", .transition)
    transitionProtection = field("Protection", .transition)
    prototypeProtection = field("Protection", .prototype)
    vadFormStructure =
      prototypeProtection.mask == softwareProtection.mask ? .prototype : .software
    prototypePointer = .prototype(kernel, pools)
    // The sentinel is composed as a software form whose page in the file is all ones.
    sentinel = (kernel.field("ProtoIndex", in: .prototype)?.mask) ?? pageFileHigh.mask
    subsectionProtection = field("Protection", .subsection)
    subsectionPointer = .subsection(kernel, pools)
    hardware = HardwareBits(kernel)
  }

  /// What a valid entry lets happen to a write.
  public func writeRight(of entry: UInt64) -> PTEWriteRight { hardware.writeRight(of: entry) }

  /// The entry without the invalid-PTE mask.
  public func withoutMask(_ entry: UInt64) -> UInt64 { swizzle.removed(from: entry) }

  /// What an entry means.
  ///
  /// - Parameters:
  ///   - entry: The entry, as it is in memory.
  ///   - level: The level of the entry: 1 is PTE. Upper levels have no prototype forms; what is said
  ///     of a page there is said of the page table.
  ///   - table: Where the entry was found.
  /// - Returns: The state with what belongs to it.
  public func reading(
    of entry: UInt64, level: Int = 1, table: PTETable = .process
  ) -> PTEReading {
    if entry & valid != 0 { return hardware.reading(of: entry, level: level) }
    if entry == 0 { return PTEReading(.zero) }
    let word = swizzle.removed(from: entry)
    if word & prototypeBit != 0 {
      if level > 1 { return PTEReading(.ambiguous) }
      return table == .prototype ? subsection(word) : prototype(word)
    }
    if word & transitionBit != 0 {
      return PTEReading(
        .transition, MMProtection(truncating: transitionProtection.value(in: word)), .frame,
        transitionFrame.value(in: word))
    }
    return software(word, table)
  }

  private func prototype(_ word: UInt64) -> PTEReading {
    if word & sentinel == sentinel {
      return PTEReading(
        .prototypeVAD, MMProtection(truncating: softwareProtection.value(in: word)))
    }
    let kind: PTEReading.TargetKind =
      prototypePointer.base(of: word) == nil ? .prototypeOffset : .prototypeAddress
    let address = prototypePointer.address(in: word)
    guard prototypeProtection.mask != 0 else { return PTEReading(.prototype, kind, address) }
    return PTEReading(
      .prototype, MMProtection(truncating: prototypeProtection.value(in: word)), kind, address)
  }

  private func subsection(_ word: UInt64) -> PTEReading {
    let isKnown = subsectionPointer.isKnown
    let kind: PTEReading.TargetKind =
      !isKnown
      ? .nothing
      : subsectionPointer.base(of: word) == nil ? .subsectionOffset : .subsectionAddress
    let address = isKnown ? subsectionPointer.address(in: word) : 0
    guard subsectionProtection.mask != 0 else { return PTEReading(.subsection, kind, address) }
    return PTEReading(
      .subsection, MMProtection(truncating: subsectionProtection.value(in: word)), kind, address)
  }

  private func software(_ word: UInt64, _ table: PTETable) -> PTEReading {
    let protection = MMProtection(truncating: softwareProtection.value(in: word))
    let page = pageFileHigh.value(in: word)
    if page != 0 {
      if protection == .zeroAccess && table == .process { return PTEReading(.freed, protection) }
      let file = pageFileLow.value(in: word)
      let isStored = word & inStore != 0 || file == storeNumber
      return PTEReading(
        isStored ? .virtualStore : .pageFile, protection, .pageFile, page, file: file)
    }
    switch protection {
    case .decommit: return PTEReading(.decommitted, protection)
    case .zeroAccess: return PTEReading(.ambiguous, protection)
    default: return PTEReading(protection.refusesAccess ? .noAccess : .demandZero, protection)
    }
  }
}
