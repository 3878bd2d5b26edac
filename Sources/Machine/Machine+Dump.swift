import BitLayout
public import DumpFormats
import LinuxMemory
public import Paging
import PhysicalMemory

extension Machine {
  /// Takes a dump as a machine, with what the user says laid over what the dump says.
  ///
  /// - Parameters:
  ///   - dump: the dump.
  ///   - overrides: what the user says.
  ///   - readsProcesses: whether its operating system is looked for, with its processes.
  /// - Throws: `MachineOverrides.Problem`, where mode or root are not known, or no processor is such.
  public init(
    _ dump: DumpFile, overrides: MachineOverrides = MachineOverrides(),
    readsProcesses: Bool = true
  ) throws(MachineOverrides.Problem) {
    let processor = dump.processors.first
    let recorded = processor?.mode(on: dump.architecture)
    let named = dump.root.flatMap { PagingMode(rawValue: $0.mode.rawValue) }
    let only: PagingMode? = dump.architecture == .aarch64 ? .arm64 : nil
    var linux = Self.vmcoreinfo(of: dump)
    var place = "VMCOREINFO"
    let isSilent = overrides.mode == nil && recorded == nil && named == nil
    if linux == nil, isSilent, readsProcesses, let found = Vmcoreinfo.search(dump.memory) {
      (linux, place) = (found.text, "VMCOREINFO in memory at \(found.place)")
    }
    guard let mode = overrides.mode ?? recorded ?? named ?? linux?.mode ?? only else {
      throw Self.modeNeeded(dump, processor)
    }
    self.init(
      memory: dump.memory, paging: PagingState(mode: mode), addressSpaces: [],
      format: dump.format.rawValue, compressions: dump.compressions.map(\.rawValue),
      size: dump.fileSize, warnings: dump.warnings)
    files = dump.files
    let source =
      recorded.map { _ in processor?.source ?? "" } ?? dump.root?.source
      ?? (linux?.mode == mode ? place : "the dump is of an aarch64 processor")
    note("mode", mode.rawValue, from: overrides.mode == nil ? source : "--mode")
    takeRegisters(of: dump, isRecordedMode: recorded == mode, overrides)
    windowsHeader = dump.windows
    let isLinux = overrides.system.map { $0.lowercased().hasPrefix("linux") } ?? true
    if let other = linux?.mode, other != mode {
      // The addresses that it names are none that tables of this mode could have.
      warnings.append(
        "VMCOREINFO is of a kernel of mode \(other.rawValue): in mode \(mode.rawValue) it is not used"
      )
      linux = nil
    }
    if readsProcesses, isLinux, dump.root == nil { readLinux(linux) }
    // What is looked for there are tables of Windows.
    if addressSpaces.isEmpty, overrides.root == nil, self.system.linux == nil { findRoot() }
    try overrides.apply(to: &self)
    if addressSpaces.isEmpty { throw rootNeeded(dump) }
  }

  /// Takes a dump as a machine of which is known what else would be looked for.
  public init(
    _ dump: DumpFile, paging: PagingState, addressSpaces: [AddressSpace], system: OperatingSystem,
    provenance: [Provenance], warnings: [String]
  ) {
    self.init(
      memory: dump.memory, paging: paging, addressSpaces: addressSpaces, system: system,
      format: dump.format.rawValue, compressions: dump.compressions.map(\.rawValue),
      size: dump.fileSize, provenance: provenance, warnings: warnings)
    files = dump.files
    windowsHeader = dump.windows
  }

  private func rootNeeded(_ dump: DumpFile) -> MachineOverrides.Problem {
    let what = "\(dump.path) does not say where the page tables start"
    guard paging.isARM64, let linux = system.linux else {
      return MachineOverrides.Problem("\(what); give --root ADDRESS")
    }
    let processes = provenance.first { $0.subject == "processes" }
    return MachineOverrides.Problem(
      "\(what): it is of Linux \(linux.kernel.version), whose roots on arm64 have nothing in common to "
        + "be known by, and \(processes?.source ?? "names no processes"); give --root ADDRESS, "
        + "the TTBR0 of a process")
  }

  /// Takes what a dump records of registers, as far as they are of its mode, and the roots that it names.
  private mutating func takeRegisters(
    of dump: DumpFile, isRecordedMode: Bool, _ overrides: MachineOverrides
  ) {
    if paging.mode == .arm64 {
      noteDefaults(overrides)
    } else if let processor = dump.processors.first, isRecordedMode {
      take(processor)
    } else if paging.mode != .x86 {
      note("NXE", "1", from: "default of the mode")
    }
    for processor in dump.processors { addRoot(processor.cr3, from: processor.source) }
    if let root = dump.root { addRoot(root.register, from: root.source) }
    for fact in dump.facts { note(fact.subject, fact.value, from: fact.source) }
    // Registers of another mode say nothing about this one, but CR3 is where the tables are.
    if let root = addressSpaces.first { paging.cr3 = root.register }
  }

  /// A core of arm64 records no system registers.
  private mutating func noteDefaults(_ overrides: MachineOverrides) {
    if overrides.tcr == nil {
      note("TCR", paging.arm64.tcr.hex, from: "assumed: granule 4 KiB, 48 bits in both halves")
    }
    guard overrides.ttbr1 == nil else { return }
    note("TTBR1", "unknown", from: "give --ttbr1 ADDRESS for the upper half")
  }

  private static func modeNeeded(
    _ dump: DumpFile, _ processor: ProcessorState?
  ) -> MachineOverrides.Problem {
    let modes = PagingMode.allCases.map(\.rawValue).joined(separator: ", ")
    let why =
      processor == nil
      ? "\(dump.path) (\(dump.format.rawValue)) does not say its paging mode"
      : "paging is off in the registers that \(dump.path) records"
    return MachineOverrides.Problem("\(why); give --mode, one of \(modes)")
  }

  private mutating func take(_ processor: ProcessorState) {
    paging.cr0 = processor.cr0
    paging.cr4 = processor.cr4
    note("CR0", processor.cr0.hex, from: processor.source)
    note("CR4", processor.cr4.hex, from: processor.source)
    if let efer = processor.efer {
      paging.efer = efer
      note("EFER", efer.hex, from: processor.source)
    } else if paging.mode != .x86 {
      note("NXE", "1", from: "assumed: the dump does not record EFER")
    }
  }

  /// Adds an address space, unless there is one with this root already.
  mutating func addRoot(_ register: UInt64, from source: String) {
    guard !addressSpaces.contains(where: { $0.register == register }) else { return }
    addressSpaces.append(AddressSpace(register: register, foundBy: source))
  }
}

extension ProcessorState {
  /// The mode that the registers say, of a processor of some architecture where EFER is not recorded; nil where
  /// paging is off.
  fileprivate func mode(on architecture: Architecture?) -> PagingMode? {
    let longMode = efer.map(RegisterLayouts.longModeActive.isSet(in:))
    return PagingState.mode(cr0: cr0, cr4: cr4, longMode: longMode ?? (architecture == .x8664))
  }
}
