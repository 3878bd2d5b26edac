import Paging

/// Random scenarios as text, each determined by a seed: every mode, page size, kind of frames, rights
/// and upper fields, with shares between processes, and never two statements about one page.
struct RandomScenario {
  let seed: UInt64
  let mode: PagingMode
  /// The granule of arm64 as a power of 2; 12 in the other modes.
  private let granule: UInt64
  private var state: UInt64
  /// Regions of virtual addresses that nothing is mapped in, as first addresses.
  private var regions: [UInt64] = []
  private var models: [(process: Int, va: UInt64, level: Int)] = []

  private static let regionShift: [PagingMode: UInt64] = [
    .x86: 25, .pae: 25, .x86_64: 39, .la57: 48,
  ]

  init(seed: UInt64) {
    self.seed = seed
    state = seed
    let choices: [(PagingMode, UInt64)] = [
      (.x86, 12), (.pae, 12), (.x86_64, 12), (.la57, 12), (.arm64, 12), (.arm64, 14), (.arm64, 16),
    ]
    (mode, granule) = choices[Int(seed % 7)]
  }

  /// Below `count`; xorshift64*, not the builder's generator.
  private mutating func below(_ count: UInt64) -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    var x = state
    x ^= x >> 33
    x = x &* 0xff51_afd7_ed55_8ccd
    x ^= x >> 33
    return x % count
  }

  private mutating func flip(_ one: UInt64 = 2) -> Bool { below(one) == 0 }

  private var sizes: [(size: UInt64, text: String, level: Int)] {
    let small = (4096 as UInt64, "4 KiB", 1)
    return switch mode {
    case .x86: [small, (4 << 20, "4 MiB", 2)]
    case .pae: [small, (2 << 20, "2 MiB", 2)]
    case .x86_64, .la57: [small, (2 << 20, "2 MiB", 2), (1 << 30, "1 GiB", 3)]
    case .arm64:
      switch granule {
      case 12: [small, (2 << 20, "2 MiB", 2), (1 << 30, "1 GiB", 3)]
      case 14: [(16 << 10, "16 KiB", 1), (32 << 20, "32 MiB", 2)]
      default: [(64 << 10, "64 KiB", 1), (512 << 20, "512 MiB", 2)]
      }
    }
  }

  /// The level of the top table: 48 bits are five of 64 KiB's L1, one of 16 KiB's L0.
  private var topLevel: Int { mode == .arm64 ? granule == 16 ? 3 : 4 : mode.levelCount }

  /// The highest level whose entries lie in one region.
  private var regionLevel: Int {
    switch (mode, granule) {
    // The PDPTE of PAE paging covers more than a region.
    case (.pae, _), (.arm64, 16): 2
    case (.arm64, 14): 3
    default: topLevel
    }
  }

  /// The lines after `machine:`, and the machine.
  mutating func text() -> (lines: String, machine: String) {
    var lines = "processes:\n"
    for process in 1...(1 + below(3)) {
      // 24 regions apart from each other in the first process take every level's entries.
      let shift = Self.regionShift[mode] ?? 39
      let count: UInt64 = mode == .x86 || mode == .pae ? 128 : 512
      // All processes of arm64 share the upper half; only the first maps anything there.
      var free = Array(0..<(mode == .arm64 && process > 1 ? count / 2 : count))
      regions = (0..<24).map { _ in
        let index = free.remove(at: Int(below(UInt64(free.count))))
        return canonical(index << shift)
      }
      lines += "  - pid: \(process)\n    map:\n"
      for _ in 0..<(1 + below(8)) { lines += "      - \(mapping(process: Int(process)))\n" }
      let shares = (0..<below(4)).compactMap { _ in share() }
      if !shares.isEmpty { lines += "    share:\n" + shares.map { "      - \($0)\n" }.joined() }
    }
    let order = flip() ? ", tables: { order: shuffled, seed: \(below(99)) }" : ""
    let bits = mode == .x86 ? "" : ", physical-bits: \(40 + below(13))"
    let granules: [UInt64: String] = [14: "TG0: 2, TG1: 1", 16: "TG0: 1, TG1: 3"]
    let tcr = granules[granule].map { ", registers: { tcr: { \($0) } }" } ?? ""
    let memory = granule == 16 ? "256 MiB" : "64 MiB"
    return (lines, "{ mode: \(mode.rawValue), memory: \(memory)\(bits)\(order)\(tcr) }")
  }

  private func canonical(_ address: UInt64) -> UInt64 {
    let bits = mode == .arm64 ? 48 : UInt64(mode.virtualAddressBits)
    guard bits > 32, address >> (bits - 1) & 1 == 1 else { return address }
    return address | UInt64.max << bits
  }

  private mutating func mapping(process: Int) -> String {
    let (size, text, level) = sizes[Int(below(UInt64(sizes.count)))]
    let every = size << below(4)
    let region = regions.removeLast()
    let room: UInt64 = 1 << (Self.regionShift[mode] ?? 39)
    let count = 1 + below(min(40, room / every))
    let start = region + below(room / size - (count - 1) * every / size) * size
    let last = start + (count - 1) * every + (size - 1)
    let tops = topLevel
    models += (level...min(regionLevel, level + 1)).map { (process, start, $0) }
    var item = "{ va: \(start.hex)..\(last.hex), page: \(text), every: \(every.hex)"
    item += ", to: \(frames(size, count)), rights: \(rights())"
    if flip(3) { item += ", alternate: [\(rights()), \(rights()), {}]" }
    if flip(3), level < tops {
      let upper = level + 1 + Int(below(UInt64(tops - level)))
      let fields =
        mode == .x86
        ? ["RW: 0", "US: 0"]
        : mode == .arm64
          ? ["APTable: 2", "APTable: 1", "UXNTable: 1", "PXNTable: 1"]
          : ["RW: 0", "US: 0", "XD: 1"]
      let field = fields[Int(below(UInt64(fields.count)))]
      if !(mode == .pae && upper == 3) {
        item += ", upper: { \(mode.entryName(upper)): { \(field) } }"
      }
    }
    return item + " }"
  }

  private mutating func frames(_ size: UInt64, _ count: UInt64) -> String {
    let from = (below(64) + 1) * size
    switch below(mode == .x86 && size == 4096 ? 5 : 6) {
    case 0: return from.hex
    case 1: return "{ from: \(from.hex) }"
    case 2: return "{ from: \(from.hex), stride: \((size << below(3)).hex) }"
    case 3: return "{ from: \(from.hex), order: shuffled, seed: \(below(1000)) }"
    case 4: return "{ random: \(from.hex)..\((from + 8 * size - 1).hex), seed: \(below(1000)) }"
    default: return "{ from: \(((1 << 34) + from).hex) }"
    }
  }

  private mutating func rights() -> String {
    let execute = mode == .x86 ? "" : ", execute: \(flip())"
    return "{ write: \(flip()), user: \(flip())\(execute) }"
  }

  /// A copy of the leaf or the table above it of something mapped, in a region of its own.
  private mutating func share() -> String? {
    let (process, va, level) = models[Int(below(UInt64(models.count)))]
    let region = regions.removeLast()
    let name = mode.entryName(level)
    return "{ va: \(region.hex), level: \(name), with: \(va.hex), process: \(process) }"
  }
}

extension UInt64 {
  fileprivate var hex: String { "0x" + String(self, radix: 16) }
}
