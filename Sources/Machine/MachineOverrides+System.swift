import Paging
import PhysicalMemory
import WindowsMemory

/// What the user says about the operating system.
extension MachineOverrides {
  /// Applies `--os` and the options of Windows, and reads the processes where their list is known.
  func applySystem(to machine: inout Machine) throws(Problem) {
    if let system {
      machine.system = try Self.system(system, machine.paging.mode)
    } else if machine.system.windows == nil {
      machine.takeRecordedSystem()
    }
    guard var windows = machine.system.windows else {
      if let option = unusedOption {
        throw Problem("\(option) is about Windows: --os windows-19041.508 names a kernel")
      }
      return
    }
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
      windows.virtualStore = virtualStore
      windows.origins[.virtualStore] = .init(.given, "--virtual-store")
    }
    machine.addRecordedAnchors(to: &windows)
    // The root that the list of processes is read by, before a process is chosen by it.
    if let root, windows.systemRoot == nil { machine.paging.cr3 = root }
    machine.system = .windows(windows)
    machine.readProcesses()
    machine.inferEntries()
    machine.noteSystem()
  }

  private static func system(
    _ name: String, _ mode: PagingMode
  ) throws(Problem) -> OperatingSystem {
    guard name != "none" else { return .none }
    guard name.lowercased().hasPrefix("windows") else {
      throw Problem(
        "no operating system `\(name)`; there are: none, and Windows as in windows-19041.508")
    }
    do throws(WindowsKernelError) {
      let kernel = try WindowsKernel(named: name, mode: mode)
      return .windows(WindowsSystem(kernel, from: .init(.given, "--os \(name)")))
    } catch {
      throw Problem("\(error)")
    }
  }

  private var unusedOption: String? {
    [
      ("--invalid-mask", invalidMask), ("--process-list", processListHead),
      ("--pfn-database", pfnDatabase), ("--virtual-store", virtualStore),
    ].first { $0.1 != nil }?.0
  }
}
