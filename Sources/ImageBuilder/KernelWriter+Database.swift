import WindowsMemory

/// The PFN database.
extension KernelWriter {
  func writeDatabase(_ facts: [(frame: UInt64, facts: FrameFacts)], _ plan: KernelPlan) {
    guard let structure = structures.pfn,
      let composer = PFNComposer(plan.windows.kernel, structures)
    else { return }
    for (frame, facts) in facts where frame < plan.databaseCount {
      let isActive = facts.location == .active
      // Pages of a list have its links there; these are the only ones.
      var content = PFNContent(
        location: facts.location.rawValue, u1: isActive ? 0 : composer.noLink,
        u2: isActive ? facts.shareCount : composer.noLink)
      content.pteAddress = facts.pteAddress
      content.pteFrame = facts.pteFrame
      content.originalPte = facts.originalPte
      content.referenceCount = isActive ? 1 : 0
      content.isPrototype = facts.isPrototype
      set(composer.values(content), of: plan.addresses.pfnDatabase + frame * structure.size)
    }
  }
}
