import BitLayout
public import Paging
public import PhysicalMemory

/// Finds a Linux kernel and its processes in memory, from that memory alone.
///
/// The kernel's own tables lead to its image; the image has the swapper's `task_struct` and the
/// kernel's types, which say where a `task_struct` has its members; from there the list of processes
/// is followed. VMCOREINFO is used where there is one, and done without where not.
public struct LinuxSearch: Sendable {
  /// A root that is known already, and how.
  public struct Root: Sendable {
    /// CR3, or TTBR1_EL1 on arm64.
    public var register: UInt64
    /// Where it comes from.
    public var source: String

    /// Describes a root.
    public init(register: UInt64, source: String) {
      self.register = register
      self.source = source
    }
  }

  let memory: MemoryImage
  let paging: PagingState
  private let vmcoreinfo: Vmcoreinfo?
  private let roots: [Root]
  private let seeksRoots: Bool

  /// Prepares a search.
  ///
  /// - Parameters:
  ///   - memory: physical memory.
  ///   - paging: the paging state; its roots do not matter.
  ///   - vmcoreinfo: what the kernel says of itself, where that is known.
  ///   - roots: roots of the dump, such as the registers of its processors.
  ///   - seeksRoots: whether roots are looked for in all of memory where there are no processes.
  public init(
    _ memory: MemoryImage, _ paging: PagingState, _ vmcoreinfo: Vmcoreinfo?, roots: [Root] = [],
    seeksRoots: Bool = true
  ) {
    self.memory = memory
    self.seeksRoots = seeksRoots
    self.vmcoreinfo = vmcoreinfo
    var paging = vmcoreinfo.map { paging.completed(by: $0) } ?? paging
    // A search gives no verdict: what emulators write into PDPTEs shall not hide a kernel.
    paging.features.acceptsAccessedPDPTE = true
    self.paging = paging
    self.roots = roots
  }

  /// Searches; nil where there is no sign of Linux.
  public func run() -> LinuxFindings? {
    for root in candidates {
      var state = paging
      if state.isARM64 { state.ttbr1 = root.register } else { state.cr3 = root.register }
      let image = KernelImage(memory, state, vmcoreinfo)
      let kernel = LinuxKernelMemory(memory, state)
      guard let release = release(image, kernel) else { continue }
      var findings = LinuxFindings(
        release: release.text, releaseSource: release.source, kernelRoot: root, paging: state)
      findings.kernelOffset = vmcoreinfo?.kernelOffset
      findProcesses(image, kernel, &findings)
      return findings
    }
    return nil
  }

  /// The roots whose upper half may be the kernel's, the best first.
  private var candidates: [Root] {
    var candidates: [Root] = []
    if let vmcoreinfo, let table = paging.kernelRoot(vmcoreinfo) {
      candidates.append(Root(register: table, source: "swapper_pg_dir of VMCOREINFO"))
    }
    for root in roots {
      candidates.append(root)
      guard paging.canIsolate, root.register & IsolatedTables.user.mask != 0 else { continue }
      // In user mode of an isolated kernel the register has the user's half of the pair.
      let other = Root(
        register: root.register & ~IsolatedTables.user.mask,
        source: "kernel root beside that of \(root.source)"
      )
      candidates.append(other)
    }
    return candidates
  }

