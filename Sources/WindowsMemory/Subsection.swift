public import PhysicalMemory

/// A stretch of a section, as `_SUBSECTION` and its control area say.
public struct Subsection: Hashable, Sendable {
  /// The address of the structure.
  public let address: VirtualAddress
  /// The address of the control area.
  public let controlArea: VirtualAddress
  /// The first prototype entry; nil where the array does not exist now.
  public let base: VirtualAddress?
  /// The subsection that follows.
  public let next: VirtualAddress?
  /// The number of prototype entries.
  public let entryCount: UInt64
  /// Where in the file the subsection begins, in bytes.
  public let fileOffset: UInt64
  /// The number of bytes that come from the file; pages beyond them are filled with zeros.
  public let fileSize: UInt64
  /// The protection of the pages; a view has one of its own, unless it is of an image.
  public let protection: MMProtection?
  /// Whether the section is an image.
  public let isImage: Bool
  /// Whether a file backs the section; else page files do.
  public let isFile: Bool

  /// Where in the file a page of the subsection is, or nil where it is beyond what the file has.
  public func fileOffset(ofPage page: UInt64) -> UInt64? {
    let start = page &* frameSize
    return start < fileSize ? fileOffset &+ start : nil
  }
}

/// Reads subsections, and finds prototype entries in them.
struct SubsectionReader: Sendable {
  private let memory: KernelMemory
  private let structure: SubsectionStructure
  private let area: ControlAreaStructure
  private let entrySize: UInt64

  /// Images count in sectors, data in units of 4 KiB.
  private static let sectorSize: UInt64 = 512
  private static let dataUnit: UInt64 = 4096

  init?(_ structures: WindowsStructures, _ memory: KernelMemory) {
    guard let structure = structures.subsection, let area = structures.controlArea else {
      return nil
    }
    self.memory = memory
    self.structure = structure
    self.area = area
    entrySize = structures.entrySize
  }

  func subsection(at address: VirtualAddress) throws(KernelReadFailure) -> Subsection {
    let controlArea = VirtualAddress(try memory.value(structure.controlArea, of: address))
    let sectionFlags = try memory.value(area.flags, of: controlArea)
    let isImage = area.image.bits(of: sectionFlags) != 0
    let flags = try memory.value(structure.flags, of: address)
    let unit = isImage ? Self.sectorSize : Self.dataUnit
    let high = isImage ? 0 : structure.startingSectorHigh?.bits(of: flags) ?? 0
    let start = try memory.value(structure.startingSector, of: address) | high << 32
    let full = try memory.value(structure.numberOfFullSectors, of: address)
    let tail = structure.sectorEndOffset?.bits(of: flags) ?? 0
    return Subsection(
      address: address, controlArea: controlArea,
      base: try memory.pointer(structure.subsectionBase, of: address),
      next: try memory.pointer(structure.nextSubsection, of: address),
      entryCount: try memory.value(structure.ptesInSubsection, of: address),
      fileOffset: start &* unit, fileSize: full &* unit &+ tail,
      protection: structure.protection.map { MMProtection(truncating: $0.bits(of: flags)) },
      isImage: isImage,
      isFile: area.file.bits(of: sectionFlags) != 0)
  }

  /// Where the state of a page of a view is kept.
  enum PrototypePlace: Hashable, Sendable {
    /// In the prototype entry at this address.
    case entry(VirtualAddress)
    /// In no entry: the subsection has no array now, and the page is in the file only.
    case fileOnly(Subsection, page: UInt64)
    /// Nowhere: the view reaches beyond the section.
    case beyond
  }

  /// Pages of a view that follow each other, and whose prototype entries do so too.
  struct Stretch {
    /// Where the state of the first page is kept.
    let place: PrototypePlace
    /// The number of pages.
    let count: UInt64
    /// How many subsections were read to find it.
    var passed = 0
  }

  /// Finds the prototype entry of a page of a view.
  func place(ofPage vpn: UInt64, in vad: VAD) throws(KernelReadFailure) -> PrototypePlace {
    try stretch(fromPage: vpn, in: vad).place
  }

  /// Finds the prototype entry of a page of a view, and how many pages go on from there.
  ///
  /// The entries of one subsection lie together; those of the next lie anywhere.
  func stretch(fromPage vpn: UInt64, in vad: VAD) throws(KernelReadFailure) -> Stretch {
    let index = vpn &- vad.startingVpn
    guard let first = vad.firstPrototypePte else { return Stretch(place: .beyond, count: .max) }
    let direct = first.advanced(by: index &* entrySize)
    if let last = vad.lastContiguousPte, direct >= first, direct <= last {
      let following = (last.rawValue - direct.rawValue) / entrySize
      return Stretch(place: .entry(direct), count: following + 1)
    }
    guard let start = firstSubsection(of: vad) else { return Stretch(place: .beyond, count: .max) }
    return try stretch(fromPage: index, from: first, in: start)
  }

  private func stretch(
    fromPage index: UInt64, from first: VirtualAddress, in start: VirtualAddress
  ) throws(KernelReadFailure) -> Stretch {
    var current = try subsection(at: start)
    // The view may begin inside the first subsection.
    var skipped = current.base.map { (first.rawValue &- $0.rawValue) / entrySize } ?? 0
    if skipped > current.entryCount { skipped = 0 }
    var page = index.addingReportingOverflow(skipped).partialValue
    var seen: Set<VirtualAddress> = []
    while seen.insert(current.address).inserted {
      if page < current.entryCount {
        let count = current.entryCount - page
        guard let base = current.base else {
          return Stretch(
            place: .fileOnly(current, page: page), count: count, passed: seen.count)
        }
        return Stretch(
          place: .entry(base.advanced(by: page &* entrySize)), count: count, passed: seen.count)
      }
      page -= current.entryCount
      guard let next = current.next else { return Stretch(place: .beyond, count: .max) }
      current = try subsection(at: next)
    }
    throw KernelReadFailure(current.address, .loop)
  }

  /// Before Vista the view leads to the control area, behind which its first subsection lies.
  private func firstSubsection(of vad: VAD) -> VirtualAddress? {
    vad.subsection ?? vad.controlArea.map { $0.advanced(by: area.size) }
  }

  /// The subsection of a view that holds a prototype entry, or nil where none does.
  func subsection(
    holding prototype: VirtualAddress, of vad: VAD
  ) throws(KernelReadFailure) -> Subsection? {
    var next = firstSubsection(of: vad)
    var seen: Set<VirtualAddress> = []
    while let address = next, seen.insert(address).inserted {
      let subsection = try subsection(at: address)
      if page(of: prototype, in: subsection) != nil { return subsection }
      next = subsection.next
    }
    guard next != nil else { return nil }
    throw KernelReadFailure(prototype, .loop)
  }

  /// The page of a subsection whose prototype entry is at an address.
  func page(of prototype: VirtualAddress, in subsection: Subsection) -> UInt64? {
    guard let base = subsection.base, prototype >= base else { return nil }
    let page = (prototype.rawValue - base.rawValue) / entrySize
    return page < subsection.entryCount ? page : nil
  }
}
