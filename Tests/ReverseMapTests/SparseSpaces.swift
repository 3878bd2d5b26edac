import Machine
import Paging
import PhysicalMemory
import TestSupport

/// Machines whose tables have hardly any pages, written entry by entry.
struct SparseSpaces {
  /// How the pages lie.
  enum Kind: CaseIterable {
    /// Each page has tables of its own, and is anywhere in memory or beyond.
    case chains
    /// A few pages side by side in each table, in frames that lie side by side too.
    case clusters
    /// Many processes with a page or two, and one kernel half for all.
    case processes
    /// Processes whose kernel halves say the same by tables of their own, but for a page of each one's own.
    case kernels
  }

  /// The states whose tables have forms of their own: each mode, and each granule of arm64.
  static let states: [PagingState] =
    PagingMode.allCases.filter { $0 != .arm64 }.map { PagingState(mode: $0, cr3: 0) }
    // IPS, TG1, T1SZ, TG0 and T0SZ for granules of 4, 16 and 64 KiB with 48 bits of each address.
    + ([0x5_8010_0010, 0x5_4010_8010, 0x5_c010_4010] as [UInt64]).map { tcr in
      var state = PagingState(mode: .arm64, cr3: 0)
      state.arm64.tcr = tcr
      state.arm64.ttbr1 = 0
      return state
    }

  private struct Page {
    var address: UInt64
    var entry: UInt64
    var level: Int
  }

  private var state: PagingState
  private var random: SeededGenerator
  private var words: [UInt64: UInt64] = [:]
  /// The places of entries that map a page.
  private var pages: Set<UInt64> = []
  private var end: UInt64
  private let granule: UInt64
  private var frame: UInt64 = 0

  /// A machine from a seed, with about `count` pages.
  static func machine(
    _ state: PagingState, _ kind: Kind, count: Int, seed: UInt64
  ) throws -> Machine {
    var spaces = Self(state, seed: seed)
    return try spaces.build(kind, count: count, seed: seed)
  }

  private init(_ state: PagingState, seed: UInt64) {
    self.state = state
    random = SeededGenerator(seed: seed)
    granule = 1 << state.pageShift(1)
    end = granule
  }

  private mutating func build(_ kind: Kind, count: Int, seed: UInt64) throws -> Machine {
    let kernel = (0..<(kind == .kernels ? count / 4 + 1 : 3)).flatMap { _ in
      neighbours(of: page(isUpper: true), kind == .kernels ? 24 : 1)
    }
    if state.isARM64 {
      state.arm64.ttbr1 = table()
      for page in kernel { put(page, under: state.arm64.ttbr1 ?? 0) }
    }
    let ownCount = kind == .processes ? 1 + Int(random.next() % 2) : kind == .kernels ? 1 : count
    let processCount = kind == .processes ? count : kind == .kernels ? 8 : 2
    var roots: [UInt64] = []
    for number in 0..<processCount {
      let root = table()
      if !state.isARM64 {
        if number > 0, kind != .kernels {
          share(roots[0], with: root)
        } else {
          for page in kernel { put(page, under: root) }
          if kind == .kernels { put(page(isUpper: true), under: root) }
        }
      }
      for _ in 0..<(number > 0 && ownCount == count ? 1 : ownCount) { putOwn(kind, under: root) }
      roots.append(root)
    }
    // One process has a second address space with the same tables, as threads of a kernel have.
    return try machine(roots + roots.suffix(1), seed)
  }

  private mutating func putOwn(_ kind: Kind, under root: UInt64) {
    let count = kind == .clusters ? 1 + random.next() % 12 : 1
    for page in neighbours(of: page(isUpper: false), count) { put(page, under: root) }
  }

  /// A page and those after it, up to the end of its table.
  private func neighbours(of page: Page, _ count: UInt64) -> [Page] {
    let size: UInt64 = 1 << state.pageShift(page.level)
    let entries = UInt64(state.entryCount(page.level))
    let rest = entries - page.address / size % entries
    return (0..<min(count, rest)).map { number in
      Page(
        address: page.address &+ number * size, entry: page.entry &+ number * size,
        level: page.level)
    }
  }

