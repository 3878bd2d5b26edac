import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// What is there before the first step: the System process, the kernel's half, the PFN database.
extension WindowsSimulation {
  private static let systemName = "System"
  static let systemPID: UInt64 = 4
  /// The number of a process that the scenario does not number: any multiple of 4 would do.
  private static let usualPID: UInt64 = 0x1000

  /// The Windows of a machine; not every machine has one with a timeline.
  static func system(of machine: Machine) throws(StepFailure) -> WindowsSystem {
    guard let system = machine.system.windows else {
      throw .mistake(
        .unknownSystem, "a timeline needs an operating system", notes: ["say `os:` of `machine`"])
    }
    guard machine.paging.mode != .la57 else {
      throw .mistake(
        .notForSystem, "no timeline of Windows has page tables of five levels",
        notes: ["`la57` is a mode of Linux"])
    }
    return system
  }

  /// The bits of pages' entries, for a kernel whose structures are known well enough to be written.
  static func leaf(
    _ entries: WindowsEntries, _ state: PagingState, _ kernel: WindowsKernel
  ) throws(StepFailure) -> LeafBits {
    let structures = WindowsStructures(kernel)
    guard let leaf = LeafBits(entries, state), structures.process != nil, structures.vad != nil,
      PFNComposer(kernel, structures) != nil
    else {
      throw .mistake(
        .notForSystem, "where the structures of \(kernel.id) have their members is not known",
        notes: [])
    }
    return leaf
  }

  /// What each entry for a page table has, beside the table's frame.
  static func tableBits(_ entries: WindowsEntries, _ state: PagingState) -> UInt64 {
    let table = EntryEncoder(state, level: 2, isPage: false)?.base ?? 0
    let rights = state.bits(granting: .all, level: 2, isPage: false) ?? 0
    return table | rights | entries.tableBits
  }

  /// The frames of the memory, without those that roots and steps name.
  static func frames(of memory: SimulatedMemory, _ scenario: Scenario) -> FrameTable {
    let steps = scenario.timeline?.steps ?? []
    let named = Set(roots(scenario) + steps.flatMap(\.frames).map(\.value))
    return FrameTable(
      installed: memory.installed,
      from: (scenario.machine.tables?.from?.value ?? frameSize) / frameSize,
      named: Set(named.map { $0 / frameSize }.filter { memory.has($0) }))
  }

  private static func roots(_ scenario: Scenario) -> [UInt64] {
    guard case .processes(let list) = scenario.spaces else {
      return scenario.machine.root.map { [$0.value] } ?? []
    }
    return list.compactMap { $0.root?.value }
  }

  /// Makes what is there before the first step, of which no report tells.
  func begin(_ scenario: Scenario) throws(StepFailure) {
    isReported = false
    try boot(scenario)
    isReported = true
    try writeDatabase()
    // It is looked at at the end.
    _ = frames.takeUnchecked()
  }

  private func boot(_ scenario: Scenario) throws(StepFailure) {
    let slot = try selfMapSlot(scenario.windows)
    state.cr3 = try makeRoot(0, slot: slot, owner: Self.systemName)
    selfMap = SelfMap(of: state, in: memory.image, build: kernel.id.build)
    try placeParts(scenario)
    try setAsideDatabase()
    try mapKernel(\.pool)
    for half in 0..<2 {
      let place = listHead + UInt64(half * structures.pointerSize)
      storeKernel(listHead, at: place, size: structures.pointerSize)
    }
    try makeProcess(Self.systemName, pid: Self.systemPID, register: state.cr3, firstIndex: nil)
    switch scenario.spaces {
    case .processes(let list):
      for item in list where item.pid?.value != Self.systemPID {
        try startProcess(
          item.name?.value ?? "process", pid: item.pid?.value ?? UInt64(4 * (processes.count + 1)),
          root: item.root?.value, firstIndex: item.firstWorkingSetIndex?.value)
      }
    default:
      try startProcess(
        scenario.id.value, pid: Self.usualPID, root: scenario.machine.root?.value, firstIndex: nil)
    }
    system.systemRoot = state.cr3
    system.processListHead = VirtualAddress(listHead)
    system.pfnDatabase = VirtualAddress(space.pfnDatabase)
    for anchor in [WindowsSystem.Anchor.systemRoot, .processList, .pfnDatabase] {
      system.origins[anchor] = .init(.given, "scenario")
    }
    let available = frames.count(of: .zeroed)
    commitLimit =
      committed + UInt64(available)
      + pageFiles.filter { !$0.isStore }.reduce(0) { $0 + $1.slots.usableCount }
  }

