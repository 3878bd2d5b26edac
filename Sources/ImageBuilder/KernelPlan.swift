import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// The kernel's structures, with their addresses, before anything of them is written.
struct KernelPlan {
  /// What the scenario says of the kernel, or of its name.
  let mark: SourceMark
  let windows: WindowsEntries
  let structures: WindowsStructures
  /// What makes other programs take the memory for Windows; nil where nothing is to.
  private(set) var skeleton: SkeletonPlan?
  /// Pieces of pool with a header; none without a skeleton.
  private(set) var blocks: [PoolBlock] = []
  /// The address space whose kernel half is whole.
  let systemSpace: Int
  let addresses: KernelSpace
  /// PsActiveProcessHead.
  private(set) var listHead: UInt64 = 0
  /// The record of each address space; nil for a second root of a process.
  private(set) var records: [UInt64?] = []
  /// The descriptors of each address space, by ascending addresses.
  private(set) var vads: [[VadPlan]] = []
  private(set) var sections: [SectionPlan] = []
  /// Where the files of sections have an object that nobody looks into.
  private(set) var fileObject: UInt64 = 0
  /// How many frames the PFN database has entries for; 0 where there is none.
  private(set) var databaseCount: UInt64 = 0
  private(set) var pool: KernelHeap
  private(set) var prototypes: KernelHeap

  /// Plans the structures that a scenario needs; nil where it needs none.
  ///
  /// The address spaces that it does not name are added: that of the System process, and second
  /// roots of processes.
  init?(
    _ scenario: Scenario, _ spaces: inout [SpaceStatement], _ settings: MachineSettings,
    _ memory: InstalledMemory, _ collector: DiagnosticCollector
  ) {
    guard let windows = settings.windows, Self.isNeeded(scenario, memory) else { return nil }
    self.windows = windows
    mark = scenario.windows?.mark ?? scenario.machine.os?.mark ?? scenario.machine.mark
    structures = WindowsStructures(windows.kernel)
    let statement = scenario.windows?.skeleton
    var addresses = KernelSpace(windows.kernel.format, hasSkeleton: statement != nil)
    if let said = scenario.windows?.pfnDatabaseAddress {
      addresses.pfnDatabase = said.value
      if said.value % frameSize != 0 {
        collector.report(
          .misaligned, "\(said.value.hex) is no boundary of a page", at: said.mark)
      }
    }
    self.addresses = addresses
    pool = KernelHeap(at: addresses.pool)
    prototypes = KernelHeap(at: addresses.prototypes)
    systemSpace = spaces.addSystem(for: scenario)
    if let statement {
      let build = statement.build?.value ?? UInt64(windows.kernel.id.build)
      spaces.addCore(build: build, at: statement.mark)
      spaces.addVad(toSystem: systemSpace, at: statement.mark)
    }
    spaces.addUserRoots(scenario.windows?.kvaShadow?.value ?? false)
    let before = collector.diagnostics.count
    if let statement {
      skeleton = SkeletonPlan(statement, windows, structures, &spaces, collector)
    }
    planSections(scenario.windows?.sections ?? [], settings.paging, collector)
    planProcesses(spaces, collector)
    if scenario.windows?.pfnDatabase?.value == true { planDatabase(memory, collector) }
    guard collector.diagnostics.count == before else { return nil }
  }

  private static func isNeeded(_ scenario: Scenario, _ memory: InstalledMemory) -> Bool {
    // A mask and page files are facts about entries only.
    if let windows = scenario.windows,
      !windows.sections.isEmpty || windows.pfnDatabase?.value == true
        || windows.kvaShadow?.value == true || windows.selfMapSlot != nil
        || windows.skeleton != nil
    {
      return true
    }
    switch scenario.spaces {
    case .single(let layout): return !layout.vads.isEmpty
    // Where memory is a list of facts, nothing is there but what was seen.
    case .processes: return memory.facts == nil
    case .truth: return false
    }
  }

  /// The pages of kernel memory that hold the structures.
  var regions: [KernelRegion] {
    var regions: [KernelRegion] = []
    for heap in [pool, prototypes] where heap.pageCount > 0 {
      regions.append(KernelRegion(start: heap.start, pages: heap.pageCount))
    }
    if databaseCount > 0, let size = structures.pfn?.size {
      let pages = (databaseCount * size + (frameSize - 1)) / frameSize
      regions.append(KernelRegion(start: addresses.pfnDatabase, pages: pages))
    }
    return regions + (skeleton?.regions ?? [])
  }

  /// The section with a name.
  func section(named name: String) -> SectionPlan? { sections.first { $0.name == name } }

  /// The frames that prototype entries name.
  var takenFrames: [ClosedRange<UInt64>] {
    sections.flatMap(\.parts).flatMap(\.runs).filter { !$0.needsFrames && $0.usesFrames }
      .flatMap { run in
        run.frames.extent(count: run.count).ranges.map { $0.lowerBound...($0.upperBound + 0xfff) }
      }
  }

