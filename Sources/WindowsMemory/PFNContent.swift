import BitLayout

/// What an entry of the PFN database is to say.
package struct PFNContent: Sendable {
  /// The list, by its number in `_MMLISTS`.
  package var location: UInt64
  /// The frame after it on the list, of a frame in use the index in the working set.
  package var u1: UInt64
  /// The frame before it on the list, of a frame in use the share count.
  package var u2: UInt64
  package var pteAddress: UInt64 = 0
  package var pteFrame: UInt64 = 0
  package var originalPte: UInt64 = 0
  package var referenceCount: UInt64 = 0
  package var isPrototype = false
  package var isModified = false
  package var caching = PFNEntry.CacheAttribute.cached
  /// The priority, where the kernel keeps it among the flags.
  package var priority: UInt64 = 0

  package init(location: UInt64, u1: UInt64, u2: UInt64) {
    (self.location, self.u1, self.u2) = (location, u1, u2)
  }
}

/// Composes entries of the PFN database of one kernel.
package struct PFNComposer: Sendable {
  private let structure: PFNStructure
  private let location: BitField
  private let modified: BitField?
  private let cached: BitField?
  private let prototype: BitField?
  private let priority: BitField?
  /// The link of a page that has no neighbour on its list.
  package let noLink: UInt64

  /// Windows 8, where links were first no wider than the number of a frame.
  private static let firstNarrowBuild = 9200

  /// Prepares for a kernel; nil where its layout is not known.
  package init?(_ kernel: WindowsKernel, _ structures: WindowsStructures) {
    let flags = kernel.layout(.pfnEntry) ?? kernel.layout(.pfnEntry1)
    guard let structure = structures.pfn, let location = flags?.field(named: "PageLocation")
    else { return nil }
    self.structure = structure
    self.location = location
    modified = flags?.field(named: "Modified")
    cached = flags?.field(named: "CacheAttribute")
    prototype = flags?.field(named: "PrototypePte")
    // From 1511 on the second byte of the flags has a layout of its own.
    priority =
      flags?.field(named: "Priority")
      ?? kernel.layout(.pfnEntry3)?.field(named: "Priority").map {
        BitField($0.name, $0.high + 8, $0.low + 8, $0.kind, $0.meaning)
      }
    // The terminators of each version (Geoff Chappell, MMPFNLIST).
    noLink =
      kernel.id.build < Self.firstNarrowBuild
      ? UInt64.max >> UInt64(64 - 8 * structure.u1.size) : structure.pteFrame.lowMask
  }

  /// The members of an entry.
  package func values(_ content: PFNContent) -> [MemberValue] {
    var values: [MemberValue] = []
    forEachValue(of: content) { values.append(($0, $1)) }
    return values
  }

  /// Gives the members of an entry, one after the other.
  package func forEachValue(
    of content: PFNContent, _ body: (StructureMember, UInt64) -> Void
  ) {
    var flags = location.setting(content.location, in: 0) ?? 0
    flags = cached?.setting(content.caching.number, in: flags) ?? flags
    flags = modified?.setting(content.isModified ? 1 : 0, in: flags) ?? flags
    flags = prototype?.setting(content.isPrototype ? 1 : 0, in: flags) ?? flags
    flags = priority?.setting(content.priority, in: flags) ?? flags
    var u4 = content.pteFrame & structure.pteFrame.lowMask
    if content.isPrototype, let bit = structure.prototypePte { u4 |= 1 << bit.offset }
    body(structure.u1, content.u1)
    body(structure.u2, content.u2)
    body(structure.pteAddress, content.pteAddress)
    body(structure.originalPte, content.originalPte)
    // XP's flags are in one word with the count.
    body(structure.flags, flags)
    body(structure.referenceCount, content.referenceCount)
    body(structure.u4, u4)
  }
}

extension StructureMember {
  /// As many ones as the bit field has bits.
  fileprivate var lowMask: UInt64 { UInt64.max >> UInt64(64 - size) }
}

extension PFNEntry.CacheAttribute {
  /// Its number in `_MI_PFN_CACHE_ATTRIBUTE`.
  fileprivate var number: UInt64 {
    switch self {
    case .nonCached: 0
    case .cached: 1
    case .writeCombined: 2
    case .notMapped: 3
    }
  }
}
