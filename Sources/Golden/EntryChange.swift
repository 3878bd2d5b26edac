import Paging
import PhysicalMemory

/// What became of one entry, in words.
struct EntryChange {
  private let address: UInt64
  private let level: Int?
  private let from: SlotWord
  private let to: SlotWord
  private let pageShifts: (UInt64?, UInt64?)

  /// A change between two pages as runs show them; nil is an address that is not mapped.
  init(address: UInt64, from: MappingRun?, to: MappingRun?) {
    self.address = address
    level = nil
    self.from = from.map { .page($0.address, $0.rights, level: 0) } ?? .nothing
    self.to = to.map { .page($0.address, $0.rights, level: 0) } ?? .nothing
    pageShifts = (from?.pageShift, to?.pageShift)
  }

  /// A change of an entry at this level.
  init(address: UInt64, level: Int, from: SlotWord, to: SlotWord) {
    self.address = address
    self.level = level
    self.from = from
    self.to = to
    pageShifts = (nil, nil)
  }

  /// The way to the entry, and what changed: `PML4E[0x1ed] → PDPTE[0x3] → PTE[0x5]: write 1→0`.
  func description(in state: PagingState) -> String {
    let shift = pageShifts.0 ?? pageShifts.1 ?? state.pageShift(level ?? 1)
    let top = state.topLevel
    let leaf = (1...top).first { state.pageShift($0) == shift } ?? 1
    let path = (leaf...top).reversed().map { level in
      let index = state.index(of: VirtualAddress(address), level: level)
      return "\(state.mode.entryName(level))[\(index.hex)]"
    }
    return path.joined(separator: " → ") + ": " + changes(state).joined(separator: ", ")
  }

  private func changes(_ state: PagingState) -> [String] {
    guard case .page(let a, let rightsA, let levelA) = from,
      case .page(let b, let rightsB, let levelB) = to
    else {
      return ["\(text(from, pageShifts.0, state))→\(text(to, pageShifts.1, state))"]
    }
    var changes: [String] = []
    if a != b { changes.append("frame \(a)→\(b)") }
    let shiftA = pageShifts.0 ?? state.pageShift(levelA)
    let shiftB = pageShifts.1 ?? state.pageShift(levelB)
    if shiftA != shiftB { changes.append("page \(sizeText(shiftA))→\(sizeText(shiftB))") }
    for (right, name) in [(Rights.write, "write"), (.user, "user"), (.execute, "execute")]
    where rightsA.contains(right) != rightsB.contains(right) {
      changes.append(rightsA.contains(right) ? "\(name) 1→0" : "\(name) 0→1")
    }
    return changes
  }

  private func text(_ slot: SlotWord, _ shift: UInt64?, _ state: PagingState) -> String {
    switch slot {
    case .nothing: "not present"
    case .page(let page, let rights, let level):
      "\(page) \(sizeText(shift ?? state.pageShift(level))) \(rights)"
    case .reserved: "reserved bits"
    case .missing: "missing"
    }
  }
}