  /// Takes the frames of a skeleton that have a usual place; tables that the scenario places have none.
  mutating func chooseUsualFrames(
    arePlaced: Bool, _ take: (ClosedRange<UInt64>) -> UInt64?
  ) {
    guard skeleton != nil else { return }
    skeleton?.startFrame = take(ProcessorStartBlock.frames)
    if !arePlaced { skeleton?.systemRoot = take(SkeletonPlan.rootFrames).map { $0 * frameSize } }
  }

  /// Chooses the frames of prototype entries that leave them to the builder.
  mutating func choosePages(_ take: (UInt64) -> [FrameSequence.Piece]?) {
    for section in sections.indices { sections[section].choosePages(take) }
  }

  // MARK: - Parts

  func missing(_ structure: String, at mark: SourceMark) -> Diagnostic {
    Diagnostic(
      .notForSystem,
      "where \(structure) of \(windows.kernel.id) has its members is not known", at: mark)
  }

  mutating func take(
    _ size: UInt64, for tag: PoolTag? = nil, _ collector: DiagnosticCollector
  ) -> UInt64 {
    let header = headerSize(tag)
    guard let address = pool.take(header + size) else {
      collector.report(.tooLarge, "the kernel's structures take too much memory", at: mark)
      return addresses.pool
    }
    return note(address + header, size, tag)
  }

  /// The bytes before a piece of pool; only a skeleton has such headers.
  private func headerSize(_ tag: PoolTag?) -> UInt64 {
    guard let tag, skeleton != nil else { return 0 }
    let object =
      tag == .process ? windows.kernel.member("Body", of: "_OBJECT_HEADER")?.offset ?? 0 : 0
    return (windows.kernel.size(of: "_POOL_HEADER") ?? 0) + object
  }

  private mutating func note(_ address: UInt64, _ size: UInt64, _ tag: PoolTag?) -> UInt64 {
    if let tag, skeleton != nil {
      blocks.append(PoolBlock(address: address, size: size, tag: tag))
    }
    return address
  }

  private mutating func planSections(
    _ statements: [Scenario.Section], _ state: PagingState, _ collector: DiagnosticCollector
  ) {
    guard let first = statements.first else { return }
    guard let subsection = structures.subsection, let area = structures.controlArea else {
      return collector.report(missing("_SUBSECTION", at: first.mark))
    }
    fileObject = take(16, collector)
    for statement in statements {
      // Before Vista the first subsection is found behind the control area; there it is for all.
      let block = take(
        area.size + subsection.size * UInt64(statement.subsections.count), for: .controlArea,
        collector)
      var bases: [UInt64?] = []
      // Arrays of neighbours lie apart and in another order: nothing says that they are one.
      for part in statement.subsections.reversed() {
        let entries = part.pages.value + (part.unused?.value ?? 0)
        let size = entries.multipliedReportingOverflow(by: structures.entrySize)
        guard part.hasArray else {
          bases.append(nil)
          continue
        }
        let header = headerSize(.prototypes)
        let bytes = size.partialValue.addingReportingOverflow(header)
        guard !size.overflow, !bytes.overflow, let start = prototypes.take(bytes.partialValue)
        else {
          collector.report(
            .tooLarge, "\(entries) prototype PTEs take too much memory", at: part.pages.mark)
          return
        }
        bases.append(note(start + header, size.partialValue, .prototypes))
        _ = prototypes.take(SectionPlan.gap)
      }
      let plan = SectionPlan(
        statement, controlArea: block, first: block + area.size, size: subsection.size,
        bases: bases.reversed(), entrySize: structures.entrySize)
      sections.append(plan)
      let planner = PrototypePlanner(state: state, windows: windows, collector: collector)
      sections[sections.count - 1].planEntries(statement, planner)
    }
  }

  private mutating func planProcesses(
    _ spaces: [SpaceStatement], _ collector: DiagnosticCollector
  ) {
    listHead = skeleton?.image.activeProcessHead ?? take(16, collector)
    for space in spaces {
      guard space.shadowOf == nil else {
        records.append(nil)
        vads.append([])
        continue
      }
      if let size = structures.process?.size {
        records.append(take(recordSize(size), for: .process, collector))
      } else {
        records.append(nil)
      }
      vads.append(planVads(of: space, collector))
    }
    skeleton = planRecognition(of: spaces, collector)
    // A root without a record is found by nobody, but the scenario may ask nothing of it.
    let needsRecords = vads.contains { !$0.isEmpty }
    if structures.process == nil, needsRecords {
      collector.report(missing("_EPROCESS", at: mark))
    }
  }

  private mutating func planDatabase(_ memory: InstalledMemory, _ collector: DiagnosticCollector) {
    let mark = mark
    guard let structure = structures.pfn, windows.hasFrameFlags else {
      return collector.report(missing("_MMPFN", at: mark))
    }
    let count = memory.size / frameSize
    let (bytes, overflow) = count.multipliedReportingOverflow(by: structure.size)
    guard !overflow, bytes <= addresses.pfnDatabaseLimit else {
      return collector.report(
        .tooLarge, "a PFN database of \(count) frames takes too much memory", at: mark,
        notes: ["the bench builds \(addresses.pfnDatabaseLimit.asSize) of it at most"])
    }
    databaseCount = count
  }
}
