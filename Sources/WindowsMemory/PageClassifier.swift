import BitLayout
public import Paging
public import PhysicalMemory

/// Finds out what the memory manager knows about pages of one address space.
///
/// It starts with the processor's walk and goes on where that ends: through page tables in transition,
/// to prototype entries, to the descriptors of address ranges, and along the subsections of a section.
public struct PageClassifier: Sendable {
  let system: WindowsSystem
  let search: TableSearch
  /// The memory of the kernel, by the system root.
  public let kernel: KernelMemory
  let process: WindowsProcess?
  let structures: WindowsStructures
  let vads: VADReader?
  let subsections: SubsectionReader?
  let frames: PFNDatabase?

  /// Prepares for the pages of an address space.
  ///
  /// - Parameters:
  ///   - system: What is known of Windows.
  ///   - memory: Physical memory.
  ///   - paging: The paging state with the root of the address space.
  ///   - process: The process, where it is known; without it, no range of addresses is.
  public init(
    _ system: WindowsSystem, _ memory: MemoryImage, _ paging: PagingState,
    process: WindowsProcess? = nil
  ) {
    self.system = system
    self.process = process
    let decoder = system.decoder
    search = TableSearch(memory: memory, state: paging, decoder: decoder)
    var kernelState = paging
    // A root for user mode has no kernel half; the process has one that does.
    if let process { kernelState.cr3 = process.directoryTableBase }
    kernel = system.kernelMemory(memory, kernelState)
    structures = WindowsStructures(system.kernel)
    vads = VADReader(system.kernel, structures, kernel)
    subsections = SubsectionReader(structures, kernel)
    let (structures, kernel) = (structures, kernel)
    frames = system.pfnDatabase.flatMap {
      PFNDatabase(system.kernel, structures, at: $0, kernel)
    }
  }

  /// What is known about the page at an address.
  public func finding(of address: VirtualAddress) -> PageFinding {
    var finding = PageFinding(address)
    switch search.search(address, steps: &finding.steps) {
    case .nonCanonical: finding.content = .nowhere
    case .missing(let place, let level):
      finding.level = level
      finding.failure = KernelReadFailure(address, .missing(place))
    case .reserved(let level, let entry):
      (finding.level, finding.entry) = (level, entry)
      finding.failure = KernelReadFailure(address, .malformed)
    case .page(let place, let reading, let level, let entry):
      take(reading, level, entry, into: &finding)
      finding.state = reading.state
      finding.content = .memory(place)
      finding.protection = hardwareProtection(of: entry, level: level)
      finding.protectionSource = .hardware
    case .invalid(let reading, let level, let entry):
      take(reading, level, entry, into: &finding)
      noteTables(&finding)
      classify(&finding, reading)
      noteAssumptions(&finding, reading)
    }
    return finding
  }

  private func take(
    _ reading: PTEReading, _ level: Int, _ entry: UInt64, into finding: inout PageFinding
  ) {
    (finding.reading, finding.level, finding.entry) = (reading, level, entry)
  }

  private func noteTables(_ finding: inout PageFinding) {
    for step in finding.steps {
      guard case .table(let level) = step.place, level > 1, step.reading?.state == .transition
      else { continue }
      let name = search.state.mode.entryName(level)
      finding.rules.append(
        WindowsRule(
          "\(name) is in transition: the table is still in its frame, and its entries count",
          "memory forensics practice: software entries at upper levels"))
    }
  }

  /// An entry that leads somewhere is read by what is known of the kernel, which may be only assumed.
  private func noteAssumptions(_ finding: inout PageFinding, _ reading: PTEReading) {
    guard reading.kind != .nothing else { return }
    if system.isGenerationAssumed {
      finding.rules.append(
        WindowsRule(
          "the entry is read as one of \(system.kernel.id); whether that kernel has SwizzleBit is assumed,"
            + " as its patch level is not known", "layouts by patch level", isUncertain: true))
    }
    let isSwizzled =
      finding.entry.map {
        system.kernel.field("SwizzleBit", in: .software)?.isSet(in: $0) == true
      } ?? false
    if system.origins[.invalidMask]?.kind == .assumed, !isSwizzled {
      finding.rules.append(
        WindowsRule(
          "the invalid-PTE mask is assumed to be \(system.invalidMask.rawValue.hex): with another one the entry leads"
            + " elsewhere", "entries that are not valid", isUncertain: true))
    }
  }

  private func classify(_ finding: inout PageFinding, _ reading: PTEReading) {
    guard finding.level == 1 else { return classifyTable(&finding, reading) }
    finding.state = reading.state
    let isPrototype = reading.state == .prototype || reading.state == .prototypeVAD
    // In prototype forms 0 is no protection.
    if let protection = reading.protection, !isPrototype || protection != .zeroAccess {
      (finding.protection, finding.protectionSource) = (protection, .entry)
    }
    switch reading.state {
    case .zero: askVAD(&finding, perPage: nil)
    case .prototypeVAD: askVAD(&finding, perPage: reading.protection)
    case .prototype: followPrototype(&finding, reading)
    case .transition: finding.content = inMemory(reading, finding.address)
    case .pageFile, .virtualStore: finding.content = paged(reading)
    case .demandZero: finding.content = .zeros
    case .noAccess, .decommitted: finding.content = .nowhere
    case .valid, .large, .subsection, .freed, .ambiguous: break
    }
  }

  /// A page table that is not in memory: what its entries say is not known, unless there are none.
  private func classifyTable(_ finding: inout PageFinding, _ reading: PTEReading) {
    switch reading.state {
    case .zero, .demandZero:
      finding.state = .zero
      askVAD(&finding, perPage: nil)
    case .pageFile, .virtualStore:
      finding.state = reading.state
      finding.protection = reading.protection
      finding.protectionSource = .entry
      finding.content = paged(reading)
    default:
      finding.state = reading.state
    }
  }

  func inMemory(_ reading: PTEReading, _ address: VirtualAddress) -> PageContent {
    guard let frame = reading.pfn else { return .unknown }
    return .memory(PhysicalAddress(frame &* frameSize &+ address.rawValue % frameSize))
  }

  func paged(_ reading: PTEReading) -> PageContent {
    guard let number = reading.pageFile, let page = reading.pageFileOffset else { return .unknown }
    return reading.state == .virtualStore
      ? .store(number: number, key: page) : .pageFile(number: number, page: page)
  }
}

extension WindowsSystem {
  /// The memory of the kernel by the system root, or by the root of `paging` where none is known.
  public func kernelMemory(_ memory: MemoryImage, _ paging: PagingState) -> KernelMemory {
    var state = paging
    if let systemRoot { state.cr3 = systemRoot }
    return KernelMemory(memory, state, decoder)
  }
}

extension PageClassifier {
  /// The PFN database; nil where its address or its layout is not known.
  public var pfnDatabase: PFNDatabase? { frames }
}
