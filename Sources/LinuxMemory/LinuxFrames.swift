import Paging
public import PhysicalMemory

/// The state of a frame, as its `struct page` says.
public struct LinuxFrame: Hashable, Sendable {
  /// The number of the frame.
  public let pfn: UInt64
  /// The address of its `struct page`.
  public let address: VirtualAddress
  /// The word of the flags, with zone and node in its highest bits.
  public let flags: UInt64
  /// The names of the flags that are set, as the kernel's types have them, else of those whose numbers are in
  /// VMCOREINFO: `lru`, `slab`, `swapbacked`.
  ///
  /// Beside them `buddy` for the first page of a free block, `offline`, and `tail` for a page within a larger
  /// one, whose flags and counts are those of its first page.
  public let setFlags: [String]
  /// The numbers of the flags that are set and that the kernel gives no name for.
  ///
  /// Where its types are not known, these are only those below the highest one that has a name: zone and node are
  /// above the flags.
  public let unnamedFlags: [Int]
  /// `_refcount`.
  public let referenceCount: Int32
  /// The number of page-table entries that map the page, `_mapcount` and one; nil where the word holds
  /// something else: in slabs, free pages and pages that are offline, and in the first page of a larger one, where it
  /// counts only what maps that small page by itself.
  public let mapCount: Int32?
  /// `_mapcount` as it stands there.
  let ownCount: Int32
  /// The `struct page` of the first page of the larger one that this is part of; nil for other pages.
  public let compoundHead: VirtualAddress?
  /// The address space or anonymous area that the page belongs to, with its low bits.
  public let mapping: UInt64
}

/// Why the `struct page` of a frame cannot be read.
public enum LinuxFrameProblem: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kernel has none for the frame: no memory is there.
  case noDescriptor
  /// What leads to it is not mapped or not in the image.
  case unreadable(LinuxKernelMemory.Failure)

  /// The physical address that the image lacks, where that is the reason.
  public var missing: PhysicalAddress? {
    if case .unreadable(let failure) = self { failure.missing } else { nil }
  }

  /// The reason in words.
  public var description: String {
    switch self {
    case .noDescriptor: "the kernel has no struct page for it: no memory is there"
    case .unreadable(let failure): "\(failure)"
    }
  }
}

/// Reads the descriptors of frames, which VMCOREINFO leads to (Linux
/// Documentation/admin-guide/kdump/vmcoreinfo.rst; include/linux/mmzone.h).
public struct LinuxFrames: Sendable {
  /// How the kernel finds the descriptor of a frame.
  private enum Model: Sendable {
    /// FLATMEM: one array, whose address is in a variable.
    case flat(variable: VirtualAddress)
    /// SPARSEMEM: an array for each section of memory.
    case sparse(Sections)
  }

  private struct Sections: Sendable {
    /// The array of pointers to pages of sections, or of the sections themselves.
    var start: VirtualAddress
    var size: UInt64
    var mapOffset: UInt64
    /// The frames of a section, as a power of 2.
    var shift: UInt64
    /// How many sections there are in a page of them; nil where there is one array of all.
    var perRoot: UInt64?
    var count: UInt64
  }

  private let memory: LinuxKernelMemory
  private let model: Model
  private let size: UInt64
  private let offsets: [String: UInt64]
  let counts: LinuxMapCounts?
  private let names: PageFlags
  private let buddy: Int32?
  private let offline: Int32?

  /// No descriptor is larger, whatever memory says.
  private static let sizeLimit: UInt64 = 256

  /// Takes what a kernel says of itself; nil where it does not say where the descriptors are.
  ///
  /// - Parameters:
  ///   - info: what it says.
  ///   - memory: memory as the kernel sees it.
  ///   - findings: what a search has found of the kernel, for the names of flags and for counts of pages that are
  ///     part of larger ones.
  public init?(_ info: Vmcoreinfo, _ memory: LinuxKernelMemory, _ findings: LinuxFindings? = nil) {
    guard let size = info.size("page"), size <= Self.sizeLimit,
      let model = Self.model(info, memory)
    else { return nil }
    var offsets: [String: UInt64] = [:]
    for name in ["flags", "_refcount", "_mapcount", "mapping"] {
      guard let offset = info.offset("page.\(name)"), offset < size else { return nil }
      offsets[name] = offset
    }
    offsets["compound_head"] = info.offset("page.compound_head").flatMap { $0 < size ? $0 : nil }
    self.memory = memory
    self.model = model
    self.size = size
    self.offsets = offsets
    counts = findings?.mapCounts
    names = PageFlags(info, findings?.pageFlags ?? [])
    func count(_ name: String) -> Int32? {
      info.number(name).map { Int32(truncatingIfNeeded: $0) }
    }
    buddy = count("PAGE_BUDDY_MAPCOUNT_VALUE")
    offline = count("PAGE_OFFLINE_MAPCOUNT_VALUE")
  }

