import DumpFormats
import LinuxMemory
import Paging
import PhysicalMemory

/// What a dump's Linux says.
extension Machine {
  /// What a dump says of its Linux before anything is looked for: VMCOREINFO, in a note of the dump.
  static func vmcoreinfo(of dump: DumpFile) -> Vmcoreinfo? {
    dump.vmcoreinfo.map { Vmcoreinfo(text: $0) }.flatMap { $0.version == nil ? nil : $0 }
  }

  /// Looks for Linux, and takes its processes for address spaces.
  ///
  /// What was known of a root already stays. Where the kernel is found and its processes are not, the
  /// reason is kept for whoever asks for a process.
  mutating func readLinux(_ vmcoreinfo: Vmcoreinfo?) {
    let roots = paging.isARM64 ? paging.arm64.ttbr1.map { [($0, "--ttbr1")] } ?? [] : known
    let search = LinuxSearch(
      memory, paging, vmcoreinfo,
      roots: roots.map { LinuxSearch.Root(register: $0.0, source: $0.1) })
    guard let findings = search.run() else { return }
    take(findings)
    takeReaders(findings, vmcoreinfo)
    system.linux?.trace = LinuxTrace(paging: findings.paging, vmcoreinfo: vmcoreinfo?.text)
  }

  /// Finds the memory of a kernel again by the trace that is known of it; what is known of roots and processes
  /// stays as it is.
  package mutating func readKernelAgain() {
    guard let trace = system.linux?.trace else { return }
    let vmcoreinfo = trace.vmcoreinfo.map { Vmcoreinfo(text: $0) }
    let register = paging.isARM64 ? trace.paging.arm64.ttbr1 : trace.paging.cr3
    let root = register.map { LinuxSearch.Root(register: $0, source: "an earlier search") }
    let search = LinuxSearch(
      memory, trace.paging, vmcoreinfo, roots: root.map { [$0] } ?? [], seeksRoots: false)
    if let findings = search.run() { takeReaders(findings, vmcoreinfo) }
  }

  /// Takes what reads areas and descriptors of frames in the kernel's memory.
  private mutating func takeReaders(_ findings: LinuxFindings, _ vmcoreinfo: Vmcoreinfo?) {
    let frames = vmcoreinfo.flatMap {
      LinuxFrames($0, LinuxKernelMemory(memory, findings.paging), findings)
    }
    system.linux?.areaReader = findings.areaReader
    system.linux?.frames = frames
    system.linux?.facts.descriptors = frames
  }

  private var known: [(UInt64, String)] { addressSpaces.map { ($0.register, $0.foundBy) } }

  private mutating func take(_ findings: LinuxFindings) {
    let source = findings.releaseSource
    if let version = findings.version,
      let kernel = try? LinuxKernel(version, LinuxEntryFormat(paging.mode))
    {
      system = .linux(LinuxSystem(kernel, foundBy: source))
    }
    noteAside("kernel", findings.release, from: source)
    if let offset = findings.kernelOffset {
      noteAside("KASLR", offset.hex, from: "KERNELOFFSET of VMCOREINFO")
    }
    takeRegisters(findings)
    let isRootKnown = !addressSpaces.isEmpty
    takeProcesses(findings)
    if !isRootKnown, let first = addressSpaces.first { paging.cr3 = first.register }
    if paging.isARM64 { return }
    if findings.isIsolated {
      noteAside("isolation", "PTI", from: "each root has another beside it for user mode")
    }
    let top = PhysicalAddress(findings.kernelRoot.register)
    // A register that the kernel was read by may be that of a process.
    guard !addressSpaces.contains(where: { paging(of: $0).root == top }) else { return }
    take(
      AddressSpace(
        register: top.rawValue, pid: findings.swapper.map { _ in 0 },
        process: findings.swapper.map { _ in "swapper/0" }, foundBy: findings.kernelRoot.source))
  }

  /// On arm64 the upper half has a table of its own, which no core records.
  private mutating func takeRegisters(_ findings: LinuxFindings) {
    guard paging.isARM64 else { return }
    paging.arm64.tcr = findings.paging.tcr
    note("TCR", paging.tcr.hex, from: "sizes and granules from VMCOREINFO")
    if paging.arm64.ttbr1 == nil {
      paging.arm64.ttbr1 = findings.kernelRoot.register
      note("TTBR1", findings.kernelRoot.register.hex, from: findings.kernelRoot.source)
    }
  }

  private mutating func takeProcesses(_ findings: LinuxFindings) {
    for process in findings.processes {
      guard let root = process.root else { continue }
      let list =
        process.record.map { "task_struct at \($0)" } ?? "task named at \(process.nameAddress)"
      let user = findings.userRoot(of: root)
      if user != root { take(process, user, beside: root, "\(list), user root") }
      take(process, root, findings.isIsolated ? "\(list), kernel root" : list)
    }
    for scanned in findings.scanned {
      let sure = "\(scanned.equal) of \(scanned.count) kernel entries are those of the root in use"
      let user = findings.userRoot(of: scanned.table)
      if user != scanned.table {
        take(
          AddressSpace(
            register: user.rawValue, kernelRoot: scanned.table,
            foundBy: "user root beside \(scanned.table)"))
      }
      take(AddressSpace(register: scanned.table.rawValue, foundBy: "search of memory: \(sure)"))
    }
    if let swapper = findings.swapper, let layout = findings.layoutSource {
      let count = findings.processes.count { $0.memory != nil }
      let others = findings.processes.count - count
      noteAside(
        "processes", "\(count), and \(others) thread\(others == 1 ? "" : "s") of the kernel",
        from: "list from the swapper, \(swapper); \(layout)")
    }
    guard let problem = findings.problem else { return }
    if findings.processes.isEmpty {
      noteAside("processes", "unknown", from: problem)
    } else {
      warnings.append(problem)
    }
  }

  private mutating func take(
    _ process: LinuxProcess, _ root: PhysicalAddress, beside kernelRoot: PhysicalAddress? = nil,
    _ foundBy: String
  ) {
    take(
      AddressSpace(
        register: root.rawValue, pid: process.pid, process: process.name,
        parent: process.parent, kernelRoot: kernelRoot, foundBy: foundBy))
  }

  /// Adds a root, or says whose one is that was known already.
  private mutating func take(_ space: AddressSpace) {
    let root = paging(of: space).root
    let index = addressSpaces.firstIndex {
      paging(of: $0).root == root && ($0.pid == nil || space.pid == nil || $0.pid == space.pid)
    }
    guard let index else {
      // Of a process's two roots the kernel's comes first, whichever was in use.
      let pair = addressSpaces.firstIndex { $0.kernelRoot == root && $0.pid == space.pid }
      return addressSpaces.insert(space, at: pair ?? addressSpaces.count)
    }
    if addressSpaces[index].pid == nil, space.pid != nil {
      addressSpaces[index].foundBy += "; \(space.foundBy)"
    }
    addressSpaces[index].kernelRoot = addressSpaces[index].kernelRoot ?? space.kernelRoot
    addressSpaces[index].pid = addressSpaces[index].pid ?? space.pid
    addressSpaces[index].process = addressSpaces[index].process ?? space.process
    addressSpaces[index].parent = addressSpaces[index].parent ?? space.parent
  }
}
