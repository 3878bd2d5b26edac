public import Golden
public import Paging
import PhysicalMemory

/// Writes where two translations differ.
public struct DifferenceReport: Sendable {
  private let mode: PagingMode
  /// The number of differences that were given.
  public private(set) var count: UInt64 = 0
  /// Differences of neighbours that are alike, not written yet.
  private var row: Row?

  /// Entries side by side that differ in the same way.
  private struct Row {
    let first: TranslationDifference
    var last: TranslationDifference

    /// Whether the next difference goes on where the row ends.
    func continues(with next: TranslationDifference) -> Bool {
      guard let index = last.path.last?.index, let nextIndex = next.path.last?.index,
        nextIndex == index + 1, last.path.dropLast() == next.path.dropLast()
      else { return false }
      return Self.continues(last.a, next.a) && Self.continues(last.b, next.b)
    }

    private static func continues(
      _ answer: TranslationDifference.Answer, _ next: TranslationDifference.Answer
    ) -> Bool {
      guard case .page(let address, let shift, let rights) = answer else { return answer == next }
      return next == .page(address.advanced(by: 1 << shift), shift: shift, rights)
    }
  }

  /// Prepares the differences of two address spaces of a mode.
  public init(_ mode: PagingMode) { self.mode = mode }

  /// Writes a difference as JSON; both answers are objects in the words of a walk.
  public mutating func writeJSON(_ difference: TranslationDifference, to out: inout TextBuffer) {
    count += 1
    out.openObject()
    out.member("va", hex: difference.address.rawValue)
    out.member("path", difference.pathText)
    write("a", difference.a, to: &out)
    write("b", difference.b, to: &out)
    out.closeLine()
  }

  private func write(
    _ key: String, _ answer: TranslationDifference.Answer, to out: inout TextBuffer
  ) {
    out.openObject(key)
    switch answer {
    case .notPresent: out.member("outcome", WalkOutcome.notPresent.rawValue)
    case .page(let address, let shift, let rights):
      out.member("outcome", WalkOutcome.mapped.rawValue)
      out.member("pa", hex: address.rawValue)
      out.member("page_size", 1 << shift)
      out.members(of: rights)
    case .table(let mappings):
      out.member("outcome", "table")
      out.member("mappings", mappings)
    case .reserved(let bits):
      out.member("outcome", WalkOutcome.reservedBits.rawValue)
      out.member("reserved", hex: bits)
    case .missing: out.member("outcome", WalkOutcome.missing.rawValue)
    }
    out.closeObject()
  }

  /// Writes a difference for people, with the two sides marked as `diff` does; neighbours that
  /// differ alike are held back and said as one.
  public mutating func writeText(_ difference: TranslationDifference, to out: inout TextBuffer) {
    count += 1
    if row?.continues(with: difference) == true {
      row?.last = difference
      return
    }
    flush(to: &out)
    row = Row(first: difference, last: difference)
  }

  /// Writes what is held back.
  public mutating func flush(to out: inout TextBuffer) {
    guard let row else { return }
    self.row = nil
    out.styled(.bold) { $0.hex(row.first.address.rawValue, digits: mode.addressDigits) }
    out.write("  ")
    out.write(row.first.pathText, .cyan)
    let entries = (row.last.path.last?.index ?? 0) - (row.first.path.last?.index ?? 0) + 1
    if let last = row.last.path.last, entries > 1 {
      out.write(" ... \(last.name)[\(last.index.hex)]", .cyan)
      out.write(", \(entries) entries")
    }
    out.write("\n  - \(row.first.a)", .red)
    out.write("\n  + \(row.first.b)", .green)
    out.write("\n")
  }

  /// Writes what is held back and the closing sentence.
  public mutating func writeTotal(isWhole: Bool, to out: inout TextBuffer) {
    flush(to: &out)
    let text =
      count == 0
      ? (isWhole ? "the translations are equal" : Wording.unshown)
      : Wording.count(count, "difference") + (isWhole ? "" : " shown, there are more")
    out.write(text, .bold)
    out.endLine()
  }
}
