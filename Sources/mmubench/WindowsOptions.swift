import ArgumentParser
import Paging
import PhysicalMemory
import Report
import WindowsMemory

/// The options that say what Windows makes of an entry.
struct WindowsOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where the entry was found: process (a page table) or prototype (an array of a section).",
      valueName: "table"),
    transform: { try Choice.of(PTETable.self, "table", $0) })
  var table: PTETable?

  @Option(
    name: .customLong("invalid-mask"),
    help: ArgumentHelp(
      "The kernel's invalid-PTE mask; 0 if not given.", valueName: "value"),
    transform: Numbers.number)
  var invalidMask: UInt64?

  func validate() throws {
    guard let invalidMask, invalidMask & InvalidPTEMask.flagBits != 0 else { return }
    throw ValidationError(
      "--invalid-mask \(invalidMask.hex): the mask is made of address bits, above bit 11")
  }

  /// Refuses what means nothing without a Windows kernel.
  func requireUnused() throws {
    let unused = [("--table", table != nil), ("--invalid-mask", invalidMask != nil)]
    guard let option = unused.first(where: \.1)?.0 else { return }
    throw Failure.usage(
      "\(option) is about entries of Windows: --os windows-19041.508 names a kernel")
  }

  /// The question about an entry of a kernel.
  func question(
    _ kernel: WindowsKernel, named name: String, level: Int?
  ) throws -> WindowsEntryReport.Question {
    if table == .prototype, let level, level > 1 {
      throw Failure.usage("prototype entries stand for PTEs: --table prototype has no other level")
    }
    return WindowsEntryReport.Question(
      kernel, mask: InvalidPTEMask(rawValue: invalidMask ?? 0), table: table ?? .process,
      level: level ?? 1,
      sources: (
        "--os \(name)", invalidMask == nil ? "assumed; --invalid-mask gives it" : "--invalid-mask",
        level == nil ? "assumed; --level takes another" : "--level"
      ))
  }
}
