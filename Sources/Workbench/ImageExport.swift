public import DumpFormats
public import Machine
import Paging
import PhysicalMemory
import WindowsMemory

extension Workbench {
  /// Writes a machine as a dump, with the registers and the root that readers look for.
  ///
  /// - Parameters:
  ///   - machine: the machine; the root of its paging state goes into the notes.
  ///   - format: the container.
  ///   - path: the file to create.
  ///   - force: whether an existing file is replaced.
  /// - Returns: what the format could not keep, one sentence each.
  /// - Throws: `DumpError`; then there is no new file.
  public static func export(
    _ machine: Machine, as format: DumpWriter.Format, to path: String, force: Bool = false
  ) throws(DumpError) -> [String] {
    let paging = machine.paging
    if paging.isARM64 { return try exportARM64(machine, as: format, to: path, force: force) }
    let processor = ProcessorState(
      cr0: paging.cr0, cr3: paging.cr3, cr4: paging.cr4, efer: paging.efer, source: "scenario")
    let isLongMode = paging.mode == .x86_64 || paging.mode == .la57
    let writer = DumpWriter(
      format, architecture: isLongMode ? .x8664 : .x86, processors: [processor],
      vmcoreinfo: isLongMode ? vmcoreinfo(of: machine) : nil, root: root(of: machine),
      windows: header(of: machine))
    return try writer.write(machine.memory, to: path, force: force)
  }

  /// Writes a dump in another container, with what it says of its processors and its kernel.
  ///
  /// - Parameters:
  ///   - dump: the dump.
  ///   - format: the container.
  ///   - path: the file to create.
  ///   - force: whether an existing file is replaced.
  /// - Returns: what the format could not keep, one sentence each.
  /// - Throws: `DumpError`; then there is no new file.
  public static func convert(
    _ dump: DumpFile, to format: DumpWriter.Format, _ path: String, force: Bool = false
  ) throws(DumpError) -> [String] {
    // What paging is like is worked out in one place; a dump that does not say it is no machine.
    let machine = try? Machine(dump, readsProcesses: false)
    let writer = DumpWriter(
      format, architecture: dump.architecture, processors: dump.processors,
      vmcoreinfo: dump.vmcoreinfo, root: dump.root ?? machine.flatMap(root(of:)),
      windows: dump.windows)
    return try writer.write(dump.memory, to: path, force: force)
  }

  private static func root(of machine: Machine) -> RecordedRoot? {
    RecordedRoot.Mode(rawValue: machine.paging.mode.rawValue).map {
      RecordedRoot(register: machine.paging.cr3, mode: $0, source: "scenario")
    }
  }

  /// What a crash dump says of the machine's Windows.
  private static func header(of machine: Machine) -> WindowsDumpHeader? {
    machine.system.windows.map {
      WindowsDumpHeader(
        build: $0.kernel.id.build, processList: $0.processListHead?.rawValue,
        pfnDatabase: $0.pfnDatabase?.rawValue)
    }
  }

  /// Cores of arm64 have no place for system registers; what a reader must be told is said instead.
  private static func exportARM64(
    _ machine: Machine, as format: DumpWriter.Format, to path: String, force: Bool
  ) throws(DumpError) -> [String] {
    let writer = DumpWriter(
      format, architecture: .aarch64, root: root(of: machine), windows: header(of: machine))
    let paging = machine.paging
    // Where each address space has an upper half of its own, the system says where.
    let upper =
      paging.arm64.upperTableOffset == nil
      ? "--ttbr1 \(paging.ttbr1.hex)" : "--os \(machine.system.id)"
    let registers = "--root \(paging.cr3.hex) \(upper) --tcr \(paging.tcr.hex)"
    return try writer.write(machine.memory, to: path, force: force)
      + ["no dump format keeps the registers of arm64: read it with --mode arm64 \(registers)"]
  }

  /// The facts from which readers of Linux dumps find the top table.
  ///
  /// They take `swapper_pg_dir` as an address in the kernel image, whose first byte is at physical
  /// address `phys_base`; so the image is said to begin with the top table.
  private static func vmcoreinfo(of machine: Machine) -> String {
    let isFiveLevel = machine.paging.mode == .la57 ? 1 : 0
    return """
      OSRELEASE=mmubench
      PAGESIZE=4096
      SYMBOL(swapper_pg_dir)=ffffffff80000000
      NUMBER(phys_base)=\(machine.paging.root.rawValue)
      NUMBER(pgtable_l5_enabled)=\(isFiveLevel)
      KERNELOFFSET=0

      """
  }
}
