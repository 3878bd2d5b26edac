import BitLayout
public import Paging
public import PhysicalMemory

/// Looks for top tables in physical memory, by the self-map that every one for the kernel has.
///
/// The root for user mode of a shadowed process has no self-map and is not found.
public struct RootSearch: Sendable {
  private let memory: MemoryImage
  private let state: PagingState
  /// The last address that the image holds.
  private let end: UInt64

  /// Prepares for tables of the mode of `paging`; nil for modes that Windows does not use.
  public init?(_ memory: MemoryImage, _ paging: PagingState) {
    guard paging.mode != .la57 else { return nil }
    self.memory = memory
    state = paging
    end = memory.runs.last?.last.rawValue ?? 0
  }

  /// The most tables that are looked at; memory that is full of them is no memory of Windows.
  private static let countLimit = 1 << 16

  /// The tables, by ascending addresses.
  ///
  /// - Parameter range: the physical addresses that are searched.
  /// - Returns: the tables.
  public func roots(in range: ClosedRange<UInt64> = 0...UInt64.max) -> [FoundRoot] {
    var found: [FoundRoot] = []
    memory.forEachFrame(in: range) { frame, words in
      switch state.mode {
      case .pae: found += pointerTables(in: frame, words)
      case .x86:
        if leads(words[Self.slotOfX86 / 2] & 0xffff_ffff, to: frame), let root = table(at: frame) {
          found.append(root)
        }
      case .x86_64, .la57, .arm64:
        let upper = words.count / 2..<words.count
        if upper.contains(where: { leads(words[$0], to: frame) }), let root = table(at: frame) {
          found.append(root)
        }
      }
      return found.count < Self.countLimit
    }
    return found
  }

  private static let slotOfX86 = SelfMap.fixed(.x86)?.slot ?? 0

  /// Whether an entry has the address of a frame, whatever else it says.
  private func leads(_ entry: UInt64, to frame: PhysicalAddress) -> Bool {
    (entry ^ frame.rawValue) & Self.addressMask == 0
  }

  /// The bits that every format has for the address of a table.
  private static let addressMask: UInt64 = 0xffff_ffff_f000

  /// The table at an address as a top table; nil where it cannot be one.
  public func root(at address: PhysicalAddress) -> FoundRoot? {
    state.mode == .pae ? pointerTable(at: address) : table(at: address)
  }

  // MARK: - Tables with a slot for themselves

  private func table(at frame: PhysicalAddress) -> FoundRoot? {
    var top = state
    top.cr3 = frame.rawValue
    if top.isARM64 { top.joinTopTables() }
    let slots = SelfMap.slots(of: top, in: memory)
    guard slots.count == 1, state.mode != .x86 || slots[0] == Self.slotOfX86 else { return nil }
    let half = top.half(of: VirtualAddress(UInt64.max))
    var marks = Marks()
    let own = half.entry(of: frame, at: slots[0], in: memory) ?? 0
    if !half.isARM64, X86Fields.user.isSet(in: own) { marks.odd += 1 }
    let entryCount = Int(frameSize) / half.entrySize
    for index in 0..<entryCount where index != slots[0] {
      guard let entry = half.entry(of: frame, at: index, in: memory) else { continue }
      let isKernel = index >= entryCount / 2
      count(entry, half, level: half.topLevel, isKernel: isKernel, &marks)
    }
    return marks.root(at: frame, slot: slots[0])
  }

  private func count(
    _ entry: UInt64, _ state: PagingState, level: Int, isKernel: Bool, _ marks: inout Marks
  ) {
    let next: PhysicalAddress
    switch state.meaning(of: entry, level: level) {
    case .notPresent: return
    case .reserved:
      marks.odd += 1
      return
    case .table(let table): next = table
    case .page(let page): next = page
    }
    // Nothing of the user half is for the kernel alone; what the kernel's entries say is its affair.
    let isUser = state.isARM64 || X86Fields.user.isSet(in: entry)
    guard next.rawValue <= end, isUser || isKernel else { return marks.odd += 1 }
    if isKernel { marks.kernel += 1 } else { marks.user += 1 }
  }

  private struct Marks {
    var kernel = 0
    var user = 0
    var odd = 0

    /// Where one entry in four is impossible, the page is something else.
    func root(at frame: PhysicalAddress, slot: Int) -> FoundRoot? {
      guard odd * 4 <= kernel + user + odd else { return nil }
      return FoundRoot(
        root: frame, slot: slot, kernelEntries: kernel, userEntries: user, oddEntries: odd)
    }
  }

  // MARK: - Page-directory-pointer tables

  private static let pointerCount = 4

  private func pointerTables(in frame: PhysicalAddress, _ words: [UInt64]) -> [FoundRoot] {
    stride(from: 0, to: words.count, by: Self.pointerCount).compactMap { index in
      let group = words[index..<index + Self.pointerCount]
      guard group.allSatisfy({ X86Fields.present.isSet(in: $0) && $0 <= end | Self.flags }) else {
        return nil
      }
      return pointerTable(at: frame.advanced(by: UInt64(index * 8)))
    }
  }

  private static let flags: UInt64 = 0xfff

  /// Four entries that lead to four directories, of which the last leads to the four in a row.
  private func pointerTable(at address: PhysicalAddress) -> FoundRoot? {
    var directories: [PhysicalAddress] = []
    for index in 0..<Self.pointerCount {
      guard let entry = state.entry(of: address, at: index, in: memory),
        case .table(let next) = state.meaning(of: entry, level: 3),
        !directories.contains(next)
      else { return nil }
      directories.append(next)
    }
    for (index, directory) in directories.enumerated() {
      guard let entry = state.entry(of: directories[3], at: index, in: memory),
        state.meaning(of: entry, level: 2) == .table(directory)
      else { return nil }
    }
    var marks = Marks()
    for (number, directory) in directories.enumerated() {
      let skipped = number == 3 ? Self.pointerCount : 0
      for index in skipped..<state.entryCount(2) {
        guard let entry = state.entry(of: directory, at: index, in: memory) else { continue }
        count(entry, state, level: 2, isKernel: number >= 2, &marks)
      }
    }
    return marks.root(at: address, slot: 3)
  }
}