  private static func model(_ info: Vmcoreinfo, _ memory: LinuxKernelMemory) -> Model? {
    if let variable = info.symbol("mem_map") { return .flat(variable: VirtualAddress(variable)) }
    guard let start = info.symbol("mem_section"), let size = info.size("mem_section"), size > 0,
      let mapOffset = info.offset("mem_section.section_mem_map"),
      let bits = info.number("SECTION_SIZE_BITS"), (12..<52).contains(bits),
      let physical = info.number("MAX_PHYSMEM_BITS"), (bits...52).contains(physical),
      let length = info.length("mem_section"), let page = info.pageSize, page.nonzeroBitCount == 1,
      page >= size, page.trailingZeroBitCount <= bits
    else { return nil }
    let shift = bits - UInt64(page.trailingZeroBitCount)
    let count: UInt64 = 1 << (physical - bits)
    // With SPARSEMEM_EXTREME the symbol is an array of pointers, shorter than there are sections.
    let perRoot = length < count ? page / size : nil
    return .sparse(
      Sections(
        start: VirtualAddress(start), size: size, mapOffset: mapOffset, shift: shift,
        perRoot: perRoot, count: count))
  }

  /// What the kernel has of a frame.
  public func frame(_ pfn: UInt64) throws(LinuxFrameProblem) -> LinuxFrame {
    let found: LinuxFrame?
    do throws(LinuxKernelMemory.Failure) {
      found = try descriptor(of: pfn).map { address throws(LinuxKernelMemory.Failure) in
        try frame(pfn, at: address)
      }
    } catch {
      throw .unreadable(error)
    }
    guard let found else { throw .noDescriptor }
    return found
  }

  private func frame(
    _ pfn: UInt64, at address: VirtualAddress
  ) throws(LinuxKernelMemory.Failure) -> LinuxFrame {
    // One look for all members: there are as many descriptors as frames.
    let bytes = try memory.bytes(at: address, count: Int(size))
    func number(_ member: String, _ size: Int) -> UInt64 {
      let start = Int(offsets[member] ?? 0)
      return bytes[start..<min(start + size, bytes.count)].reversed()
        .reduce(0) { $0 << 8 | UInt64($1) }
    }
    let flags = number("flags", memory.pointerSize)
    let mapCount = Int32(truncatingIfNeeded: number("_mapcount", 4))
    var (set, unnamed) = names.reading(of: flags)
    if mapCount == buddy { set.append("buddy") }
    if mapCount == offline { set.append("offline") }
    // In tails bit 0 of the word says so, and the rest is the address of the head's.
    let head = offsets["compound_head"] == nil ? 0 : number("compound_head", memory.pointerSize)
    let isTail = head & 1 == 1
    if isTail { set.append("tail") }
    // A slab keeps other things in the word, and so do pages of other types: below -1.
    let isCount = mapCount >= -1 && !isTail && !set.contains("slab") && !set.contains("head")
    return LinuxFrame(
      pfn: pfn, address: address, flags: flags, setFlags: set, unnamedFlags: unnamed,
      referenceCount: Int32(truncatingIfNeeded: number("_refcount", 4)),
      mapCount: isCount ? mapCount &+ 1 : nil, ownCount: mapCount,
      compoundHead: isTail ? VirtualAddress(head & ~1) : nil,
      mapping: number("mapping", memory.pointerSize))
  }

  /// What the kernel has at the descriptor of the first page of a larger one.
  func head(of tail: LinuxFrame) throws(LinuxKernelMemory.Failure) -> LinuxFrame {
    guard let head = tail.compoundHead else { return tail }
    return try frame(tail.pfn, at: head)
  }

  /// The number that stands at an offset from a descriptor, in it or in the next.
  func count(
    _ member: StructureLayout.Member, from address: VirtualAddress
  ) throws(LinuxKernelMemory.Failure) -> Int32 {
    Int32(truncatingIfNeeded: try memory.value(member, of: address))
  }

  /// The address of the descriptor; nil where there is none.
  private func descriptor(
    of pfn: UInt64
  ) throws(LinuxKernelMemory.Failure) -> VirtualAddress? {
    switch model {
    case .flat(let variable):
      let array = try memory.pointer(at: variable)
      return array.element(pfn, size: size, within: memory.paging.mode.lastAddress)
    case .sparse(let sections):
      let number = pfn >> sections.shift
      guard number < sections.count else { return nil }
      guard let section = try section(number, sections) else { return nil }
      let word = try memory.number(
        at: section.advanced(by: sections.mapOffset), size: memory.pointerSize)
      // The low bits are flags; the second says that there is an array.
      guard word & 0b10 != 0 else { return nil }
      // The kernel has counted back from the array to frame 0, which may wrap.
      let place = (word & ~Self.sectionFlags) &+ pfn &* size
      return VirtualAddress(place & memory.paging.mode.lastAddress)
    }
  }

  /// SECTION_MAP_MASK leaves out five or six bits, by version; arrays begin at multiples of 64.
  private static let sectionFlags: UInt64 = 0x3f

  private func section(
    _ number: UInt64, _ sections: Sections
  ) throws(LinuxKernelMemory.Failure) -> VirtualAddress? {
    guard let perRoot = sections.perRoot else {
      return sections.start.advanced(by: number &* sections.size)
    }
    let place = sections.start.advanced(
      by: number / perRoot &* UInt64(memory.pointerSize))
    let root = try memory.pointer(at: place)
    return root.rawValue == 0 ? nil : root.advanced(by: number % perRoot &* sections.size)
  }
}
