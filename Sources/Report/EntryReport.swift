import BitLayout
public import Machine
import Paging
import PhysicalMemory

/// Says what a word means as an entry of a page table, without a table around it.
public struct EntryReport: Sendable {
  private let machine: Machine
  private let value: UInt64
  private var paging: PagingState { machine.paging }

  /// Prepares for an entry of the mode and the processor of a machine, whose memory is not looked at.
  public init(_ value: UInt64, of machine: Machine) {
    self.machine = machine
    self.value = value
  }

  /// Writes the mode and the registers that the reading depends on, and an empty line.
  public func writeHeader(to out: inout TextBuffer) {
    var facts = RegisterFacts(paging, machine.provenance).entryFacts
    let mode = machine.provenance.first { $0.subject == "mode" }
    facts.insert(("mode", paging.mode.rawValue, mode?.source ?? "assumed"), at: 0)
    FactTable.write(facts, to: &out)
    out.endLine()
  }

  /// Writes the entry at one level: as boxes, field by field, and what it does.
  public func writeText(level: Int, to out: inout TextBuffer) {
    let words = EntryText(paging: paging, level: level, entry: value)
    guard let layout = words.layout else { return }
    EntryFigure(word: value, layout: layout, offending: offending(level)).write(to: &out)
    let (sentence, style) = sentence(level)
    out.writeIndented(sentence, style)
  }

  /// Writes what the processor does with the entry, below what an operating system makes of it.
  func writeSentence(_ level: Int, to out: inout TextBuffer) {
    let (sentence, style) = sentence(level)
    out.write("  the processor: ")
    out.write(sentence, style)
    out.endLine()
  }

  /// The set bits that must be 0.
  func offending(_ level: Int) -> UInt64 {
    if case .reserved(let bits) = paging.meaning(of: value, level: level) { bits } else { 0 }
  }

  /// What the processor does with the entry.
  func sentence(_ level: Int) -> (String, TextStyle) {
    let words = EntryText(paging: paging, level: level, entry: value)
    let rights = paging.rightsLeft(by: value, level: level)
    let attributes = words.attributes.map { ", \($0)" }.joined()
    switch paging.meaning(of: value, level: level) {
    case .notPresent where paging.isARM64:
      return (
        "not present: \(ARM64Sentence.reason(value, level, paging.mode)) (ARM ARM D8.3.1)", .yellow
      )
    case .notPresent:
      return (
        value == 0
          ? "not present: P=0 (SDM 3A, 4.7)"
          : "not present: P=0, all other bits are software's (SDM 3A, 4.7)", .yellow
      )
    case .reserved(let bits):
      return ("\(words.offence(of: bits)) set: \(bits.hex), a walk ends here", .red)
    case .table(let table):
      let name = paging.mode.tableName(level - 1)
      let lost = Rights.all.subtracting(rights).names
      let loss = lost.isEmpty ? "no right" : Wording.list(lost)
      return ("leads to the \(name) at \(table)\(attributes); takes \(loss) away", .green)
    case .page(let page):
      let size = Wording.size(1 << paging.pageShift(level))
      return ("maps the \(size) page at \(page)\(attributes); \(Wording.rights(rights))", .green)
    }
  }

  /// Writes what the entry would be at each level of the mode, a line each.
  public func writeReadings(to out: inout TextBuffer) {
    out.styled(.bold) { $0.hex(value, digits: paging.entrySize * 2) }
    out.write("  an entry of \(paging.mode.rawValue), read at each level\n")
    let names = levels.map { paging.mode.entryName($0).count }.max() ?? 0
    for level in levels {
      out.write("  ")
      out.write(paging.mode.entryName(level), .cyan, width: names + 2)
      let (sentence, style) = sentence(level)
      out.write(sentence, style)
      out.endLine()
    }
    let example = paging.mode.entryName(1)
    out.write("  --level \(example) shows the bits of the \(example), and so on\n", .dim)
  }

  /// The levels of the mode, top first; of arm64 those that TCR_EL1 asks for.
  public var levels: [Int] {
    paging.mode.entryNames.compactMap { paging.mode.level(named: $0) }
      .filter { $0 <= paging.topLevel }
  }

  /// Writes the entry at one level as JSON.
  public func writeJSON(level: Int, to out: inout TextBuffer) {
    let words = EntryText(paging: paging, level: level, entry: value)
    out.openObject()
    out.member("value", hex: value)
    out.member("mode", paging.mode.rawValue)
    out.member("level", paging.mode.entryName(level))
    writeMeaning(level, to: &out)
    if let layout = words.layout { out.member("layout", String(describing: layout.name)) }
    out.members(ofFields: words.layout, in: value)
    out.closeLine()
  }

  private func writeMeaning(_ level: Int, to out: inout TextBuffer) {
    switch paging.meaning(of: value, level: level) {
    case .notPresent: out.member("state", WalkOutcome.notPresent.rawValue)
    case .reserved: out.member("state", WalkOutcome.reservedBits.rawValue)
    case .table(let table):
      out.member("state", "table")
      out.member("pfn", hex: table.frame)
    case .page(let page):
      out.member("state", "page")
      out.member("pfn", hex: page.frame)
    }
    writeTranslation(level, to: &out)
  }

  /// Writes the members that say what the processor makes of a present entry.
  func writeTranslation(_ level: Int, to out: inout TextBuffer) {
    switch paging.meaning(of: value, level: level) {
    case .notPresent: break
    case .reserved(let bits): out.member("reserved", hex: bits)
    case .table: out.members(of: paging.rightsLeft(by: value, level: level))
    case .page(let page):
      out.member("pa", hex: page.rawValue)
      out.member("page_size", 1 << paging.pageShift(level))
      out.members(of: paging.rightsLeft(by: value, level: level))
    }
  }
}

extension Rights {
  /// The rights as what they allow: `writing`, `use by user mode`, `execution`.
  fileprivate var names: [String] {
    [(Rights.write, "writing"), (.user, "use by user mode"), (.execute, "execution")]
      .filter { contains($0.0) }.map(\.1)
  }
}
