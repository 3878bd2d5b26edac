import BitLayout
public import Paging
public import PhysicalMemory

/// Finds out what Linux knows about pages of one address space, and what it makes of accesses.
public struct LinuxClassifier: Sendable {
  /// The kernel.
  public let kernel: LinuxKernel
  /// The areas of the process; nil where they are not known.
  public var areas: MemoryAreas?
  /// What is known of frames.
  public var frames = FrameFacts()
  /// What is known of the caches.
  public var caches = PageCaches()
  /// How far down a stack may grow: RLIMIT_STACK, 8 MiB unless somebody has changed it.
  public var stackLimit: UInt64 = 8 << 20
  let decoder: LinuxEntryDecoder
  let memory: MemoryImage
  let paging: PagingState
  let names: LinuxFunctionNames

  /// Prepares for the pages of an address space.
  ///
  /// - Parameters:
  ///   - system: What is known of Linux.
  ///   - memory: Physical memory.
  ///   - paging: The paging state with the root of the address space.
  ///   - areas: The areas of the process, where they are known.
  public init(
    _ system: LinuxSystem, _ memory: MemoryImage, _ paging: PagingState,
    areas: MemoryAreas? = nil
  ) {
    kernel = system.kernel
    caches = system.caches
    frames = system.facts
    self.areas = areas
    self.memory = memory
    self.paging = paging
    decoder = LinuxEntryDecoder(system.kernel, paging)
    names = LinuxFunctionNames(system.kernel)
  }

  /// What is known about the page at an address.
  public func finding(of address: VirtualAddress) -> LinuxFinding {
    var finding = LinuxFinding(address)
    let result = paging.walk(address, in: memory).result
    let (reading, level) = decoder.reading(of: result)
    (finding.reading, finding.level) = (reading, level)
    switch result {
    case .mapped(let translation): finding.entry = translation.entry
    case .stopped(let stop):
      switch stop.cause {
      case .missing: finding.missing = stop.entryAddress
      case .nonCanonical: finding.level = 0
      case .notPresent, .reservedBits: finding.entry = stop.entry
      }
    }
    finding.area = answer(at: address.rawValue)
    refine(&finding)
    return finding
  }

  private func answer(at address: UInt64) -> LinuxFinding.AreaAnswer {
    guard let areas else { return .unknown }
    if let area = areas.area(holding: address) { return .found(area) }
    guard let next = areas.area(above: address), next.flags.contains(.growsDown),
      mayGrow(next, to: address, areas)
    else { return .none }
    return .growing(next)
  }

  /// Whether a stack grows as far as an address (Linux mm/mmap.c, expand_downwards, acct_stack_growth).
  private func mayGrow(_ stack: MemoryArea, to address: UInt64, _ areas: MemoryAreas) -> Bool {
    let start = address & ~((1 << paging.pageShift(1)) - 1)
    guard start >= Self.lowestAddress, stack.end - start <= stackLimit else { return false }
    guard let below = areas.area(below: start) else { return true }
    return !below.isAccessible || below.flags.contains(.growsDown)
      || start - below.end >= Self.guardGap
  }

  /// vm.mmap_min_addr, below which only those have anything who may do everything: what distributions set.
  public static let lowestAddress: UInt64 = 65536

  /// stack_guard_gap: 256 pages.
  private static let guardGap = 256 * frameSize

  // MARK: - States

  /// Says what becomes of the page where the area tells more than the entry.
  func refine(_ finding: inout LinuxFinding) {
    finding.rules = []
    guard let reading = finding.reading else { return finding.state = nil }
    finding.state = reading.state
    switch reading.state {
    case .protnone:
      // CONFIG_NUMA_BALANCING: the area allows what the entry does not.
      if let area = finding.holder, area.isAccessible, !area.flags.contains(.hugePages) {
        finding.state = .numaHint
      }
    case .present: finding.state = presentState(reading, &finding)
    default: break
    }
  }

  private func presentState(
    _ reading: LinuxEntryReading, _ finding: inout LinuxFinding
  ) -> LinuxEntryReading.State {
    guard let area = finding.holder else {
      guard reading.mayBeZeroPage else { return .present }
      finding.rules.append(
        VerdictRule(
          "a special page that is read-only: the page of zeros, unless the area maps frames"
            + " (VM_PFNMAP)", "Linux mm/memory.c, do_anonymous_page", isUncertain: true))
      return .zeroPage
    }
    if area.flags.contains(.frameMap) { return .file }
    // A private page of hugetlbfs is the process's own from the start.
    if area.flags.contains(.hugePages) {
      return area.flags.contains(.shared) ? .file : .anonymous
    }
    if reading.isSpecial, area.isAnonymous { return .zeroPage }
    let frame = reading.frame.map { $0.rawValue >> paging.pageShift(1) }
    if let frame, let flags = frames.facts(at: frame, of: frame..<(frame + 1)).flags {
      if FrameFacts.Flags.anonymous.isSet(in: flags) { return .anonymous }
      // Where no file is, only the huge page of zeros is nobody's own; the small one is special.
      let isHugeZero = area.isAnonymous && finding.level > 1
      return FrameFacts.Flags.zeroPage.isSet(in: flags) || isHugeZero ? .zeroPage : .file
    }
    guard area.hasFile || area.isSpecialMapping else { return .anonymous }
    guard !area.flags.contains(.shared) else { return .file }
    if reading.isWritable { return .anonymous }
    finding.rules.append(
      VerdictRule(
        "a private page of a file that is read-only is the file's, or the process's own copy that"
          + " fork made read-only; the entry does not tell", "Linux mm/memory.c, do_cow_fault",
        isUncertain: true))
    return .file
  }
}

extension LinuxEntryReading {
  /// Whether the entry alone looks like that of the page of zeros.
  public var mayBeZeroPage: Bool { state == .present && isSpecial && !isWritable }
}

extension MemoryAreas {
  /// The last area that ends at or below an address.
  func area(below address: UInt64) -> MemoryArea? {
    areas.last { $0.end <= address }
  }
}
