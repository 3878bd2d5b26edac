import ArgumentParser
import Paging
import PhysicalMemory
import Report
import ScenarioFile
import WindowsMemory

/// The options that say what Windows makes of an entry.
struct WindowsOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where the entry was found: process (a page table) or prototype (an array of a section).",
      valueName: "table"),
    completion: Choice.completion(PTETable.self),
    transform: { try Choice.of(PTETable.self, "table", $0) })
  var table: PTETable?

  @Option(
    name: .customLong("invalid-mask"),
    help: ArgumentHelp(
      "The kernel's invalid-PTE mask; 0 if not given.", valueName: "value"),
    transform: Numbers.number)
  var invalidMask: UInt64?

  @Option(
    help: ArgumentHelp(
      "Show the entry in this type, whatever its state: _MMPTE_SOFTWARE and so on; with --style windbg also _MMPTE, the union of all.",
      valueName: "name"),
    transform: Self.type)
  var type: WindowsEntryType?

  private static func type(_ name: String) throws -> WindowsEntryType {
    if let type = WindowsEntryType(name) { return type }
    let near =
      Suggestion.nearest(to: name, in: WindowsEntryType.names)
      .map { "; did you mean `\($0)`?" } ?? ""
    throw ValidationError(
      "`\(name)` is no type of an entry; there are "
        + WindowsEntryType.names.joined(separator: ", ") + near)
  }

  func validate() throws {
    guard let invalidMask, let problem = InvalidPTEMask(rawValue: invalidMask).contradiction
    else { return }
    throw ValidationError("--invalid-mask \(invalidMask.hex): \(problem)")
  }

  /// Refuses what means nothing without a Windows kernel.
  func requireUnused() throws {
    let unused = [
      ("--table", table != nil), ("--invalid-mask", invalidMask != nil), ("--type", type != nil),
    ]
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
    if let form = type?.form, kernel.layout(form) == nil {
      throw Failure.usage("\(kernel.id) has no \(form.rawValue), or its layout is not known")
    }
    var question = WindowsEntryReport.Question(
      kernel, mask: InvalidPTEMask(rawValue: invalidMask ?? 0), table: table ?? .process,
      level: level ?? 1,
      sources: (
        "--os \(name)", invalidMask == nil ? "assumed; --invalid-mask gives it" : "--invalid-mask",
        level == nil ? "assumed; --level takes another" : "--level"
      ))
    question.form = type?.form
    return question
  }
}
