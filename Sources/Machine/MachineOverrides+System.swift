import LinuxMemory
public import Paging
import PhysicalMemory
import WindowsMemory

/// What the user says about the operating system.
extension MachineOverrides {
  /// Applies `--os` and the options of each system, and reads the processes where their list is known.
  func applySystem(to machine: inout Machine) throws(Problem) {
    if let system {
      let named = try self.system(system, machine.paging.mode)
      if let linux = named.linux, machine.system.linux != nil {
        // What was found of the kernel's memory is there whatever its entries are taken for.
        machine.system.linux?.kernel = linux.kernel
        machine.system.linux?.foundBy = linux.foundBy
      } else {
        machine.system = named
      }
    } else if machine.system.windows == nil {
      machine.takeRecordedSystem()
    }
    switch machine.system {
    case .windows(let windows):
      try refuse(linuxOnly, "Linux: --os linux-6.1 names a kernel")
      try apply(windows, to: &machine)
    case .linux:
      try refuse(windowsOnly, "Windows: --os windows-19041.508 names a kernel")
      if let linuxOptions, system == nil, let kernel = machine.system.linux?.kernel {
        machine.system.linux?.kernel = kernel.configured(linuxOptions)
      }
      if system != nil { machine.noteSystem() }
    case .none:
      try refuse(windowsOnly, "Windows: --os windows-19041.508 names a kernel")
      try refuse(linuxOnly, "Linux: --os linux-6.1 names a kernel")
    }
  }

  /// Whether there is a system of this name with entries of a mode.
  public static func hasSystem(_ name: String, in mode: PagingMode) -> Bool {
    (try? MachineOverrides().system(name, mode)) != nil
  }

  private func refuse(_ options: [(String, Bool)], _ whose: String) throws(Problem) {
    guard let option = options.first(where: \.1)?.0 else { return }
    throw Problem("\(option) is about \(whose)")
  }

  private var windowsOnly: [(String, Bool)] {
    [
      ("--invalid-mask", invalidMask != nil), ("--process-list", processListHead != nil),
      ("--pfn-database", pfnDatabase != nil), ("--virtual-store", virtualStore != nil),
    ]
  }

  private var linuxOnly: [(String, Bool)] {
    [("--kernel-config", linuxOptions != nil), ("--maps", areas != nil)]
  }

  private func apply(
    _ system: WindowsSystem, to machine: inout Machine
  ) throws(Problem) {
    var windows = system
    if let invalidMask {
      windows.invalidMask = InvalidPTEMask(rawValue: invalidMask)
      windows.origins[.invalidMask] = .init(.given, "--invalid-mask")
    }
    if let processListHead {
      windows.processListHead = VirtualAddress(processListHead)
      windows.origins[.processList] = .init(.given, "--process-list")
    }
    if let pfnDatabase {
      windows.pfnDatabase = VirtualAddress(pfnDatabase)
      windows.origins[.pfnDatabase] = .init(.given, "--pfn-database")
    }
    if let virtualStore {
      let id = windows.kernel.id
      guard id.numbersStore else {
        throw Problem("--virtual-store \(virtualStore): no page file of \(id) is a store")
      }
      windows.virtualStore = virtualStore
      windows.origins[.virtualStore] = .init(.given, "--virtual-store")
    }
    machine.addRecordedAnchors(to: &windows)
    // Before a process is chosen, the list of processes is read by the root, and the entries below it
    // are among those from which mask and generation are inferred.
    if let root, windows.systemRoot == nil {
      machine.paging.cr3 = root
      machine.addRoot(root, from: "--root")
    }
    machine.system = .windows(windows)
    machine.takeUpperHalfOfWindows(hasSizes: tcr != nil)
    machine.readProcesses()
    machine.inferEntries()
    machine.noteSystem()
  }

  private func system(_ name: String, _ mode: PagingMode) throws(Problem) -> OperatingSystem {
    guard name != "none" else { return .none }
    do {
      if LinuxKernel.isID(name) {
        let kernel = try LinuxKernel(id: name, mode: mode, options: linuxOptions)
        return .linux(LinuxSystem(kernel, foundBy: "--os \(name)"))
      }
      guard name.lowercased().hasPrefix("windows") else {
        throw Problem(OperatingSystem.unknown(name))
      }
      let kernel = try WindowsKernel(named: name, mode: mode)
      return .windows(WindowsSystem(kernel, from: .init(.given, "--os \(name)")))
    } catch let problem as Problem {
      throw problem
    } catch {
      throw Problem("\(error)")
    }
  }
}

extension OperatingSystem {
  /// What is said of a name that no system has.
  public static func unknown(_ name: String) -> String {
    "no operating system `\(name)`; there are: none, Windows as in windows-19041.508, and Linux as in"
      + " linux-6.1"
  }
}
