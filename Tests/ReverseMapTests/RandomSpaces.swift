import Machine
import Paging
import PhysicalMemory
import TestSupport

/// Machines with several address spaces whose tables lead everywhere, to each other too.
enum RandomSpaces {
  static let modes = PagingMode.allCases
  private static let frames: UInt64 = 48

  /// A machine from a seed: a few entries in each table are present; upper halves are shared now and then.
  static func machine(_ mode: PagingMode, seed: UInt64) throws -> Machine {
    var random = SeededGenerator(seed: seed)
    let bytes = try ByteMapping.zeroed(count: Int(frames) * 4096)
    let size: UInt64 = mode == .x86 ? 4 : 8
    let count = 4096 / size
    for frame in 0..<frames {
      for _ in 0..<5 {
        // The first and the last entries too, for what is at the ends of halves.
        let ends = [0, count - 1, count / 2, count / 2 - 1]
        let index = random.chance(4) ? ends[Int(random.next() % 4)] : random.next() % count
        store(entry(mode, &random), bytes, frame * 4096 + index * size, size)
      }
    }
    let roots = (0..<3).map { _ in (random.next() % frames) << 12 }
    let rootCount = mode == .pae ? 4 : count
    if mode == .pae {
      for (index, root) in roots.flatMap({ root in (0..<4 as Range<UInt64>).map { ($0, root) } }) {
        store((random.next() % frames) << 12 | 1, bytes, root + index * size, size)
      }
    }
    for root in roots.dropFirst() where random.chance(2) {
      // The upper half of the first root, as processes share the kernel's.
      for index in rootCount / 2..<rootCount {
        let word = bytes.load(UInt64.self, at: roots[0] + index * size) ?? 0
        store(word, bytes, root + index * size, size)
      }
    }
    var paging = PagingState(mode: mode, cr3: roots[0])
    if mode == .arm64 { paging.arm64.ttbr1 = (random.next() % frames) << 12 }
    let spaces = (roots + roots.prefix(1)).enumerated().map { number, root in
      AddressSpace(register: root, pid: UInt64(number / 2), foundBy: "seed \(seed)")
    }
    return Machine(
      memory: .flat(FlatMemory(bytes)), paging: paging, addressSpaces: spaces, format: "test",
      size: UInt64(bytes.count))
  }

  private static func store(_ word: UInt64, _ bytes: ByteMapping, _ offset: UInt64, _ size: UInt64)
  {
    if size == 4 {
      bytes.store(UInt32(truncatingIfNeeded: word), at: Int(offset))
    } else {
      bytes.store(word, at: Int(offset))
    }
  }

  private static func entry(_ mode: PagingMode, _ random: inout SeededGenerator) -> UInt64 {
    // Some lead just behind the image, some far behind it.
    var frame = random.next() % (frames + 4)
    if random.chance(16) { frame = random.next() & 0xf_ffff }
    if random.chance(8) { frame = frame & ~511 }
    var word = frame << 12 | random.next() & 0xf67 | 1
    if random.chance(8) { word |= 0x80 }
    if mode == .arm64, !random.chance(8) { word |= 2 }
    if mode == .pae, random.chance(2) { word &= ~0x1e6 }
    if random.chance(3) { word |= 1 << 63 }
    return word
  }
}

/// A mapping as plain enumeration finds it, without any index.
struct PlainMapping: Hashable, Comparable, CustomStringConvertible {
  var page: UInt64
  var space: Int
  var address: UInt64
  var shift: UInt64
  var rights: UInt8

  static func < (a: Self, b: Self) -> Bool {
    (a.page, a.space, a.address, a.shift) < (b.page, b.space, b.address, b.shift)
  }

  var description: String {
    "\(page.hex) at \(address.hex) in \(space), 2^\(shift), \(Rights(rawValue: rights))"
  }

  /// All mappings of all address spaces.
  static func all(_ machine: Machine) -> [PlainMapping] {
    machine.addressSpaces.enumerated().flatMap { number, space in
      var operation = Collection(visitor: Collector(space: number))
      machine.paging(of: space).perform(&operation, on: machine.memory)
      return operation.visitor.found
    }
  }

  private struct Collection: WalkerOperation {
    var visitor: Collector

    mutating func run(_ walker: some TableWalker) { walker.scan(visitor: &visitor) }
  }

  private struct Collector: TableVisitor {
    let space: Int
    var found: [PlainMapping] = []

    mutating func enter(_ table: TableVisit) -> Bool { true }

    mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) {
      found.append(
        PlainMapping(
          page: page.rawValue, space: space, address: entry.address, shift: entry.shift,
          rights: entry.rights.rawValue))
    }

    mutating func reserved(_ entry: EntryVisit, bits: UInt64) {}

    mutating func missing(_ entry: EntryVisit) {}

    mutating func leave(_ table: TableVisit) {}
  }
}
