private typealias Condition = WiderCube.Condition

/// What the kernel's cube leaves out.
extension RecordedCubes {
  /// The cubes in the order of the golden.
  public static let wider: [WiderCube] =
    [rights] + [1, 2, 3].map(keys) + [1, 2, 3].map(shadowStacks)
    + [CubeCase.Mode.fourLevel, .fiveLevel].flatMap { mode in
      [1, 2, 3].map { reserved(mode, leaf: $0) }
    } + [1, 2].map(pae) + [twoLevel] + marks
    + [CubeCase.Mode.fourLevel, .fiveLevel].flatMap { [manufacturers($0), spaces($0)] }

  private static let p: UInt64 = 1
  private static let rw: UInt64 = 2
  private static let us: UInt64 = 4
  private static let a: UInt64 = 0x20
  private static let d: UInt64 = 0x40
  private static let xd: UInt64 = 1 << 63

  private static func words(_ bits: [UInt64], with base: UInt64 = 0) -> [UInt64] {
    (0..<1 << bits.count).map { choice in
      bits.indices.reduce(base) { choice >> $1 & 1 == 1 ? $0 | bits[$1] : $0 }
    }
  }

  /// Rights that differ at each of four levels, with WP, SMEP, SMAP and AC.
  private static let rights: WiderCube = {
    let flags = words([rw, us, xd], with: p)
    return WiderCube(
      "rights-per-level", every: 389,
      [.mode(.fourLevel), .writeProtect, .executionPrevention, .accessPrevention]
        + Condition.access()
        + [
          .table(4, "PML4E", flags), .table(3, "PDPTE", flags), .table(2, "PDE", flags),
          .page(1, "PTE", flags),
        ])
  }()

  /// The tables above a page, all with these flags.
  private static func above(_ leaf: Int, to top: Int, _ flags: [UInt64]) -> Condition {
    Condition("above", flags) { item, flags in
      for level in leaf + 1...top { item.entries[level] = CubeCase.table(level - 1) | flags }
    }
  }

  /// Protection keys of user and supervisor pages of each size, with SMAP and WP.
  private static func keys(leaf: Int) -> WiderCube {
    WiderCube(
      "keys-level-\(leaf)", every: 1453,
      [
        .mode(.fourLevel), .writeProtect, .accessPrevention,
        Condition("PKE PKS", [0, 0x40_0000, 0x100_0000, 0x140_0000] as [UInt64]) {
          $0.registers.cr4 |= $1
        },
        // AD and WD of the keys 1 and 15.
        Condition("PKRU", [0, 0x4000_0004, 0x8000_0008, 0xc000_000c] as [UInt64]) {
          $0.registers.pkru = $1
        },
        Condition("PKRS", [0, 0x4000_0004, 0x8000_0008, 0xc000_000c] as [UInt64]) {
          $0.registers.pkrs = $1
        },
      ] + Condition.access() + [
        above(leaf, to: 4, words([rw, us], with: p | 5 << 59)),
        .page(leaf, "page", words([rw, us], with: p | a | d)),
        Condition("key", [0, 1, 2, 15] as [UInt64]) { item, key in
          item.entries[item.leaf] |= key << 59
        },
      ])
  }

  /// Shadow stacks on pages of each size, under rights that differ per level.
  private static func shadowStacks(leaf: Int) -> WiderCube {
    var tables: [Condition] = []
    for level in (leaf + 1...4).reversed() {
      tables.append(.table(level, "level \(level)", words([rw, us], with: p | a)))
    }
    return WiderCube(
      "shadow-stacks-level-\(leaf)", every: 331,
      [
        .mode(.fourLevel),
        Condition("CET with", [0, 0x20_0000, 0x140_0000] as [UInt64]) {
          $0.registers.cr4 |= 0x80_0000 | $1
        },
        Condition("key 1", [0, 4, 8] as [UInt64]) {
          $0.registers.pkru = $1
          $0.registers.pkrs = $1
        },
      ] + Condition.access(CubeCase.Kind.allCases) + tables + [
        .page(leaf, "page", words([p, rw, us, d, xd], with: 1 << 59))
      ])
  }

  /// Several reserved bits at once, at every level; MAXPHYADDR is 46.
  private static func reserved(_ mode: CubeCase.Mode, leaf: Int) -> WiderCube {
    let base: UInt64 = us | rw
    var entries: [Condition] = []
    for level in (leaf...mode.rawValue).reversed() {
      var flags = words([p, 1 << 51, xd], with: base)
      if level > 3 { flags += words([1 << 46, xd], with: base | p | 0x80) }
      if level == leaf && leaf > 1 {
        flags += words([1 << 13, leaf == 2 ? 1 << 20 : 1 << 29, 1 << 46], with: base | p)
        // PAT is never reserved.
        flags.append(base | p | 0x1000)
      }
      entries.append(
        level == leaf ? .page(level, "page", flags) : .table(level, "level \(level)", flags))
    }
    let large = leaf == 3 ? [true, false] : [true]
    return WiderCube(
      "reserved-\(mode.rawValue)-levels-page-at-\(leaf)", every: leaf == 1 ? 1787 : 211,
      [
        .mode(mode), .noExecute,
        Condition("1G pages", large) { $0.registers.hasPage1G = $1 },
      ] + Condition.access(by: [.user, .supervisor]) + entries)
  }

