import Paging
import PhysicalMemory
import TestSupport
import Testing
import WindowsMemory

/// Memory in which anything may be anywhere: readers end, and do not trap.
@Suite struct HostileMemoryTests {
  private static let kernels: [(String, PagingMode)] = [
    ("windows-2600.6419", .x86), ("windows-7601.24444", .x86), ("windows-3790.3959", .pae),
    ("windows-19041.508", .pae), ("windows-7601.17514", .x86_64), ("windows-9200.16384", .x86_64),
    ("windows-19041.508", .x86_64), ("windows-26100", .x86_64), ("windows-28000", .x86_64),
  ]

  /// Numbers that structures are made of: kernel addresses, small counts, all ones, anything.
  private static func word(_ sketch: WindowsSketch, _ random: inout SeededGenerator) -> UInt64 {
    switch random.next() % 6 {
    case 0: return sketch.kernel(random.next() % 0x8000 & ~7).rawValue
    case 1: return random.next() % 64
    case 2: return UInt64.max
    case 3: return 0
    // An entry whose pointer leads into kernel memory.
    case 4: return sketch.kernel(random.next() % 0x8000 & ~7).rawValue << 16 | 0x400
    default: return random.next()
    }
  }

  @Test(arguments: Self.kernels)
  func readersEndWhateverTheyRead(name: String, mode: PagingMode) throws {
    for seed in 1...40 as ClosedRange<UInt64> {
      var random = SeededGenerator(seed: seed)
      var sketch = WindowsSketch(mode)
      for offset in stride(from: 0, to: 0x8000, by: 8) as StrideTo<UInt64> {
        sketch.put(Self.word(sketch, &random), 8, offset)
      }
      for page in 0..<64 as Range<UInt64> {
        sketch.setUser(page << 12, Self.word(sketch, &random))
        if random.chance(8) { sketch.setKernel(page << 12, Self.word(sketch, &random)) }
        if random.chance(16) { sketch.removeKernelPage(page << 12) }
      }
      var system = try sketch.system(name, mask: mode == .x86_64 ? 1 << 45 : 0)
      system.pfnDatabase = sketch.kernel(0)
      let memory = try sketch.memory
      let process = sketch.process(vadRoot: random.next() % 0x8000 & ~7)
      let classifier = PageClassifier(system, memory, sketch.paging, process: process)
      for page in 0..<64 as Range<UInt64> {
        let address = VirtualAddress(random.chance(4) ? random.next() : page << 12)
        guard mode == .x86_64 || address.rawValue <= UInt32.max else { continue }
        let access = Access(random.chance(2) ? .write : .execute, as: .user)
        let result = sketch.paging.access(address, access, in: memory)
        let verdict = classifier.verdict(on: address, access, result)
        // What is missing decides nothing.
        if verdict.finding.missing != nil, verdict.finding.content != .nowhere {
          #expect(verdict.bugCheck == nil, "seed \(seed), \(address)")
        }
      }
      let tree = classifier.vadTree()
      #expect((tree?.vads.count ?? 0) < 0x8000)
      if let structure = WindowsStructures(system.kernel).process {
        let list = ProcessList(head: sketch.kernel(0), classifier.kernel, structure)
        #expect(list.processes.count < 0x8000)
      }
      for pfn in [0, 5, random.next()] { _ = try? classifier.pfnDatabase?.entry(of: pfn) }
    }
  }
}
