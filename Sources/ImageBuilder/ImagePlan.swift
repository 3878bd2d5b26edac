import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// Everything about an image that is known before the first byte is written.
struct ImagePlan {
  var settings: MachineSettings
  let memory: InstalledMemory
  /// The address spaces, without the statements that are wrong.
  private(set) var spaces: [SpaceStatement]
  /// What is to be written into frames, without the items that are wrong.
  private(set) var contents: [Scenario.Content] = []
  /// The mappings of each space.
  private(set) var mappings: [[MappingPlan]]
  /// The entries above the leaves that are not to be valid, of each space.
  private(set) var tables: [[InvalidTablePlan]]
  /// The kernel's structures; nil where there are none.
  private(set) var kernel: KernelPlan?
  /// Which mappings of the system's space hold them.
  private(set) var kernelMappings: Range<Int> = 0..<0
  /// CR3 of each space.
  private(set) var registers: [UInt64] = []
  /// Where the tables go.
  private(set) var supply = FrameSupply(preferred: RangeList(), fallback: RangeList(), seed: nil)

  /// Whether every address space has a root to build on.
  var isPlaced: Bool { registers.count == spaces.count && !spaces.isEmpty }

  /// The slot of the self-map, if the scenario says it.
  private(set) var scenarioSelfMap: Located<UInt64>?
  /// What an unsaid slot is chosen by.
  private(set) var selfMapSeed: UInt64 = 0

  /// Checks all statements; nil where mode or memory are not known well enough to go on.
  init?(_ scenario: Scenario, _ collector: DiagnosticCollector) {
    let machine = scenario.machine
    if case .dump = machine.memory.value {
      collector.report(
        .notForDumps, "a dump is opened, not built", at: machine.memory.mark)
      return nil
    }
    SystemStatements(scenario: scenario, collector: collector).check()
    var settings = MachineSettings(machine, scenario.windows, scenario.linux, collector)
    ExpectationStatements(settings: settings, collector: collector)
      .check(scenario.expectations)
    if settings?.paging.contradiction != nil { settings?.forgetRegisters() }
    guard let settings else {
      _ = InstalledMemory(machine, .anyMode(machine), collector)
      return nil
    }
    let state = settings.paging
    self.settings = settings
    memory = InstalledMemory(machine, state, collector)
    spaces = SpaceStatement.all(of: scenario)
    if case .truth(let file) = scenario.spaces, memory.isKnown {
      collector.report(
        .contradiction, "a built image has no processes from a truth file", at: file.mark,
        notes: ["`processes: { truth }` goes with `memory: { dump }`"])
    }
    scenarioSelfMap =
      scenario.windows?.selfMapSlot ?? spaces.lazy.compactMap(\.layout.selfMapSlot).first
    selfMapSeed = machine.tables?.seed ?? 0
    kernel = KernelPlan(scenario, &spaces, settings, memory, collector)
    let planner = MappingPlanner(
      state: state, collector: collector, windows: settings.windows, linux: settings.linux,
      kernel: kernel,
      areSectionsKnown: kernel != nil || scenario.windows?.sections.isEmpty != false)
    mappings = spaces.map { space in
      space.layout.map.compactMap(planner.plan) + space.layout.ptes.compactMap(planner.plan)
    }
    tables = spaces.map { $0.layout.ptes.compactMap(planner.planTable) }
    if let kernel {
      let regions = kernel.regions.compactMap { planner.plan(kernelPages: $0, at: kernel.mark) }
      let count = mappings[kernel.systemSpace].count
      kernelMappings = count..<(count + regions.count)
      mappings[kernel.systemSpace] += regions
    }
    keepWhatIsRight(scenario, StatementCheck(state: state, memory: memory, collector: collector))
    chooseFrames(scenario, collector)
  }

  /// Checks every statement but the mappings, and goes on without those that are wrong.
  private mutating func keepWhatIsRight(_ scenario: Scenario, _ check: StatementCheck) {
    for space in spaces.indices {
      spaces[space].layout.share.removeAll { !check.isRight($0) }
      spaces[space].layout.entries.removeAll { !check.isRight($0) }
    }
    var size: UInt64 = 0
    for content in scenario.contents {
      let isRight = check.isRight(content, after: &size)
      guard size <= BuildLimit.frames * frameSize else { break }
      if isRight { contents.append(content) }
    }
    let roots = Set((spaces.map(\.root) + [scenario.machine.root]).compactMap { $0 })
    let wrong = roots.filter { !check.checkRoot($0) }
    for space in spaces.indices where spaces[space].root.map(wrong.contains) == true {
      spaces[space].root = nil
    }
    guard settings.paging.arm64.ttbr1 != nil else { return }
    let ttbr1 = scenario.machine.registers.first { $0.name.value.lowercased() == "ttbr1" }
    _ = check.checkTopTable(
      of: settings.paging.of(.upper), at: ttbr1?.name.mark ?? scenario.machine.mark)
  }

