import Paging
import PhysicalMemory

/// Computes the locators of tables as an enumeration passes through them, each table once.
struct LocatorVisitor: TableVisitor {
  private var memo = FoldTable<Locator>(empty: .nothing)
  private var open: [(locator: Locator, entryCount: Int)] = []
  /// The sum over the top tables, each at the place of its addresses.
  private(set) var total = Locator.nothing

  mutating func enter(_ table: TableVisit) -> Bool {
    guard let done = memo.value(for: table.key) else {
      open.append((.nothing, table.entryCount))
      return true
    }
    addToParent(of: table, done)
    return false
  }

  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) {
    add(.page(page, entry.rights, level: entry.level), entry)
  }

  mutating func reserved(_ entry: EntryVisit, bits: UInt64) {
    add(.reserved(level: entry.level), entry)
  }

  mutating func missing(_ entry: EntryVisit) { add(.missing(level: entry.level), entry) }

  mutating func leave(_ table: TableVisit) {
    let locator = open.removeLast().locator
    memo.store(locator, for: table.key)
    addToParent(of: table, locator)
  }

  private mutating func add(_ word: SlotWord, _ entry: EntryVisit) {
    let slot = Locator(sum: word.rawValue, weighted: 0)
    let pages = UInt64(entry.index) << (entry.shift - 12)
    open[open.count - 1].locator = open[open.count - 1].locator + slot.moved(by: pages)
  }

  /// A table's page numbers count from its own first page; the parent moves them.
  private mutating func addToParent(of table: TableVisit, _ locator: Locator) {
    guard let parent = open.last else {
      let isUpper = table.address >> 63 == 1
      total = total + locator.moved(by: isUpper ? PagingState.upperPages : 0)
      return
    }
    let index = (table.address >> table.coverageShift) & UInt64(parent.entryCount - 1)
    let moved = locator.moved(by: index << (table.coverageShift - 12))
    open[open.count - 1].locator = parent.locator + moved
  }
}

extension PagingState {
  /// The locator of the address space.
  func locator(in memory: MemoryImage) -> Locator {
    var operation = LocatorOperation()
    return perform(&operation, on: memory)
  }

  /// The slot that begins with the page of this number, counted from the first address on.
  func slot(ofPage page: UInt64, in memory: MemoryImage) -> SlotWord? {
    guard page >> UInt64(mode.virtualAddressBits - 12) == 0 else { return nil }
    let address = address(ofPage: page)
    guard isCanonical(VirtualAddress(address)) else { return nil }
    let (result, steps) = walk(VirtualAddress(address), in: memory)
    switch result {
    case .mapped(let translation):
      let start = PhysicalAddress(translation.address.rawValue & ~(translation.pageSize - 1))
      return .page(start, translation.rights, level: translation.level)
    case .stopped(let stop):
      switch stop.cause {
      case .notPresent: return steps.isEmpty ? nil : .nothing
      case .reservedBits: return .reserved(level: stop.level)
      case .missing: return .missing(level: stop.level)
      case .nonCanonical: return nil
      }
    }
  }

  /// The number of the first page of the upper half of arm64; a half has 52 address bits at most.
  fileprivate static let upperPages: UInt64 = 1 << 40

  /// The virtual address of the page with this number.
  func address(ofPage page: UInt64) -> UInt64 {
    if isARM64 {
      let half = of(page >= Self.upperPages ? .upper : .lower)
      return half.firstAddress &+ (page & (Self.upperPages - 1)) << 12
    }
    let top = topLevel
    let shift = pageShift(top) - 12
    let index = Int(page >> shift)
    return address(0, level: top, index: index) | (page & ((1 << shift) - 1)) << 12
  }
}

private struct LocatorOperation: WalkerOperation {
  mutating func run(_ walker: some TableWalker) -> Locator {
    var visitor = LocatorVisitor()
    walker.scan(visitor: &visitor)
    return visitor.total
  }
}
