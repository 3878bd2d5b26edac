import Paging
import PhysicalMemory

extension ReferenceProcessor {
  /// The state of the library that should behave like this processor.
  var state: PagingState {
    let modes: [Mode: PagingMode] = [
      .x86: .x86, .pae: .pae, .fourLevel: .x86_64, .fiveLevel: .la57,
    ]
    var state = PagingState(mode: modes[mode] ?? .x86, cr3: cr3)
    state.efer = nxe ? state.efer | 0x800 : state.efer & ~0x800
    state.cr4 = pse ? state.cr4 | 0x10 : state.cr4 & ~0x10
    state.physicalBits = maxPhysicalAddress
    state.features.pse36 = pse36
    state.features.page1G = page1G
    state.features.acceptsAccessedPDPTE = acceptsAccessedPDPTE
    return state
  }
}

extension ReferenceProcessor.Answer {
  /// The library's answer in the same terms; bits that do not belong to the outcome stay 0.
  init(_ result: WalkResult) {
    self.init(outcome: result.outcome.rawValue)
    switch result {
    case .mapped(let page):
      level = page.level
      address = page.address.rawValue
      pageSize = page.pageSize
      write = page.rights.contains(.write)
      user = page.rights.contains(.user)
      execute = page.rights.contains(.execute)
    case .stopped(let stop):
      level = stop.level
      if case .reservedBits(let bits) = stop.cause { reserved = bits }
      if stop.cause == .missing { missing = stop.entryAddress.rawValue }
    }
  }
}
