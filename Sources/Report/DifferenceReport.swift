public import Golden
public import Paging
import PhysicalMemory

/// Writes where two translations differ.
public struct DifferenceReport: Sendable {
  private let mode: PagingMode
  /// The number of differences written.
  public private(set) var count: UInt64 = 0

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

  /// Writes a difference for people, as `diff` marks the two sides.
  public mutating func writeText(_ difference: TranslationDifference, to out: inout TextBuffer) {
    count += 1
    out.styled(.bold) { $0.hex(difference.address.rawValue, digits: mode.addressDigits) }
    out.write("  ")
    out.write(difference.pathText, .cyan)
    out.write("\n")
    out.write("  - \(difference.a)\n", .red)
    out.write("  + \(difference.b)\n", .green)
  }

  /// Writes the closing sentence.
  public func writeTotal(isWhole: Bool, to out: inout TextBuffer) {
    let text =
      count == 0
      ? "the translations are equal"
      : Wording.count(count, "difference") + (isWhole ? "" : " shown, there are more")
    out.write(text, .bold)
    out.endLine()
  }
}
