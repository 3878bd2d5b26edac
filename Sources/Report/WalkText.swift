public import Machine
public import Paging
import PhysicalMemory

/// Writes walks for people: every entry with its flags, the rights that are left, and why it ended.
public struct WalkText: Sendable {
  private let paging: PagingState
  private let columns: Columns

  /// The widths of the table's columns, which depend on the mode only.
  private struct Columns {
    let entry: Int
    let value: Int
    /// A physical address, padded.
    static let address = 18
  }

  /// Prepares for the walks of one machine and root.
  public init(_ paging: PagingState) {
    self.paging = paging
    let names = paging.mode.entryNames.map(\.count).max() ?? 0
    columns = Columns(entry: names + "[0x1ff]".count, value: 2 + paging.entrySize * 2)
  }

  /// Writes a walk: the address, a line an entry, the closing sentence.
  public func write(_ walk: Walk, to out: inout TextBuffer) {
    out.styled(.bold) { $0.hex(walk.address.rawValue, digits: walk.mode.addressDigits) }
    out.endLine()
    writeEntries(of: walk, to: &out)
    let sentence = WalkSentence(paging: paging, walk: walk)
    for line in sentence.lines { out.writeIndented(line, sentence.style) }
  }

  /// The width of the column that names the entries.
  var entryWidth: Int { columns.entry }

  /// Writes the table of the entries that were read.
  func writeEntries(of walk: Walk, to out: inout TextBuffer) {
    if !walk.steps.isEmpty { writeHeader(to: &out) }
    var before = Rights.all
    for step in walk.steps {
      write(step, of: walk, before: before, to: &out)
      before = step.rights
    }
  }

  private func writeHeader(to out: inout TextBuffer) {
    out.styled(.dim) { out in
      out.write("  ")
      out.write("entry", width: columns.entry + 2)
      out.write("at", width: Columns.address + 2)
      out.write("value", width: columns.value + 2)
      out.write("leads to", width: Columns.address + 2)
      out.write("rights  flags")
    }
    out.endLine()
  }

  private func write(
    _ step: WalkStep, of walk: Walk, before: Rights, to out: inout TextBuffer
  ) {
    let name = walk.mode.entryName(step.level)
    out.write("  ")
    out.write("\(name)[\(step.index.hex(digits: 3))]", .cyan, width: columns.entry + 2)
    out.hex(step.entryAddress.rawValue, digits: 16)
    out.write("  ")
    guard let entry = step.entry else {
      out.write("not in the image", .yellow)
      out.endLine()
      return
    }
    out.hex(entry, digits: paging.entrySize * 2)
    out.write("  ")
    let paging = paging.half(of: walk.address)
    let meaning = paging.meaning(of: entry, level: step.level)
    write(target: meaning, to: &out)
    out.write("  ")
    write(rights: step.rights, before: before, meaning, to: &out)
    out.write("     ")
    write(flagsOf: entry, level: step.level, meaning, paging, to: &out)
    out.endLine()
  }

  private func write(target meaning: EntryMeaning, to out: inout TextBuffer) {
    switch meaning {
    case .table(let address): out.hex(address.rawValue, digits: 16)
    case .page(let address): out.styled(.bold) { $0.hex(address.rawValue, digits: 16) }
    case .notPresent, .reserved: out.write("-", .dim, width: Columns.address)
    }
  }

  /// The rights that are left; a letter that this entry takes away stands out.
  private func write(
    rights: Rights, before: Rights, _ meaning: EntryMeaning, to out: inout TextBuffer
  ) {
    switch meaning {
    case .notPresent, .reserved: out.write("-  ", .dim)
    case .table, .page:
      for (right, letter) in [(Rights.write, "w"), (.user, "u"), (.execute, "x")] {
        let isLost = before.contains(right) && !rights.contains(right)
        out.write(rights.contains(right) ? letter : "-", isLost ? .red : .plain)
      }
    }
  }

  private func write(
    flagsOf entry: UInt64, level: Int, _ meaning: EntryMeaning, _ paging: PagingState,
    to out: inout TextBuffer
  ) {
    if meaning == .notPresent { return out.write("not present", .yellow) }
    let flags = EntryText(paging: paging, level: level, entry: entry).flags
    out.write(flags.joined(separator: " "))
    if case .reserved(let bits) = meaning { out.write(" reserved:\(bits.hex)", .red) }
  }
}

extension PagingMode {
  /// The number of hexadecimal digits that a virtual address of the mode is written with.
  var addressDigits: Int { virtualAddressBits > 32 ? 16 : 8 }
}
