import ArgumentParser
import Machine
import PhysicalMemory
import WindowsMemory

/// The options that say where the structures of Windows are, which a machine may not say itself.
struct SystemOptions: ParsableArguments {
  @Option(
    name: .customLong("invalid-mask"),
    help: ArgumentHelp(
      "Windows' invalid-PTE mask; inferred from the entries if not given.", valueName: "value"),
    transform: Numbers.number)
  var invalidMask: UInt64?

  @Option(
    name: .customLong("process-list"),
    help: ArgumentHelp("Address of PsActiveProcessHead.", valueName: "address"),
    transform: Numbers.address)
  var processList: UInt64?

  @Option(
    name: .customLong("pfn-database"),
    help: ArgumentHelp("Value of MmPfnDatabase.", valueName: "address"),
    transform: Numbers.address)
  var pfnDatabase: UInt64?

  @Option(
    name: .customLong("virtual-store"),
    help: ArgumentHelp(
      "Number of the page file that is a store of compressed pages.", valueName: "n"),
    transform: Numbers.number)
  var virtualStore: UInt64?

  func validate() throws {
    if let invalidMask, let problem = InvalidPTEMask(rawValue: invalidMask).contradiction {
      throw ValidationError("--invalid-mask \(invalidMask.hex): \(problem)")
    }
    if let pfnDatabase, pfnDatabase % frameSize != 0 {
      throw ValidationError("--pfn-database \(pfnDatabase.hex): it is no boundary of a page")
    }
    if let virtualStore, virtualStore > 15 {
      throw ValidationError("--virtual-store \(virtualStore): page files have the numbers 0 to 15")
    }
  }

  func apply(to overrides: inout MachineOverrides) {
    overrides.invalidMask = invalidMask
    overrides.processListHead = processList
    overrides.pfnDatabase = pfnDatabase
    overrides.virtualStore = virtualStore
  }
}
