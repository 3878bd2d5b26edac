import BitLayout
import Machine
import Paging
import PhysicalMemory

/// Goes through page tables as MemProcFS does for its lists of pages, which are about what entries say and
/// not about what a processor makes of them.
///
/// An entry with P=0 counts if it says anything. What it says is not looked at: its pages go with those
/// before them, or for pages that are read. Of rights only U is that of all levels; W and XD are those of the entry that
/// maps the page. Reserved bits are not looked at, and what lies beyond the image is left out.
///
/// A table that is reached again is not read again: its pages are copied, and where copies would be more than
/// anybody can list, they are said.
struct EntryScan {
  private let memory: MemoryImage
  private let paging: PagingState
  private let isUserOnly: Bool
  private let end: UInt64
  private let entrySize: Int
  private let shifts: [UInt64]
  private let pageLevels: [Int]
  private var known: FoldTable<Known>
  private(set) var list = StretchList()

  /// What is known of a table that was read.
  private struct Known: BitwiseCopyable, Sendable {
    /// The first address that it translated when it was read.
    var address: UInt64
    /// For how many bytes from there on it has pages that go with those before, whatever they are.
    var lead: UInt64
  }

  /// What an entry is in the list.
  private enum Meaning {
    case nothing
    case page(Rights, isGuess: Bool)
    case table(PhysicalAddress, isUser: Bool)
  }

  /// Goes through the tables under the machine's own root.
  ///
  /// - Parameters:
  ///   - machine: the machine.
  ///   - isUserOnly: whether only what user mode may use counts.
  init(_ machine: Machine, isUserOnly: Bool) {
    memory = machine.memory
    paging = machine.paging
    self.isUserOnly = isUserOnly
    end = machine.memory.runs.last.map { $0.last.rawValue &+ 1 } ?? 0
    entrySize = paging.entrySize
    shifts = [0] + (1...paging.topLevel).map(paging.pageShift)
    pageLevels = paging.pageLevels
    known = FoldTable(empty: Known(address: 0, lead: 0))
    _ = scan(paging.root, level: paging.topLevel, isUser: true, at: paging.firstAddress)
  }

  /// Lists what a table translates from an address on; returns for how many bytes its first pages go with those
  /// before.
  private mutating func scan(
    _ table: PhysicalAddress, level: Int, isUser: Bool, at address: UInt64
  ) -> UInt64 {
    let key = TableKey(table, level: level, rights: isUser ? .user : [])
    if let earlier = known.value(for: key) {
      list.copy(
        from: earlier.address, lead: earlier.lead, guess: guess(isUser), to: address,
        byteCount: UInt64(paging.entryCount(level)) << shifts[level])
      return earlier.lead
    }
    var lead: UInt64 = 0
    for index in 0..<paging.entryCount(level) {
      let entry = entry(of: table, at: index)
      guard entry != 0 else { continue }
      let start =
        level == paging.topLevel
        ? paging.address(address, level: level, index: index)
        : address &+ UInt64(index) << shifts[level]
      let isAtLead = start == address &+ lead
      switch meaning(of: entry, level: level, isUser: isUser) {
      case .nothing: break
      case .page(let rights, let isGuess):
        let size: UInt64 = 1 << shifts[level]
        list.add(start, byteCount: size, rights, isGuess: isGuess)
        if isGuess, isAtLead { lead += size }
      case .table(let next, let isUser):
        let below = scan(next, level: level - 1, isUser: isUser, at: start)
        if isAtLead { lead += below }
      }
    }
    known.store(Known(address: address, lead: lead), for: key)
    return lead
  }

  /// An entry; 0 where the image does not hold it.
  private func entry(of table: PhysicalAddress, at index: Int) -> UInt64 {
    let address = table.advanced(by: UInt64(index * entrySize))
    return
      (entrySize == MemoryLayout<UInt32>.size
      ? memory.load(UInt32.self, at: address).map(UInt64.init)
      : memory.load(UInt64.self, at: address)) ?? 0
  }

  // MARK: - What an entry says

  private func meaning(of entry: UInt64, level: Int, isUser: Bool) -> Meaning {
    guard X86Fields.present.isSet(in: entry) else {
      guard level == 1, isUser || !isUserOnly, isInImage(ListedEntry.softwareFrame(entry)) else {
        return .nothing
      }
      // Of PAE's pages these go with those before only where the rights are equal, as others do.
      let guess = guess(isUser)
      return .page(guess, isGuess: paging.mode != .pae)
    }
    let frame = ListedEntry.frame.mask & entry & ~paging.attributeBits
    guard isInImage(frame) else { return .nothing }
    if paging.mode == .pae, level == paging.topLevel {
      // A PDPTE has no rights, and is skipped for bits that it must not have.
      return entry & ListedEntry.notInPDPTE == 0
        ? .table(PhysicalAddress(frame), isUser: true) : .nothing
    }
    let isUser = isUser && X86Fields.user.isSet(in: entry)
    guard isUser || !isUserOnly else { return .nothing }
    let isLarge =
      X86Fields.pageSize.isSet(in: entry) && (paging.mode != .x86 || paging.pageSizeExtension)
    guard level == 1 || isLarge else { return .table(PhysicalAddress(frame), isUser: isUser) }
    guard pageLevels.contains(level) else { return .nothing }
    var rights: Rights = isUser ? .user : []
    if X86Fields.writable.isSet(in: entry) { rights.insert(.write) }
    if !X86Fields.executeDisable.isSet(in: entry) { rights.insert(.execute) }
    return .page(rights, isGuess: false)
  }

  /// The rights that a page with P=0 is said to have: it is read, and where entries have XD, not run.
  private func guess(_ isUser: Bool) -> Rights {
    var rights: Rights = isUser ? .user : []
    if paging.mode == .x86 { rights.insert(.execute) }
    return rights
  }

  /// Whether a frame is in the image, or right behind it: that is where MemProcFS draws the line.
  private func isInImage(_ frame: UInt64) -> Bool { frame <= end }
}

/// What MemProcFS takes for fields of every entry of x86, whatever the processor or the kernel.
private enum ListedEntry {
  static var frame: BitField {
    BitField("frame", 47, 12, .address, "physical address; the bits above are not looked at")
  }
  static var prototype: BitField {
    BitField("Prototype", 10, .value, "the entry leads to a prototype PTE")
  }
  static var transition: BitField {
    BitField("Transition", 11, .value, "the page is on its way out, and still there")
  }
  /// The usual `MiState.Hardware.InvalidPteMask`.
  static var invalidMask: BitField {
    BitField("InvalidPteMask", 45, .value, "set in frames that are not to be read")
  }

  /// The frame of a page in transition; 0 for all else with P=0.
  static func softwareFrame(_ entry: UInt64) -> UInt64 {
    guard transition.isSet(in: entry), !prototype.isSet(in: entry) else { return 0 }
    return entry & frame.mask & ~invalidMask.mask
  }

  /// The bits of a PDPTE of PAE that must be 0.
  static var notInPDPTE: UInt64 {
    PAELayouts.pdpteReservedLow.mask | PAELayouts.pdpteReservedMiddle.mask
      | PAELayouts.pdpteReservedHigh.mask | (PAELayouts.frame.mask & ~frame.mask)
  }
}
