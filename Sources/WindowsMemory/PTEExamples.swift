import PhysicalMemory

/// Entries that say one thing each.
extension WindowsSystem {
  /// An entry of a page table for every state that one can have and the processor does not use.
  ///
  /// What the entries point at is nowhere in particular, and what protects a page allows everything.
  public var examples: [(state: String, entry: UInt64)] {
    let encoder = PTEEncoder(kernel, mask: invalidMask, pools: pools)
    let address = firstAddress(of: encoder.prototypePointer)
    var examples = PTEState.allCases.compactMap { state -> (String, UInt64)? in
      let forms = forms(of: state, address: address)
      // Some kernels have no room for a protection in the form.
      return forms.lazy.compactMap { try? encoder.entry($0) }.first.map { (state.rawValue, $0) }
    }
    if let all = MMProtection(base: Self.everything, modifier: .guardPage),
      let entry = try? encoder.entry(.demandZero(all))
    {
      examples.append(("guarded", entry))
    }
    return examples
  }

  private static let everything = "MM_EXECUTE_READWRITE"

  /// What an entry of a page table may say to be in a state; nothing where none is, or where it is
  /// not expected in one.
  private func forms(of state: PTEState, address: UInt64) -> [PTEForm] {
    guard let all = MMProtection(base: Self.everything) else { return [] }
    switch state {
    case .zero: return [.zero]
    case .demandZero: return [.demandZero(all)]
    case .noAccess: return [.noAccess(.noAccess)]
    case .decommitted: return [.decommitted]
    case .pageFile: return [.pageFile(number: 0, page: 1, all)]
    case .virtualStore: return virtualStore.map { [.pageFile(number: $0, page: 1, all)] } ?? []
    case .transition: return [.transition(pfn: 1, all)]
    case .prototype: return [all, .zeroAccess].map { .prototype(address: address, $0) }
    case .prototypeVAD: return [.prototypeVAD(all)]
    case .valid, .large, .subsection, .freed, .ambiguous: return []
    }
  }

  /// An address that an entry can have a prototype entry at: in a whole field any of the system, else
  /// one that is counted from a base, or as an offset.
  private func firstAddress(of form: PointerForm) -> UInt64 {
    guard let base = form.base else { return frameSize }
    let start: UInt64 = kernel.format.isThirtyTwoBit ? 0x8000_0000 : 0xffff_8000_0000_0000
    return base == 0 ? start : base &+ frameSize
  }
}