  /// The number of frames that tables and contents can take, the top tables not counted.
  var frameBound: UInt64 {
    var bound: UInt64 = 0
    let levels = UInt64(settings.paging.mode.levelCount) * settings.paging.tableFrames
    for (space, mappings) in zip(spaces, mappings) {
      bound += mappings.reduce(0) { $0 + $1.tableBound }
      bound += UInt64(space.layout.ptes.count) * levels
      bound += UInt64(space.layout.share.count) * levels + UInt64(space.layout.entries.count)
    }
    if let kernel {
      bound += kernel.regions.reduce(0) { $0 + $1.pages }
      // Tables of the kernel half, the self-map of PAE, and copies.
      bound += UInt64(spaces.count) * levels * 4
      // Environment blocks, and the block that processors start from.
      if kernel.skeleton != nil { bound += UInt64(spaces.count) + 1 }
    }
    for content in contents { bound += content.data.value.byteCount / frameSize + 2 }
    return bound + UInt64(memory.facts?.words.count ?? 0)
  }

  // MARK: - Frames

  private mutating func chooseFrames(_ scenario: Scenario, _ collector: DiagnosticCollector) {
    let machine = scenario.machine
    var use = FrameUse(memory, machine.tables)
    let (pages, covered) = pageRanges()
    use.take(takenRanges() + pages)
    use.cover(covered)
    let systemRoot = kernel.flatMap { spaces[$0.systemSpace].root }
    kernel?.chooseUsualFrames(arePlaced: machine.tables?.from != nil || systemRoot != nil) {
      use.takeFirst(in: $0, of: memory)
    }
    let shuffle = machine.tables.flatMap { $0.order == .shuffled ? $0.seed : nil }
    chooseRoots(machine, &use, shuffle, collector)
    choosePages(&use, shuffle, collector)
    let limit = settings.paging.addressBits(level: settings.paging.topLevel, isPage: false)
    supply = Self.supply(use, settings.paging, bits: limit, seed: shuffle.map { $0 &+ 1 })
  }

  private static func supply(
    _ use: FrameUse, _ state: PagingState, bits: Int, seed: UInt64?
  ) -> FrameSupply {
    let reachable = RangeList([0...(1 << UInt64(bits - 12) - 1)])
    let (preferred, fallback) = use.free
    return FrameSupply(
      preferred: preferred.intersection(reachable), fallback: fallback.intersection(reachable),
      seed: seed, shift: state.tableShift)
  }

  private mutating func chooseRoots(
    _ machine: Scenario.Machine, _ use: inout FrameUse, _ seed: UInt64?,
    _ collector: DiagnosticCollector
  ) {
    var supply = Self.supply(
      use, settings.paging, bits: settings.paging.rootBits, seed: seed)
    func take() -> UInt64? {
      guard let root = supply.take() else {
        collector.report(
          .outOfFrames, "no frame is left for a root", at: machine.memory.mark,
          notes: [memory.note, "`root` says where the top table is"])
        return nil
      }
      return root
    }
    for (index, space) in spaces.enumerated() {
      let usual = index == kernel?.systemSpace ? kernel?.skeleton?.systemRoot : nil
      guard let register = space.root?.value ?? usual ?? take() else { return }
      registers.append(register)
    }
    if settings.paging.isARM64, settings.paging.upperRegister == nil {
      guard let register = take() else { return }
      settings.paging.arm64.ttbr1 = register
      settings.note("TTBR1", register.hex, from: "builder")
    }
    let upper = settings.paging.arm64.ttbr1.map { [$0] } ?? []
    let size: UInt64 = 1 << settings.paging.tableShift
    use.take((registers + upper).compactMap { ($0 & ~(frameSize - 1)).range(count: size) })
    let isSaid = machine.root != nil || spaces.first?.root != nil
    settings.paging.cr3 = machine.root?.value ?? registers.first ?? 0
    settings.note("root", settings.paging.root.description, from: isSaid ? "scenario" : "builder")
  }

  private mutating func choosePages(
    _ use: inout FrameUse, _ seed: UInt64?, _ collector: DiagnosticCollector
  ) {
    let reserve = mappings.joined().reduce(0 as UInt64) { $0 + $1.tableBound }
    // What a PTE can hold, the entries of larger pages can too.
    let bits = settings.paging.addressBits(level: 1, isPage: true)
    var supply = use.pages(bits: bits, reserve: reserve)
    defer { use.take(supply.given) }
    var number: UInt64 = 0
    for space in mappings.indices {
      for index in mappings[space].indices where mappings[space][index].needsFrames {
        let rule = mappings[space][index].rule
        guard let pieces = supply.take(count: rule.count, size: rule.pageSize) else {
          collector.report(
            .outOfFrames, "no frames are left for \(rule.count.asPages) of \(rule.pageSize.asSize)",
            at: rule.mark, notes: [memory.note])
          continue
        }
        number += 1
        let order = seed.map {
          Permutation(count: rule.count, seed: SplitMix64.number(number, seed: $0))
        }
        mappings[space][index].rule.frames = .pieces(pieces, size: rule.pageSize, order)
      }
    }
    kernel?.choosePages { supply.take(count: $0, size: frameSize) }
  }
}
