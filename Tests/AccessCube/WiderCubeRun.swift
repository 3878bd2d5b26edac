import Paging
import PhysicalMemory

extension WiderCube {
  /// Tries every `stride`th case on the library's MMU and compares it with the expectation.
  public func run(stride: Int = 1) throws -> CubeTally {
    var run = try WiderCubeRun()
    for index in Swift.stride(from: 0, to: count, by: stride) {
      run.run(item(index)) { describe(index) }
    }
    return run.tally
  }
}

/// Cases in memory, one after the other.
private struct WiderCubeRun {
  var tally = CubeTally()
  private let bytes: ByteMapping
  private let memory: MemoryImage
  private var registers = CubeCase.Registers()
  private var operation = CaseOperation()
  private var state = PagingState(mode: .x86_64)

  init() throws {
    bytes = try ByteMapping.zeroed(count: 5 << 12)
    memory = .flat(FlatMemory(bytes, base: PhysicalAddress(CubeCase.table(5))))
    configure(registers)
  }

  /// The library's state for a case's registers.
  private mutating func configure(_ registers: CubeCase.Registers) {
    self.registers = registers
    let modes: [CubeCase.Mode: PagingMode] = [
      .x86: .x86, .pae: .pae, .fourLevel: .x86_64, .fiveLevel: .la57,
    ]
    state = PagingState(
      mode: modes[registers.mode] ?? .x86, cr3: CubeCase.table(registers.mode.rawValue))
    state.cr0 = registers.cr0
    state.cr4 = registers.cr4
    state.efer = registers.efer
    state.pkru = registers.pkru
    state.pkrs = registers.pkrs
    state.physicalBits = Int(registers.physicalBits)
    state.features.pse36 = registers.hasPSE36
    state.features.page1G = registers.hasPage1G
    state.features.acceptsAccessedPDPTE = registers.acceptsAccessedPDPTE
    state.features.walksPDPTEs = registers.walksPDPTEs
    state.alignmentCheck = registers.ac
    state.vendor = registers.isAMD ? .amd : .intel
    operation.rules = AccessRules(state)
    operation.pointer = VirtualAddress(address | (registers.isUpperHalf ? topBits : 0))
  }

  /// The highest bit that is translated, and all above it, of 4-level and 5-level paging.
  private var topBits: UInt64 {
    registers.mode == .fiveLevel ? 0xff00_0000_0000_0000 : 0xffff_8000_0000_0000
  }

  /// Index 3 at every level, 1 in a PAE PDPT, and an offset.
  private var address: UInt64 {
    switch registers.mode {
    case .x86: 3 << 22 | 3 << 12 | 0x765
    case .pae: 1 << 30 | 3 << 21 | 3 << 12 | 0x765
    case .fourLevel: 3 << 39 | 3 << 30 | 3 << 21 | 3 << 12 | 0x765
    case .fiveLevel: 3 << 48 | 3 << 39 | 3 << 30 | 3 << 21 | 3 << 12 | 0x765
    }
  }

  private func entryAddress(_ level: Int) -> UInt64 {
    var slot: UInt64 = registers.mode == .pae && level == 3 ? 1 : 3
    if registers.isUpperHalf, level == registers.mode.rawValue { slot += 0x100 }
    return CubeCase.table(level) + slot * (registers.mode == .x86 ? 4 : 8)
  }

  private func store(_ item: CubeCase) {
    for level in 1...registers.mode.rawValue {
      let offset = Int(entryAddress(level) - CubeCase.table(5))
      if registers.mode == .x86 {
        bytes.store(UInt32(truncatingIfNeeded: item.entries[level]), at: offset)
      } else {
        bytes.store(item.entries[level], at: offset)
      }
    }
  }

  mutating func run(_ item: CubeCase, _ name: () -> String) {
    if item.registers != registers { configure(item.registers) }
    store(item)
    operation.access = item.access
    let result = state.perform(&operation, on: memory)
    let expected = ManualProcessor(item).verdict(offset: operation.pointer.rawValue)
    tally.add(Self.code(result))
    if !agrees(result, expected, item) { tally.fail("\(name()): \(result); expected \(expected)") }
  }

  private static func code(_ result: AccessResult) -> UInt64 {
    switch result {
    case .translated: CubeTally.translated
    case .pageFault(let fault): UInt64(fault.errorCode.rawValue)
    case .abort(let abort): abort.syndrome
    case .generalProtection: CubeTally.generalProtection
    case .missing: CubeTally.missing
    }
  }

  private func agrees(
    _ result: AccessResult, _ expected: CubeVerdict, _ item: CubeCase
  ) -> Bool {
    switch (result, expected.outcome) {
    case (.translated(let translation, let updates), .translated(let address)):
      translation.address.rawValue == address && agrees(updates, expected, item)
    case (.pageFault(let fault), .pageFault(let code)): fault.errorCode.rawValue == code
    case (.generalProtection, .generalProtection), (.missing, .missing): true
    default: false
    }
  }

  /// The updates are those of the expectation, level by level from the top, and nothing else.
  private func agrees(
    _ updates: EntryUpdates, _ expected: CubeVerdict, _ item: CubeCase
  ) -> Bool {
    guard let levels = expected.accessed else { return false }
    var position = 0
    for level in levels.reversed() {
      let before = item.entries[level]
      let after = before | 0x20 | (level == expected.dirty ? 0x40 : 0)
      if before == after { continue }
      guard position < updates.count else { return false }
      let update = updates[position]
      position += 1
      guard update.level == level, update.before == before, update.after == after,
        update.address.rawValue == entryAddress(level)
      else { return false }
    }
    return position == updates.count
  }
}

private struct CaseOperation: WalkerOperation {
  var pointer = VirtualAddress(0)
  var access = Access(.read, as: .user)
  var rules = AccessRules(PagingState(mode: .x86_64))

  mutating func run(_ walker: some TableWalker) -> AccessResult {
    walker.access(pointer, access, rules: rules)
  }
}

extension CubeCase {
  /// The access in the library's terms.
  fileprivate var access: Access {
    let kind: Access.Kind =
      switch self.kind {
      case .read: .read
      case .write: .write
      case .execute: .execute
      case .shadowStackRead: .shadowStackRead
      case .shadowStackWrite: .shadowStackWrite
      }
    let privilege: Access.Privilege =
      switch who {
      case .user: .user
      case .supervisor: .supervisor
      case .implicit: .supervisorImplicit
      }
    return Access(kind, as: privilege)
  }
}
