import LinuxMemory
import Paging
import PhysicalMemory
public import WindowsMemory

/// What a machine's system says.
extension Machine {
  /// Says what is known of the system, and how.
  public mutating func noteSystem() {
    if let linux = system.linux {
      self.note("kernel", "Linux \(linux.kernel.version)", from: linux.foundBy)
    }
    guard let system = system.windows else { return }
    func note(_ anchor: WindowsSystem.Anchor, _ value: String?) {
      guard let value else { return }
      let origin = system.origins[anchor]
      let source = origin.map { "\($0.kind.rawValue): \($0.detail)" } ?? "given"
      self.note(anchor.rawValue, value, from: source)
    }
    note(.kernel, system.kernel.version + (system.kernel.hasSwizzleBit ? ", SwizzleBit" : ""))
    let made = system.pools?.caveat(on: system.kernel)
    let notes = system.kernel.notes + system.kernel.structureNotes + [made].compactMap(\.self)
    for text in notes where !warnings.contains(text) { warnings.append(text) }
    if system.kernel.hasSwizzleBit { note(.invalidMask, system.invalidMask.rawValue.hex) }
    noteSelfMap(system)
    note(.systemRoot, system.systemRoot?.hex)
    note(.processList, system.processListHead?.description)
    note(.pfnDatabase, system.pfnDatabase?.description)
    if let pools = system.pools {
      self.note(
        "pools", "paged from \(pools.paged.hex), non-paged from \(pools.nonPaged.hex)",
        from: "chosen: entries with an offset count from there")
    }
    note(.virtualStore, system.virtualStore.map { "page file \($0)" })
  }

  private mutating func noteSelfMap(_ system: WindowsSystem) {
    guard let map = selfMap else { return }
    let place = "PTEs from \(VirtualAddress(map.base))"
    switch map.source {
    case .found:
      note(
        "self-map", "slot \(UInt64(map.slot).hex), \(place)", from: "read: the top table's entry")
    case .fixed:
      note(
        "self-map", "slot \(UInt64(map.slot).hex), \(place)",
        from: leadsToTables(map)
          ? "read: the tables are found there" : "assumed: where such kernels have it")
    }
  }

  /// Assumes of arm64 that TTBR1_EL1 leads where Windows has it, where nobody says where it leads.
  mutating func takeUpperHalfOfWindows(hasSizes: Bool) {
    guard paging.isARM64, paging.upperRegister == nil else { return }
    if !hasSizes {
      paging.sizeHalvesAsWindows()
      note("TCR", paging.tcr.hex, from: "assumed: Windows has 47 bits in each half")
    }
    paging.joinTopTables()
    let place = "root + \((paging.arm64.upperTableOffset ?? 0).hex)"
    note("TTBR1", place, from: "assumed: Windows has both top tables in one page")
  }

  /// Takes the processes of the list of Windows for address spaces.
  ///
  /// What was known of a root already stays; a list that cannot be followed to its end is a warning.
  public mutating func readProcesses() {
    guard let system = system.windows, let head = system.processListHead else { return }
    guard let structure = WindowsStructures(system.kernel).process else {
      warnings.append("where the records of processes have their members is not known")
      return
    }
    let list = ProcessList(head: head, system.kernelMemory(memory, paging), structure)
    if let problem = list.problem { warnings.append(problem) }
    let processes = list.processes.filter { !$0.hasEnded }
    var known = Dictionary(grouping: addressSpaces.indices) { paging(of: addressSpaces[$0]).root }
    for process in processes { take(process, &known) }
    let ended = list.processes.count - processes.count
    note(
      "processes",
      "\(processes.count)" + (ended > 0 ? ", and \(ended) records without tables" : ""),
      from: "list at \(head)")
  }

  /// Takes the roots of a process; `known` has the indices of address spaces by their roots.
  private mutating func take(
    _ process: WindowsProcess, _ known: inout [PhysicalAddress: [Int]]
  ) {
    take(process, process.directoryTableBase, "process list", &known)
    if let root = process.userDirectoryTableBase {
      take(process, root, "process list, user root", &known)
    }
  }

  private mutating func take(
    _ process: WindowsProcess, _ register: UInt64, _ foundBy: String,
    _ spaces: inout [PhysicalAddress: [Int]]
  ) {
    var state = paging
    state.cr3 = register
    let known = spaces[state.root]?.first {
      addressSpaces[$0].pid == nil || addressSpaces[$0].pid == process.pid
    }
    if let known {
      addressSpaces[known].pid = process.pid
      addressSpaces[known].process = addressSpaces[known].process ?? process.name
      addressSpaces[known].parent = process.parent
      addressSpaces[known].record = process
    } else {
      spaces[state.root, default: []].append(addressSpaces.count)
      addressSpaces.append(
        AddressSpace(
          register: register, pid: process.pid, process: process.name, parent: process.parent,
          foundBy: foundBy, record: process))
    }
  }

  /// What the memory manager knows about pages of an address space; nil without Windows.
  ///
  /// - Parameter space: the address space; the one that the machine's root belongs to unless said.
  /// - Returns: the classifier.
  public func classifier(in space: AddressSpace? = nil) -> PageClassifier? {
    guard let system = system.windows else { return nil }
    let space = space ?? addressSpaces.first { paging(of: $0).root == paging.root }
    return PageClassifier(
      system, memory, space.map(paging(of:)) ?? paging, process: space?.record)
  }
}
