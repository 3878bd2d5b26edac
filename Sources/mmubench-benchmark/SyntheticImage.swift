import BitLayout
import PhysicalMemory
import Paging
import ScenarioFile

/// A flat image full of page tables, built from a seed: the same seed gives the same bytes.
///
/// Half of all frames are page tables at shuffled positions, an eighth of the PTEs is not present
/// and one PDE in a hundred maps a 2-MByte page, so that walks meet caches and branch predictors
/// as they do in a real dump.
struct SyntheticImage {
  /// How the frames of neighbouring pages lie.
  enum Frames: String {
    /// One after the other, as after a large allocation; holes end the runs.
    case contiguous
    /// Anywhere, each with rights of its own: hardly two pages join.
    case scattered
    /// By page table the one or the other.
    case mixed
    /// As `mixed`, and every other entry is not present but means something to Windows.
    case software
  }

  let bytes: ByteMapping
  let root: PhysicalAddress
  /// The virtual addresses that the tables cover.
  let covered: ClosedRange<UInt64>

  /// The bits of the entries, as the layouts of the library name them.
  private enum Bits {
    static let present = X86Fields.present.mask
    static let writable = X86Fields.writable.mask
    static let user = X86Fields.user.mask
    static let pageSize = X86Fields.pageSize.mask
    static let executeDisable = X86Fields.executeDisable.mask
    static let table = present | writable | user
  }

  /// Half the addresses, the kernel's, start here; the image is mapped from there on.
  private static let topSlot = 256
  private static let firstAddress: UInt64 = 0xffff_8000_0000_0000

  init(byteCount: Int, frames: Frames, seed: UInt64) throws {
    let frameCount = byteCount / 4096
    var random = SplitMix64(seed: seed)
    var positions = Array(0..<frameCount)
    positions.shuffle(using: &random)
    var tables = positions.prefix(frameCount / 2).map { UInt64($0) * 4096 }
    bytes = try ByteMapping.zeroed(count: byteCount)

    let top = tables.removeLast()
    let pointers = tables.removeLast()
    root = PhysicalAddress(top)
    bytes.store(pointers | Bits.table, at: Int(top) + Self.topSlot * 8)
    var covered: UInt64 = 0
    for slot in 0..<512 where tables.count > 1 {
      let directory = tables.removeLast()
      bytes.store(directory | Bits.table, at: Int(pointers) + slot * 8)
      for index in 0..<512 {
        let entry = Int(directory) + index * 8
        if random.chance(100) {
          let page = UInt64.random(in: 0..<512, using: &random) << 21
          bytes.store(page | Bits.table | Bits.pageSize, at: entry)
        } else if let table = tables.popLast() {
          bytes.store(table | Bits.table, at: entry)
          let isMixed = frames == .mixed || frames == .software
          let scattered = isMixed ? random.chance(2) : frames == .scattered
          Self.fill(bytes, Int(table), frameCount, scattered: scattered, &random)
          if frames == .software { Self.softenHalf(bytes, Int(table), &random) }
        } else {
          break
        }
        covered += 1 << 21
      }
    }
    self.covered = Self.firstAddress...(Self.firstAddress + (covered - 1))
  }

  private static func fill(
    _ bytes: ByteMapping, _ table: Int, _ frameCount: Int, scattered: Bool,
    _ random: inout SplitMix64
  ) {
    var frame = UInt64.random(in: 0..<UInt64(frameCount), using: &random)
    var rights = random.rights()
    for index in 0..<512 {
      if scattered {
        frame = UInt64.random(in: 0..<UInt64(frameCount), using: &random)
        rights = random.rights()
      }
      frame += 1
      if random.chance(8) { continue }
      bytes.store(frame << 12 | rights | Bits.present, at: table + index * 8)
    }
  }

