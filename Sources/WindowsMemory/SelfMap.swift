public import Paging
public import PhysicalMemory

/// The addresses at which Windows sees its own page tables.
///
/// One entry of the top table leads to the top table itself, so that every entry of every table has
/// an address that follows from the address it translates. Debuggers print these.
public struct SelfMap: Hashable, Sendable {
  /// How the slot became known.
  public enum Source: String, Sendable {
    /// Kernels of the format, or up to a version, always have it there.
    case fixed
    /// An entry of the top table leads to the table.
    case found
  }

  /// The kind of entries.
  public let format: WindowsEntryFormat
  /// The index of the entry of the top table that leads to the table itself.
  public let slot: Int
  /// How the slot became known.
  public let source: Source
  /// The number of bits of an address that tables translate.
  private let addressBits: UInt64

  /// The self-map of kernels that have it at a fixed place: 32-bit ones, and x64 before 14393.
  ///
  /// A PAE kernel has no entry of its top table for it, but four in the last page directory, which
  /// have the same effect.
  public static func fixed(_ format: WindowsEntryFormat) -> SelfMap? {
    switch format {
    case .x86: SelfMap(format, addressBits: 32, slot: 0x300, source: .fixed)
    case .pae: SelfMap(format, addressBits: 32, slot: 3, source: .fixed)
    case .x64: SelfMap(format, addressBits: 48, slot: 0x1ed, source: .fixed)
    case .arm64: nil
    }
  }

  /// The self-map that a kernel has at a fixed place, whatever its tables say; nil where it chooses one.
  public static func fixed(_ kernel: WindowsKernel) -> SelfMap? {
    guard kernel.format.isThirtyTwoBit || kernel.id.build < firstBuildWithChosenSlot else {
      return nil
    }
    return fixed(kernel.format)
  }

  /// The first build whose x64 kernels choose the slot when they start.
  public static let firstBuildWithChosenSlot = 14393

  /// The self-map of a root, or nil where none is found and the kernel has none at a fixed place.
  ///
  /// - Parameters:
  ///   - state: the paging state with the root.
  ///   - memory: where the tables are.
  ///   - build: the build of the kernel, if known.
  public init?(
    of state: PagingState, in memory: some PhysicalMemory, build: Int? = nil
  ) {
    let format = WindowsEntryFormat(state.mode)
    if format.isThirtyTwoBit, let fixed = Self.fixed(format) {
      self = fixed
      return
    }
    guard state.mode == .x86_64 || state.mode == .arm64 else { return nil }
    let slots = Self.slots(of: state, in: memory)
    if slots.count == 1 {
      self.init(format, addressBits: state.bitsOfPage, slot: slots[0], source: .found)
    } else if let build, build < Self.firstBuildWithChosenSlot, let fixed = Self.fixed(format) {
      self = fixed
    } else {
      return nil
    }
  }

  /// The self-map by a slot of the top table that `state` has; PAE has its own, whatever the slot.
  public init(_ state: PagingState, slot: Int) {
    let format = WindowsEntryFormat(state.mode)
    self =
      format == .pae
      ? Self(format, addressBits: 32, slot: 3, source: .fixed)
      : Self(format, addressBits: state.bitsOfPage, slot: slot, source: .found)
  }

  private init(_ format: WindowsEntryFormat, addressBits: UInt64, slot: Int, source: Source) {
    (self.format, self.addressBits, self.slot, self.source) = (format, addressBits, slot, source)
  }

  /// The entries of the kernel's half of a top table that lead to the page it is in, counted from the
  /// start of that page: on arm64 the half of the addresses above may have the second half of a page.
  public static func slots(of state: PagingState, in memory: some PhysicalMemory) -> [Int] {
    let state = state.half(of: VirtualAddress(UInt64.max))
    let (root, level) = (state.root, state.topLevel)
    let page = PhysicalAddress(root.frame * frameSize)
    let before = Int(root.rawValue % frameSize) / state.entrySize
    let end = before + state.entryCount(level)
    return (max(before, end / 2)..<end).filter { slot in
      guard let entry = state.entry(of: root, at: slot - before, in: memory) else { return false }
      return state.meaning(of: entry, level: level) == .table(page)
    }
  }

  /// The number of levels whose entries have addresses: a PAE PDPTE has none.
  public var levelCount: Int { format.isThirtyTwoBit ? 2 : Int(addressBits) / 9 }

  /// The address of the entry of a level that translates `address`; nil where entries have none.
  public func address(of address: VirtualAddress, level: Int) -> VirtualAddress? {
    (1...levelCount).contains(level) ? entry(above: address, times: level) : nil
  }

  /// The address of the entry that is reached from an address by going up `times` times.
  ///
  /// Once gives its PTE; each further time the entry that maps the table which the last entry is in.
  public func entry(above address: VirtualAddress, times: Int) -> VirtualAddress {
    var place = address.rawValue
    for _ in 0..<times { place = base &+ (place & addressMask) / frameSize &* entrySize }
    return VirtualAddress(place)
  }

  /// The address that the entry at an address of the self-map translates, as a PTE; nil elsewhere.
  public func translated(byEntryAt place: VirtualAddress) -> VirtualAddress? {
    let offset = place.rawValue &- base
    let size = (addressMask / frameSize &+ 1) &* entrySize
    guard offset < size else { return nil }
    let address = offset / entrySize &* frameSize
    let isUpper = address > addressMask / 2 && !format.isThirtyTwoBit
    return VirtualAddress(isUpper ? address | ~addressMask : address)
  }

  /// The address of the PTE of address 0: `MmPteBase` of kernels that have such a variable.
  public var base: UInt64 {
    let start = UInt64(slot) &* ((addressMask &+ 1) / UInt64(slotCount))
    return format.isThirtyTwoBit ? start : start | ~addressMask
  }

  private var entrySize: UInt64 { UInt64(format.width / 8) }
  private var addressMask: UInt64 { (1 << addressBits) - 1 }
  private var slotCount: Int {
    switch format {
    case .x86: 1024
    case .pae: 4
    case .x64, .arm64: 512
    }
  }
}

extension PagingState {
  /// The number of address bits that a whole page of entries as the top table translates.
  fileprivate var bitsOfPage: UInt64 {
    let entries = frameSize / UInt64(entrySize)
    return pageShift(topLevel) + UInt64(entries.trailingZeroBitCount)
  }
}