  /// PAE: PDPTEs with any reserved bits, loaded with CR3 or walked.
  private static func pae(leaf: Int) -> WiderCube {
    let entries: [Condition] =
      leaf == 1
      ? [
        .table(2, "PDE", words([us, xd, 1 << 62], with: p | rw)),
        .page(1, "PTE", words([p, rw, 1 << 52, 1 << 40])),
      ] : [.page(2, "PDE", words([p, rw, us, xd, 1 << 13, 1 << 20, 1 << 52]))]
    return WiderCube(
      "pae-page-at-\(leaf)", every: 1091,
      [
        .mode(.pae), .noExecute,
        Condition("MAXPHYADDR", [36, 52] as [UInt64]) { $0.registers.physicalBits = $1 },
        Condition("PDPTEs", ["loaded", "accept-accessed", "walked"]) {
          $0.registers.acceptsAccessedPDPTE = $1 == "accept-accessed"
          $0.registers.walksPDPTEs = $1 == "walked"
        },
      ] + Condition.access() + [
        .table(3, "PDPTE", words([p, 2, 4, a, 0x100, 1 << 40, 1 << 63]))
      ] + entries)
  }

  /// 32-bit paging with and without PSE and PSE-36, with address bits that are reserved or not.
  private static let twoLevel = WiderCube(
    "two-levels", every: 4003,
    [
      .mode(.x86),
      Condition("PSE", [false, true]) { if $1 { $0.registers.cr4 |= 0x10 } },
      Condition("PSE-36", [false, true]) { $0.registers.hasPSE36 = $1 },
      Condition("MAXPHYADDR", [32, 36, 40, 52] as [UInt64]) { $0.registers.physicalBits = $1 },
      Condition("with", ["nothing", "WP=0", "SMEP", "SMAP", "SMAP AC"]) {
        if $1 == "WP=0" { $0.registers.cr0 = 0x8000_0001 }
        if $1 == "SMEP" { $0.registers.cr4 |= 0x10_0000 }
        if $1.hasPrefix("SMAP") { $0.registers.cr4 |= 0x20_0000 }
        $0.registers.ac = $1 == "SMAP AC"
      },
    ] + Condition.access() + [
      .table(2, "PDE", words([p, rw, us, 0x80])),
      .subsets([1 << 12, 1 << 13, 1 << 17, 1 << 20, 1 << 21], of: 2, "PDE bits"),
      .page(1, "PTE", words([p, rw, us])),
    ])

  /// Bits 8 and 7 of each entry, which manufacturers do not all ignore above a PDPTE.
  private static func manufacturers(_ mode: CubeCase.Mode) -> WiderCube {
    let tables = (2...mode.rawValue).reversed().map { level in
      Condition.table(
        level, "level \(level)", words(level > 3 ? [p, 0x80, 0x100] : [p, 0x100], with: rw | us))
    }
    return WiderCube(
      "manufacturers-\(mode.rawValue)-levels", every: 97,
      [
        .mode(mode), Condition("AMD", [false, true]) { $0.registers.isAMD = $1 },
      ] + Condition.access(by: [.user, .supervisor]) + tables + [
        .page(1, "page", words([0x80, 0x100], with: p | rw | us))
      ])
  }

  /// Linear-address-space separation, before and without what entries say.
  private static func spaces(_ mode: CubeCase.Mode) -> WiderCube {
    WiderCube(
      "spaces-\(mode.rawValue)-levels", every: 43,
      [
        .mode(mode), .executionPrevention, .accessPrevention,
        Condition("LASS", [false, true]) { if $1 { $0.registers.cr4 |= 0x800_0000 } },
        Condition("upper half", [false, true]) { $0.registers.isUpperHalf = $1 },
        Condition("CET", [true]) { if $1 { $0.registers.cr4 |= 0x80_0000 } },
      ] + Condition.access(CubeCase.Kind.allCases) + [
        above(1, to: mode.rawValue, [p | rw, p | rw | us]),
        .page(1, "page", words([p, us], with: rw) + words([p, us], with: d)),
      ])
  }

  /// Accessed and dirty bits in every state, in every mode and page size.
  private static let marks: [WiderCube] = {
    let modes: [(CubeCase.Mode, [Int])] = [
      (.x86, [1, 2]), (.pae, [1, 2]), (.fourLevel, [1, 2, 3]), (.fiveLevel, [1, 2, 3]),
    ]
    return modes.flatMap { mode, leaves in
      leaves.map { leaf in
        var entries: [Condition] = []
        for level in (leaf...mode.rawValue).reversed() {
          let isPDPTE = mode == .pae && level == 3
          let flags = isPDPTE ? [p] : words([a, d], with: p | rw | us)
          entries.append(
            level == leaf
              ? .page(level, "page", flags + words([a, d], with: p | us))
              : .table(level, "level \(level)", flags))
        }
        return WiderCube(
          "marks-\(mode.rawValue)-levels-page-at-\(leaf)", every: 23,
          [
            .mode(mode), .writeProtect,
            Condition("PSE", [true]) { if $1 && mode == .x86 { $0.registers.cr4 |= 0x10 } },
          ] + Condition.access() + entries)
      }
    }
  }()
}