  // MARK: - Kernel addresses

  /// Gives frames to the pages of a part of the kernel that have been handed out and have none.
  private func mapKernel(
    _ part: ReferenceWritableKeyPath<WindowsSimulation, KernelArena>
  ) throws(StepFailure) {
    let (start, end) = (self[keyPath: part].mappedEnd, self[keyPath: part].end)
    guard start < end else { return }
    for page in (start / frameSize)...((end - 1) / frameSize) where kernelPages[page] == nil {
      try mapKernel(page, to: try takeKernelFrame())
    }
    self[keyPath: part].mappedEnd = end
  }

  /// Maps a page of the kernel, by its number, to a frame that is in use.
  func mapKernel(_ page: UInt64, to frame: UInt64) throws(StepFailure) {
    kernelPages[page] = frame
    let address = page * frameSize
    let (place, _) = try makePlace(of: address, root: state.cr3, process: nil)
    let entry = leaf.entry(frame, Self.readWrite, isDirty: true, isUser: false) ?? 0
    store(entry, at: place, level: 1, address: address, process: nil)
    frames.update(frame) { record in
      record.use = .kernel
      record.pteAddress = pteAddress(of: address, level: 1)
      record.pteFrame = place / frameSize
      record.originalPte = (try? word(.demandZero(Self.readWrite))) ?? 0
    }
  }

  static let readWrite = MMProtection(base: "PAGE_READWRITE") ?? .zeroAccess

  /// A frame for the kernel: the last one that was never used, and is zero, while there is one.
  func takeKernelFrame() throws(StepFailure) -> UInt64 {
    if let frame = frames.takeLast() { return frame }
    return try takeFrame(isZeroed: true)
  }

  /// The physical address of a byte of the kernel's structures.
  func kernelPlace(_ address: UInt64) -> UInt64 {
    (kernelPages[address / frameSize] ?? 0) * frameSize + address % frameSize
  }

  /// Writes a number at a kernel address; it may cross pages.
  func storeKernel(_ value: UInt64, at address: UInt64, size: Int) {
    guard address % frameSize + UInt64(size) > frameSize else {
      return memory.store(value, at: kernelPlace(address), size: size)
    }
    for byte in 0..<UInt64(size) {
      memory.store(value >> (8 * byte) & 0xff, at: kernelPlace(address + byte), size: 1)
    }
  }

  /// The pointer at a kernel address, which crosses no page.
  func loadPointer(at address: UInt64) -> UInt64 {
    memory.number(at: kernelPlace(address), size: structures.pointerSize)
  }

  func storeKernel(_ values: [MemberValue], of structure: UInt64) {
    for (member, value) in values {
      storeKernel(value, at: structure + member.offset, size: min(member.size, 8))
    }
  }

  /// Kernel memory for a structure, mapped and zero.
  func take(_ size: UInt64) throws(StepFailure) -> UInt64 {
    guard pool.hasRoom(for: size) else { throw .status(.insufficientResources) }
    let address = pool.take(size)
    do throws(StepFailure) {
      try mapKernel(\.pool)
    } catch {
      pool.give(address, size)
      throw error
    }
    for offset in stride(from: 0, to: size, by: 8) {
      storeKernel(0, at: address + offset, size: Int(min(8, size - offset)))
    }
    return address
  }

  func takePrototypes(_ size: UInt64) throws(StepFailure) -> UInt64 {
    // Arrays of neighbouring subsections do not touch.
    let gap: UInt64 = 0x40
    guard prototypeArena.hasRoom(for: size + gap) else { throw .status(.insufficientResources) }
    let address = prototypeArena.take(size)
    _ = prototypeArena.take(gap)
    try mapKernel(\.prototypeArena)
    return address
  }
}
