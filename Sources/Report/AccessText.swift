import BitLayout
public import Machine
public import Paging
import PhysicalMemory

/// Writes accesses for people: the walk with every entry, the verdict and what it changes.
public struct AccessText: Sendable {
  private let paging: PagingState
  private let walks: WalkText

  /// Prepares for accesses to one machine and root.
  public init(_ paging: PagingState) {
    self.paging = paging
    walks = WalkText(paging)
  }

  /// Writes an access: what was asked, a line an entry, what became of it.
  public func write(_ answer: AccessAnswer, to out: inout TextBuffer) {
    let words = AccessSentence(answer)
    out.styled(.bold) { $0.hex(answer.pointer.rawValue, digits: paging.mode.addressDigits) }
    out.write("  ")
    out.write(words.question, .bold)
    out.endLine()
    if answer.pointer != answer.walk.address {
      out.writeIndented("without its tag the address is \(answer.walk.address)")
    }
    walks.writeEntries(of: answer.walk, to: &out)
    if answer.result.outcome != .translated, answer.walk.result.translation != nil {
      for text in WalkSentence(paging: paging, walk: answer.walk).lines {
        out.writeIndented(text)
      }
    }
    out.writeIndented(words.verdict, words.style)
    for text in words.reasons { out.writeIndented(text) }
    if case .translated(_, let updates) = answer.result { write(updates, of: answer, to: &out) }
    if let verdict = answer.verdict {
      VerdictReport(verdict: verdict, mode: paging.mode).writeText(to: &out)
    }
  }

  private func write(
    _ updates: EntryUpdates, of answer: AccessAnswer, to out: inout TextBuffer
  ) {
    guard !updates.isEmpty else {
      return out.writeIndented("no accessed or dirty bit changes", .dim)
    }
    for update in updates {
      let name = paging.mode.entryName(update.level)
      let paging = paging.half(of: answer.walk.address)
      let index = paging.index(of: answer.walk.address, level: update.level)
      let digits = paging.entrySize * 2
      let words = update.changes(in: paging).split(separator: " ", maxSplits: 1)
      out.write("  \(words[0]) ")
      out.write(String(words[1]), .bold, width: 3)
      out.write(" of ")
      out.write("\(name)[\(index.hex(digits: 3))]", .cyan, width: walks.entryWidth)
      out.write("  \(update.address.rawValue.hex(digits: 16))")
      out.write("  \(update.before.hex(digits: digits)) → \(update.after.hex(digits: digits))")
      out.endLine()
    }
  }
}
