import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Where the parts of the kernel's half are, of which a scenario may move some.
extension WindowsSimulation {
  /// The slot of the self-map of x64 and arm64; 32-bit systems have theirs at a fixed place.
  func selfMapSlot(_ windows: Scenario.Windows?) throws(StepFailure) -> Int {
    guard !kernel.format.isThirtyTwoBit, let said = windows?.selfMapSlot else {
      return space.selfMapSlot
    }
    let count = frameSize / UInt64(state.entrySize)
    guard (count / 2..<count).contains(said.value) else {
      throw .mistake(
        .doesNotFit, "\(said.value.hex) is no slot of the kernel's half", at: said.mark,
        notes: ["the slots are \((count / 2).hex) to \((count - 1).hex)"])
    }
    return Int(said.value)
  }

  /// Refuses parts that are in each other's way, and lets none grow into the next.
  func placeParts(_ scenario: Scenario) throws(StepFailure) {
    let windows = scenario.windows
    let said = windows?.pfnDatabaseAddress
    if let said { try check(said) }
    for (name, start, mark) in [
      ("pool", space.pool, nil), ("array of prototype PTEs", space.prototypes, nil),
      ("PFN database", space.pfnDatabase, said?.mark),
      ("kernel's shared data", sharedDataAlias * frameSize, nil),
    ] where isInSelfMap(start) {
      throw .mistake(
        .overlap, "the \(name) would begin in the self-map, at \(start.hex)",
        at: mark ?? windows?.selfMapSlot?.mark)
    }
    pool.limit = space.pool + room(from: space.pool)
    prototypeArena.limit = space.prototypes + room(from: space.prototypes)
    guard let structure = structures.pfn, let last = memory.installed.last?.upperBound else {
      return
    }
    let room = room(from: space.pfnDatabase)
    guard last < room / structure.size else {
      throw .mistake(
        .tooLarge, "a PFN database of \(last + 1) frames takes too many of the kernel's addresses",
        at: said?.mark ?? scenario.machine.memory.mark,
        notes: [
          "there is room for \(room / structure.size) of them; `pfn-database-at` says where they begin"
        ])
    }
  }

  private func check(_ database: Located<UInt64>) throws(StepFailure) {
    let address = database.value
    guard address % frameSize == 0 else {
      throw .mistake(
        .misaligned, "\(address.hex) is no boundary of a page", at: database.mark)
    }
    guard (startOfKernel..<endOfAddresses).contains(address) else {
      throw .mistake(
        .addressNotCanonical, "\(address.hex) is not in the kernel's half of addresses",
        at: database.mark)
    }
    guard ![space.pool, space.prototypes, sharedDataAlias * frameSize].contains(address) else {
      throw .mistake(
        .overlap, "at \(address.hex) other structures of the kernel begin", at: database.mark)
    }
  }

  private var startOfKernel: UInt64 {
    let state = state.half(of: VirtualAddress(UInt64.max))
    guard state.firstAddress == 0 else { return state.firstAddress }
    let (level, count) = (state.topLevel, state.entryCount(state.topLevel))
    return state.address(0, level: level, index: count / 2)
  }

  /// The address behind all that parts may have.
  private var endOfAddresses: UInt64 {
    kernel.format.isThirtyTwoBit ? 1 << 32 : UInt64.max
  }

  private func isInSelfMap(_ address: UInt64) -> Bool {
    // PAE has four page directories, each with an entry.
    let size = (isPAE ? 4 : 1) << state.pageShift(kernelLevel)
    return selfMap.map { address >= $0.base && address - $0.base < size } ?? false
  }

  /// How many bytes there are from the start of a part up to the next one.
  private func room(from start: UInt64) -> UInt64 {
    let others =
      [space.pool, space.prototypes, space.pfnDatabase, sharedDataAlias * frameSize]
      + (selfMap.map { [$0.base] } ?? [])
    return (others.filter { $0 > start }.min() ?? endOfAddresses) - start
  }
}