  /// Makes every other entry random bits without P, a quarter of them 0.
  private static func softenHalf(_ bytes: ByteMapping, _ table: Int, _ random: inout SplitMix64) {
    for index in stride(from: 0, to: 512, by: 2) {
      let word = random.chance(4) ? 0 : random.next() & ~Bits.present
      bytes.store(word, at: table + index * 8)
    }
  }

  /// The whole image as one piece of memory.
  var flat: MemoryImage { .flat(FlatMemory(bytes)) }

  /// The same memory cut into `count` segments, which lie in another order in the file.
  func segmented(_ count: Int, seed: UInt64) throws -> MemoryImage {
    var random = SplitMix64(seed: seed)
    var cuts: Set<Int> = [0, bytes.count / 4096]
    while cuts.count < min(count, bytes.count / 4096) + 1 {
      cuts.insert(Int.random(in: 0..<bytes.count / 4096, using: &random))
    }
    let edges = cuts.sorted()
    let file = try ByteMapping.zeroed(count: bytes.count)
    var segments: [RunMemory.Segment] = []
    var offset = 0
    for (start, end) in zip(edges, edges.dropFirst()).shuffled(using: &random) {
      let count = (end - start) * 4096
      _ = bytes.withBytes(at: UInt64(start) * 4096, count: count) { file.store($0, at: offset) }
      segments.append(
        RunMemory.Segment(
          start: PhysicalAddress(UInt64(start) * 4096), byteCount: UInt64(count),
          source: .mapping(offset: UInt64(offset))))
      offset += count
    }
    return .runs(RunMemory(file, segments))
  }

  /// Random addresses under the tables; one in 64 is not canonical.
  func addresses(_ count: Int, seed: UInt64) -> [VirtualAddress] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in
      let address = UInt64.random(in: covered, using: &random)
      return VirtualAddress(random.chance(64) ? address ^ 1 << 50 : address)
    }
  }

  /// The state of a processor that uses the tables.
  var state: PagingState { PagingState(mode: .x86_64, cr3: root.rawValue) }
}

/// Four tables that translate all of the 2 to the 48 addresses: each entry of a table leads to the
/// same table below.
func foldedImage() throws -> (memory: MemoryImage, state: PagingState) {
  let bytes = try ByteMapping.zeroed(count: 5 * 4096)
  let link = (X86Fields.present.mask | X86Fields.writable.mask) as UInt64
  for table in 0..<4 {
    for index in 0..<512 {
      bytes.store(UInt64(table + 1) << 12 | link, at: table * 4096 + index * 8)
    }
  }
  return (.flat(FlatMemory(bytes)), PagingState(mode: .x86_64, cr3: 0))
}

/// 4096 pages, each with a page directory and a page table of its own, and each in another 2 GiB beyond
/// memory.
func sparseImage() throws -> (memory: MemoryImage, state: PagingState) {
  let (pointers, pages) = (64, 4096)
  let bytes = try ByteMapping.zeroed(count: (1 + pointers + 2 * pages) * 4096)
  let link = (X86Fields.present.mask | X86Fields.writable.mask) as UInt64
  func put(_ frame: Int, in table: Int, at index: Int) {
    bytes.store(UInt64(frame) << 12 | link, at: table * 4096 + index * 8)
  }
  for table in 0..<pointers { put(1 + table, in: 0, at: table) }
  for page in 0..<pages {
    let directory = 1 + pointers + 2 * page
    put(directory, in: 1 + page % pointers, at: page / pointers)
    put(directory + 1, in: directory, at: page % 512)
    put((page + 1) << 19, in: directory + 1, at: page % 511)
  }
  return (.flat(FlatMemory(bytes)), PagingState(mode: .x86_64, cr3: 0))
}

extension SplitMix64 {
  /// True one time in `count`.
  mutating func chance(_ count: UInt64) -> Bool { next() % count == 0 }

  /// RW, US and XD, each of them set or not.
  mutating func rights() -> UInt64 {
    let all = X86Fields.writable.mask | X86Fields.user.mask | X86Fields.executeDisable.mask
    return next() & all
  }
}
