import BitLayout
import WindowsMemory

/// The PFN database.
extension KernelWriter {
  func writeDatabase(_ facts: [(frame: UInt64, facts: FrameFacts)], _ plan: KernelPlan) {
    guard let structure = structures.pfn else { return }
    let layout = plan.windows.frameFlags
    for (frame, facts) in facts where frame < plan.databaseCount {
      let entry = plan.addresses.pfnDatabase + frame * structure.size
      let isActive = facts.location == .active
      // Pages of a list have its links there; these are the only ones.
      let noLink = structure.pteFrame.lowMask
      set(structure.u1, of: entry, to: isActive ? 0 : noLink)
      set(structure.u2, of: entry, to: isActive ? facts.shareCount : noLink)
      set(structure.pteAddress, of: entry, to: facts.pteAddress)
      set(structure.originalPte, of: entry, to: facts.originalPte)
      // XP's flags are in one word with the count.
      set(structure.flags, of: entry, to: flags(of: facts, layout))
      set(structure.referenceCount, of: entry, to: isActive ? 1 : 0)
      var u4 = facts.pteFrame & structure.pteFrame.lowMask
      if facts.isPrototype, let bit = structure.prototypePte { u4 |= 1 << bit.offset }
      set(structure.u4, of: entry, to: u4)
    }
  }

  private func flags(of facts: FrameFacts, _ layout: WordLayout?) -> UInt64 {
    func setting(_ name: String, _ value: UInt64, in word: UInt64) -> UInt64 {
      layout?.field(named: name)?.setting(value, in: word) ?? word
    }
    let located = setting("PageLocation", facts.location.rawValue, in: 0)
    let cached = setting("CacheAttribute", 1, in: located)
    return facts.isPrototype ? setting("PrototypePte", 1, in: cached) : cached
  }
}

extension StructureMember {
  /// As many ones as the bit field has bits.
  fileprivate var lowMask: UInt64 { UInt64.max >> UInt64(64 - size) }
}