  /// A page at a random address, in memory or far beyond, small or large.
  private mutating func page(isUpper: Bool) -> Page {
    let half: UInt64 =
      switch state.mode {
      case .x86, .pae: 1 << 31
      case .x86_64: 1 << 47
      case .la57: 1 << 56
      case .arm64: 1 << 48
      }
    let bits: UInt64 = state.mode == .x86 ? 32 : state.mode == .pae ? 36 : 47
    let level = random.chance(10) ? 2 : 1
    let size: UInt64 = 1 << state.pageShift(level)
    let address = (random.next() % half) & ~(size - 1)
    if random.chance(2) { frame = random.next() }
    frame = (frame &+ size) & ((1 << bits) - 1) & ~(size - 1)
    let place = random.chance(4) ? frame & 0x3f_ffff & ~(size - 1) : frame
    let start = isUpper ? (half == 1 << 31 ? half : 0 &- half) &+ address : address
    return Page(address: start, entry: place | rights(level), level: level)
  }

  private mutating func rights(_ level: Int) -> UInt64 {
    if state.isARM64 {
      // Valid, AF, and AP[2:1]; a page has bit 1 too, a block has not.
      return 0x401 | (level == 1 ? 2 : 0) | (random.next() & 3) << 6
    }
    let execute = state.mode != .x86 && random.chance(2) ? 1 << 63 : 0 as UInt64
    return 1 | random.next() & 6 | (level == 2 ? 0x80 : 0) | execute
  }

  private mutating func table() -> UInt64 {
    defer { end += granule }
    return end
  }

  /// Puts a page under a root, unless something else is there.
  private mutating func put(_ page: Page, under root: UInt64) {
    let half = state.half(of: VirtualAddress(page.address))
    var table = root
    for level in stride(from: half.topLevel, to: page.level, by: -1) {
      let place = place(page.address, in: table, half, level)
      guard !pages.contains(place) else { return }
      if words[place] == nil {
        let isPDPTE = state.mode == .pae && level == 3
        words[place] = self.table() | (isPDPTE ? 1 : state.isARM64 ? 3 : 7)
      }
      table = (words[place] ?? 0) & 0xffff_ffff_f000
    }
    let place = place(page.address, in: table, half, page.level)
    guard words[place] == nil else { return }
    words[place] = page.entry
    pages.insert(place)
  }

  private func place(
    _ address: UInt64, in table: UInt64, _ half: PagingState, _ level: Int
  ) -> UInt64 {
    table + UInt64(half.index(of: VirtualAddress(address), level: level) * half.entrySize)
  }

  /// Copies the entries of the upper half of a top table.
  private mutating func share(_ first: UInt64, with root: UInt64) {
    let count = state.entryCount(state.topLevel)
    for index in count / 2..<count {
      let offset = UInt64(index * state.entrySize)
      words[root + offset] = words[first + offset]
      if pages.contains(first + offset) { pages.insert(root + offset) }
    }
  }

  private func machine(_ roots: [UInt64], _ seed: UInt64) throws -> Machine {
    let bytes = try ByteMapping.zeroed(count: Int(end))
    for (place, word) in words {
      if state.entrySize == 4 {
        bytes.store(UInt32(truncatingIfNeeded: word), at: Int(place))
      } else {
        bytes.store(word, at: Int(place))
      }
    }
    var paging = state
    paging.cr3 = roots[0]
    let spaces = roots.enumerated().map { number, root in
      AddressSpace(register: root, pid: UInt64(min(number, roots.count - 2)), foundBy: "\(seed)")
    }
    return Machine(
      memory: .flat(FlatMemory(bytes)), paging: paging, addressSpaces: spaces, format: "test",
      size: end)
  }
}
