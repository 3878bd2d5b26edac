import BitLayout
import Machine
import Paging
import WindowsMemory

/// What an entry says to whoever reads it: the processor, or where it says that there is nothing,
/// the operating system.
struct EntryReading {
  /// The entry with its fields; nil where no layout is for it.
  let figure: EntryFigure?
  /// The meaning, a sentence each.
  let sentences: [(String, TextStyle)]
  /// The bits that mean something to the kernel and nothing to the processor, in an entry that the
  /// processor uses.
  private(set) var own: UInt64 = 0
  /// Who names these bits.
  private(set) var ownSource: String?

  /// The fields, with what is to be said of them.
  var rows: FieldRows? { figure?.rows }
  /// The set bits that must be 0.
  var offending: UInt64 { figure?.offending ?? 0 }

  /// Reads an entry at a level, of a page table unless it is said to be a prototype entry.
  init(_ value: UInt64, level: Int, of machine: Machine, table: PTETable = .process) {
    var isPresent = true
    if case .notPresent = machine.paging.meaning(of: value, level: level) { isPresent = false }
    if table == .prototype || !isPresent, let system = machine.system.windows {
      let report = WindowsEntryReport(
        value, of: machine,
        .init(
          system.kernel, mask: system.invalidMask, table: table, level: level,
          sources: (kernel: "", mask: "", level: "")))
      (figure, sentences) = (report.figure, report.sentences)
    } else if !isPresent, let system = machine.system.linux {
      let report = LinuxEntryReport(
        value, of: machine, .init(system, level: level, levelSource: ""))
      (figure, sentences) = (report.figure, report.sentences)
    } else {
      let report = EntryReport(value, of: machine)
      let layout = EntryText(paging: machine.paging, level: level, entry: value).layout
      let own = layout.map { Self.ownFields(of: value, level: level, $0, machine) } ?? []
      figure = layout.map {
        EntryFigure(
          word: value, layout: $0.overlaid(with: own), offending: report.offending(level))
      }
      sentences = [report.sentence(level)]
      self.own = own.reduce(into: 0) { $0 |= $1.mask }
      ownSource = own.isEmpty ? nil : machine.system.ownFieldSource
    }
  }

  private static func ownFields(
    of value: UInt64, level: Int, _ layout: WordLayout, _ machine: Machine
  ) -> [BitField] {
    let paging = machine.paging
    var isPage = true
    if case .table = paging.meaning(of: value, level: level) { isPage = false }
    return machine.system.ownFields(in: paging.ignoredBits(of: layout), isPage: isPage)
  }
}