  /// The kernel's release, if the tables lead to a kernel.
  private func release(
    _ image: KernelImage, _ kernel: LinuxKernelMemory
  ) -> (text: String, source: String)? {
    guard !image.pieces.isEmpty else { return nil }
    if let vmcoreinfo, let release = vmcoreinfo.release, vmcoreinfo.version != nil {
      // The tables are the kernel's if they have its text where it says; the image may lack the rest.
      let text = vmcoreinfo.symbol("_stext").flatMap {
        try? kernel.location(of: VirtualAddress($0))
      }
      return text == nil ? nil : (release, "VMCOREINFO")
    }
    guard let banner = try? BytePattern(text: Self.banner) else { return nil }
    var release: String?
    image.search(banner) { address in
      guard let bytes = try? kernel.bytes(at: address, count: 96) else { return true }
      let words = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self).split(separator: " ")
      guard words.count > 2, LinuxVersion(release: words[2]) != nil else { return true }
      release = String(words[2])
      return false
    }
    return release.map { ($0, "linux_banner in the kernel's image") }
  }

  /// `linux_banner`, Linux init/version.c.
  private static let banner = "Linux version "

  private func findProcesses(
    _ image: KernelImage, _ kernel: LinuxKernelMemory, _ findings: inout LinuxFindings
  ) {
    let types = types(image, kernel)
    findings.pageFlags = types?.types.enumerators(of: PageFlags.enumeration) ?? []
    for name in swapperNames(image) {
      let layout: TaskLayout
      let first: VirtualAddress
      if let types {
        (layout, first) = (types.layout, VirtualAddress(name.rawValue &- types.layout.name.offset))
        guard TaskList.isHead(first, kernel, layout),
          (try? kernel.value(layout.pid, of: first)) == 0
        else { continue }
        findings.layoutSource = "BTF at \(types.address)"
      } else if let inferred = TaskLayout.inferred(name: name, kernel) {
        (layout, first) = inferred
        findings.layoutSource = "inferred from the list itself: the kernel has no BTF"
      } else {
        continue
      }
      let list = TaskList(first: first, kernel, layout)
      findings.swapper = layout.hasBeginning ? "init_task at \(first)" : "its name at \(name)"
      findings.processes = list.processes
      findings.problem = list.problem
      findings.isIsolated = isIsolated(list.processes)
      findings.areaReader = types.flatMap { LinuxAreaReader(kernel, $0.types, list.processes) }
      findings.mapCounts = types.flatMap { LinuxMapCounts($0.types) }
      return
    }
    findings.problem =
      image.isMostlyPresent
      ? "no task_struct of the swapper is in the kernel's image"
      : "the dump does not hold the kernel's own memory"
    guard seeksRoots else { return }
    findings.scanned = RootScan.roots(kernel)
    findings.isIsolated = isIsolated(findings.scanned.map(\.table))
  }

  /// The kernel's types, and where they are.
  private func types(
    _ image: KernelImage, _ kernel: LinuxKernelMemory
  ) -> (types: BTF, layout: TaskLayout, address: VirtualAddress)? {
    guard let pattern = try? BytePattern(BTF.beginning) else { return nil }
    var found: (BTF, TaskLayout, VirtualAddress)?
    var tries = 0
    image.search(pattern) { address in
      tries += 1
      if let header = try? kernel.bytes(at: address, count: BTF.headerSize),
        let size = BTF.size(header: header),
        let bytes = try? kernel.bytes(at: address, count: size),
        let types = try? BTF(bytes, pointerSize: kernel.pointerSize),
        let layout = TaskLayout(types)
      {
        found = (types, layout, address)
      }
      return found == nil && tries < Self.tryLimit
    }
    return found
  }

  /// The most places that are tried as types, or as a swapper.
  private static let tryLimit = 64

  /// Where the name of the first task is: `swapper/0`, in kernels for one processor `swapper`.
  private func swapperNames(_ image: KernelImage) -> [VirtualAddress] {
    ["swapper/0", "swapper"].flatMap { name -> [VirtualAddress] in
      let bytes = Array(name.utf8) + Array(repeating: 0, count: taskNameSize - name.utf8.count)
      guard let pattern = try? BytePattern(bytes) else { return [] }
      var places: [VirtualAddress] = []
      image.search(pattern) { address in
        places.append(address)
        return places.count < Self.tryLimit
      }
      return places
    }
  }
}

/// What a search has found.
public struct LinuxFindings: Sendable {
  /// The release: `6.1.0-50-amd64`.
  public var release: String
  /// Where the release stands.
  public var releaseSource: String
  /// The root by which the kernel was read.
  public var kernelRoot: LinuxSearch.Root
  /// The paging state with that root, and on arm64 with the sizes that the kernel says.
  public var paging: PagingState
  /// By how much KASLR has moved the kernel; nil where that is not said.
  public var kernelOffset: UInt64?
  /// Where the swapper is, at which the list begins: `init_task at 0x...`; nil where it was not found.
  public var swapper: String?
  /// How the places of members became known.
  public var layoutSource: String?
  /// The processes, those without memory of their own too.
  public var processes: [LinuxProcess] = []
  /// Roots that were found by looking at all of memory, where there are no processes.
  public var scanned: [ScannedRoot] = []
  /// Whether each root has another beside it for user mode (page-table isolation).
  public var isIsolated = false
  /// Reads the areas of the processes; nil where the kernel's types are not known.
  public var areaReader: LinuxAreaReader?
  /// Where parts of larger pages are counted; nil where the kernel's types are not known.
  var mapCounts: LinuxMapCounts?
  /// The kernel's names for the flags of `struct page`; empty where its types are not known.
  var pageFlags: [BTF.Enumerator] = []
  /// Why processes are missing.
  public var problem: String?

  /// The version that the release begins with.
  public var version: LinuxVersion? { LinuxVersion(release: release) }

  /// The root for user mode beside the kernel's; the same one where tables are not isolated.
  public func userRoot(of root: PhysicalAddress) -> PhysicalAddress {
    isIsolated ? PhysicalAddress(root.rawValue | IsolatedTables.user.mask) : root
  }
}
