public import Paging
import PhysicalMemory

extension KernelCube {
  /// Tries every `stride`th combination on the library's MMU and compares it with the expectation.
  ///
  /// The two last entries are rewritten in place for each combination, as the kernel's test does.
  public func run(stride: Int = 1, mode: PagingMode = .x86_64) throws -> CubeTally {
    if mode == .la57 {
      var run = try KernelCubeRun<FiveLevelFormat>(self, stride: stride)
      return run.run()
    }
    var run = try KernelCubeRun<FourLevelFormat>(self, stride: stride)
    return run.run()
  }
}

/// One run through the cube in one format.
private struct KernelCubeRun<Format: PagingFormat> {
  private let cube: KernelCube
  private let stride: Int
  private let bytes: ByteMapping
  private let memory: FlatMemory
  private var tally = CubeTally()

  /// The tables from the top down lie in the first frames: the page directory and the page table
  /// are the last two.
  private let pdAddress = (Format.levelCount - 2) << 12
  private let ptAddress = (Format.levelCount - 1) << 12
  /// Every index is 5; the page lies at 1 GiB.
  private let address: UInt64
  private let page: UInt64 = 0x4000_0000
  private let slot = 5 * 8

  init(_ cube: KernelCube, stride: Int) throws {
    self.cube = cube
    self.stride = stride
    bytes = try ByteMapping.zeroed(count: Format.levelCount << 12)
    memory = FlatMemory(bytes)
    address = (0..<Format.levelCount).reduce(0x123) { $0 | 5 << UInt64(12 + 9 * $1) }
  }

  /// The entries of a combination as they stand in memory, without the protection key.
  private struct Words {
    var flags: UInt32
    var pte: UInt64
    var pde: UInt64
  }

  private func words(_ flags: UInt32) -> Words {
    let (pte, pde) = KernelExpectation.entries(flags)
    let isLarge = flags & KernelCube.Condition.pdePSE.bit != 0
    return Words(
      flags: flags, pte: pte | page, pde: pde | (isLarge ? page : UInt64(ptAddress)))
  }

  mutating func run() -> CubeTally {
    var words: [Bool: [Words]] = [:]
    for nxe in [false, true] {
      words[nxe] = cube.entries(in: nxe ? KernelCube.Condition.nxe.bit : 0).map(self.words)
    }
    // P, RW, US and A above the two last entries.
    for table in 0..<Format.levelCount - 2 {
      bytes.store(UInt64(table + 1) << 12 | 0x27, at: table << 12 + slot)
    }
    var first = 0
    for block in cube.blocks {
      let list = words[block & KernelCube.Condition.nxe.bit != 0] ?? []
      run(block, list, from: first)
      // The first index of the next block that the stride meets.
      let met = (list.count - first + stride - 1) / stride
      first += max(0, met) * stride - list.count
    }
    return tally
  }

  private func state(_ block: UInt32) -> PagingState {
    func has(_ condition: KernelCube.Condition) -> Bool { block & condition.bit != 0 }
    var state = PagingState(mode: Format.mode)
    state.cr0 = has(.writeProtect) ? 0x8001_0001 : 0x8000_0001
    if has(.keys) { state.cr4 |= 0x40_0000 }
    if has(.smep) { state.cr4 |= 0x10_0000 }
    state.efer = has(.nxe) ? 0xd00 : 0x500
    state.pkru = (has(.keyAccessDisable) ? 4 : 0) | (has(.keyWriteDisable) ? 8 : 0)
    state.physicalBits = cube.physicalBits
    return state
  }

  private mutating func run(_ block: UInt32, _ list: [Words], from first: Int) {
    func has(_ condition: KernelCube.Condition) -> Bool { block & condition.bit != 0 }
    let state = state(block)
    let rules = AccessRules(state)
    let walker = Walker(format: Format(state), memory: memory, root: state.root)
    let access = Access(
      has(.write) ? .write : has(.fetch) ? .execute : .read, as: has(.user) ? .user : .supervisor)
    let readOnly: UInt64 = 2
    let keyBits: UInt64 = has(.key) ? 1 << 59 : 0
    let isTwice = has(.twice)
    let pointer = VirtualAddress(address)
    var record = AccessRecorder()
    let pdpteAddress = (Format.levelCount - 3) << 12 + slot
    let pdpte = UInt64(pdAddress) | 0x27
    var index = first
    while index < list.count {
      let words = list[index]
      index += stride
      let flags = words.flags | block
      let (pte, pde) = (words.pte | keyBits, words.pde | keyBits)
      let isReadOnly = flags & KernelCube.Condition.pdpteReadOnly.bit != 0
      bytes.store(isReadOnly ? pdpte & ~readOnly : pdpte, at: pdpteAddress)
      bytes.store(pde, at: pdAddress + slot)
      bytes.store(pte, at: ptAddress + slot)
      if isTwice {
        let read = Access(.read, as: .supervisor)
        if case .made(let page) = walker.decide(pointer, read, rules: rules, record: &record) {
          store(rules.updates(of: read, page, record, Format.levelCount))
        }
      }
      let decision = walker.decide(pointer, access, rules: rules, record: &record)
      if case .made(let page) = decision {
        store(rules.updates(of: access, page, record, Format.levelCount))
      }
      compare(decision, KernelExpectation(flags, pte: pte, pde: pde), flags)
    }
  }

  /// Writes the accessed and dirty bits that an access sets.
  private func store(_ updates: EntryUpdates) {
    for update in updates { bytes.store(update.after, at: Int(update.address.rawValue)) }
  }

  private mutating func compare(
    _ decision: AccessDecision, _ expected: KernelExpectation, _ flags: UInt32
  ) {
    let outcome: UInt64
    var isRight: Bool
    switch decision {
    case .made(let translation):
      outcome = CubeTally.translated
      isRight = expected.code == nil && translation.address.rawValue == pageAddress(flags)
    case .pageFault(let fault):
      outcome = UInt64(fault.errorCode.rawValue)
      isRight = expected.code == fault.errorCode.rawValue
    case .generalProtection: (outcome, isRight) = (CubeTally.generalProtection, false)
    case .missing: (outcome, isRight) = (CubeTally.missing, false)
    }
    let pte = bytes.load(UInt64.self, at: UInt64(ptAddress + slot)) ?? 0
    let pde = bytes.load(UInt64.self, at: UInt64(pdAddress + slot)) ?? 0
    if pte != expected.pte || (pde ^ expected.pde) & ~expected.openPDEBits != 0 { isRight = false }
    tally.add(outcome)
    if !isRight {
      tally.fail(
        "\(KernelCube.describe(flags)): \(decision), PTE 0x\(String(pte, radix: 16)), PDE "
          + "0x\(String(pde, radix: 16)); expected \(expected)")
    }
  }

  private func pageAddress(_ flags: UInt32) -> UInt64 {
    let isLarge = flags & KernelCube.Condition.pdePSE.bit != 0
    // Bits that are no longer reserved are never set, so that the page is always the same.
    return page | address & (isLarge ? 0x1f_ffff : 0xfff)
  }
}
