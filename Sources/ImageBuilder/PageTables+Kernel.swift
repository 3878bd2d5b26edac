import BitLayout
import Paging
import PhysicalMemory
import ScenarioFile

/// The kernel half of address spaces, which all of them have in common.
extension PageTables {
  /// The level whose entries are copied from one address space to the others: the top table's, or,
  /// as PAE kernels do, those of each space's own page directories.
  private var copiedLevel: Int { state.mode == .pae ? 2 : state.topLevel }

  /// Copies the entries of the kernel half that a space lacks from the space that has them all.
  func copyKernelHalf(
    from system: Int, to space: Int, for mark: SourceMark
  ) throws(Diagnostic) -> [SharedRange] {
    // Roots in common are one table.
    guard kernelRoot(of: system).base != kernelRoot(of: space).base else { return [] }
    var shares: [SharedRange] = []
    for source in directories(of: system) {
      for index in 0..<state(of: source).entryCount(source.level) {
        let range = coverage(source, index)
        let entry = entry(at: entryAddress(source.base, index))
        guard isKernel(range.lowerBound), entry != 0 else { continue }
        let va = Located(range.lowerBound, at: mark)
        let copy = try place(of: va, level: source.level, space: space, makingFor: mark)
        guard let table = copy.table, copy.entry == 0 else { continue }
        store(entry, in: table, at: copy.address, for: mark)
        shares.append(
          SharedRange(
            mark: mark, level: source.level, space: table.space, range: range,
            sourceSpace: source.space, source: range.lowerBound))
      }
    }
    return shares
  }

  /// The tables of a space with the entries that are copied.
  private func directories(of space: Int) -> [Table] {
    let root = kernelRoot(of: space)
    guard copiedLevel < root.level else { return [root] }
    return (0..<state.entryCount(root.level)).compactMap { index in
      guard
        case .table(let next) = state.meaning(
          of: entry(at: entryAddress(root.base, index)), level: root.level)
      else { return nil }
      return tables[next.rawValue]
    }
  }

  /// Whether an address is the kernel's.
  func isKernel(_ address: UInt64) -> Bool {
    address >> UInt64(state.mode.virtualAddressBits - 1) & 1 != 0
  }

  /// A slot of the kernel's half that is empty in all spaces, by a seed: where a kernel that chooses would
  /// have its self-map.
  func freeSlot(seed: UInt64) -> UInt64? {
    // The last slot holds the kernel's own image on some builds.
    let slots = Permutation(count: 0xff, seed: seed)
    return (0..<0xff).lazy.map { 0x100 + slots[$0] }.first(where: isFree)
  }

  /// Whether a slot of the top table is empty in all spaces.
  private func isFree(_ slot: UInt64) -> Bool {
    roots.indices.allSatisfy { space in
      let root = kernelRoot(of: space)
      let index = Int(slot) - entriesBefore(root)
      return (0..<state(of: root).entryCount(root.level)).contains(index)
        && entry(at: entryAddress(root.base, index)) == 0
    }
  }

  /// Makes the page tables of a space pages of its kernel half; gives the addresses it takes.
  func mapTables(slot: Located<UInt64>, space: Int) throws(Diagnostic) -> [EditedEntry] {
    guard state.mode == .pae else {
      let range = try mapSelf(slot, space: space)
      let root = kernelRoot(of: space)
      let address = entryAddress(root.base, Int(slot.value) - entriesBefore(root))
      store(kernelEntry(entry(at: address)), at: address)
      return [EditedEntry(mark: slot.mark, level: root.level, space: root.space, range: range)]
    }
    // PAE: the page directories are the page tables of their own first 8 MiB in the last one.
    var edited: [EditedEntry] = []
    let all = try (0..<4).map { (index: UInt64) throws(Diagnostic) in
      try place(
        of: Located(index << 30, at: slot.mark), level: 2, space: space, makingFor: slot.mark)
    }
    guard let last = all[3].table else { return [] }
    for (index, directory) in all.enumerated() {
      guard let table = directory.table,
        let entry = state.tableEntry(to: PhysicalAddress(table.base), level: 2)
      else { continue }
      let address = entryAddress(last.base, index)
      guard self.entry(at: address) == 0 else {
        throw Diagnostic(
          .overlap, "the self-map at 0xc0000000 is mapped already", at: slot.mark)
      }
      store(kernelEntry(entry | tableBits(2)), in: last, at: address, for: slot.mark)
      edited.append(
        EditedEntry(
          mark: slot.mark, level: 2, space: last.space, range: coverage(last, index)))
    }
    return edited
  }

  /// An entry for the kernel alone, which holds no program.
  func kernelEntry(_ entry: UInt64) -> UInt64 {
    guard !state.isARM64 else { return entry | tableBits(state.topLevel) }
    let noExecute =
      state.mode != .x86 && state.noExecute ? X86Fields.executeDisable.mask : 0
    return entry & ~X86Fields.user.mask | noExecute | tableBits(2)
  }

  /// Copies the user half of a space to its second root, and takes execution away from the first,
  /// as kernels do that hide their addresses from user mode.
  func copyUserHalf(
    from space: Int, to shadow: Int, for mark: SourceMark
  ) throws(Diagnostic) -> [SharedRange] {
    let source = roots[space]
    var shares: [SharedRange] = []
    for index in 0..<state.entryCount(source.level) {
      let range = coverage(source, index)
      let address = entryAddress(source.base, index)
      let entry = entry(at: address)
      guard !isKernel(range.lowerBound), entry != 0 else { continue }
      store(entry, in: roots[shadow], at: entryAddress(roots[shadow].base, index), for: mark)
      shares.append(
        SharedRange(
          mark: mark, level: source.level, space: roots[shadow].space, range: range,
          sourceSpace: source.space, source: range.lowerBound, hasOwnRights: true))
      guard state.isLongMode, state.noExecute else { continue }
      let bit = X86Fields.executeDisable.mask
      store(entry | bit, at: address)
      var upper =
        self.upper[address]
        ?? UpperEntry(
          mask: 0, bits: 0, mark: mark, level: source.level, space: source.space, coverage: range)
      upper.mask |= bit
      upper.bits |= bit
      self.upper[address] = upper
    }
    return shares
  }
}
