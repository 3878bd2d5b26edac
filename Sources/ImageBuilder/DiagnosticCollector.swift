import BitLayout
import PhysicalMemory
import ScenarioFile

/// Keeps what is wrong with a scenario, so that all of it can be reported at once.
final class DiagnosticCollector {
  private(set) var diagnostics: [Diagnostic] = []

  /// Beyond this many a scenario is not looked at further; nobody reads them.
  private static let enough = 100

  var isFull: Bool { diagnostics.count >= Self.enough }
  var isEmpty: Bool { diagnostics.isEmpty }

  func report(_ diagnostic: Diagnostic) { diagnostics.append(diagnostic) }

  func report(
    _ code: DiagnosticCode, _ message: String, at mark: SourceMark, notes: [String] = []
  ) {
    report(Diagnostic(code, message, at: mark, notes: notes))
  }

  /// Runs `body` and keeps what it throws.
  func collect<Result>(_ body: () throws(Diagnostic) -> Result) -> Result? {
    do throws(Diagnostic) {
      return try body()
    } catch {
      report(error)
      return nil
    }
  }

  /// Throws what was found, if anything was.
  func finish(_ source: ScenarioSource) throws(DiagnosticList) {
    guard isEmpty else { throw DiagnosticList(source: source, diagnostics: diagnostics) }
  }
}

extension UInt64 {
  /// A number of bytes in the largest unit that divides it: `4 KiB`.
  var asSize: String {
    for (shift, unit) in [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")] as [(UInt64, String)]
    where self != 0 && self & (1 << shift - 1) == 0 {
      return "\(self >> shift) \(unit)"
    }
    return self == 1 ? "1 byte" : "\(self) bytes"
  }
}

extension UInt64 {
  /// So many pages.
  var asPages: String { self == 1 ? "1 page" : "\(self) pages" }
}

extension ClosedRange<UInt64> {
  /// The range as scenarios write it: `0x1000..0x1fff`.
  var asText: String { "\(lowerBound.hex)..\(upperBound.hex)" }
}

extension [String] {
  /// The names between backticks with commas.
  var asChoices: String { map { "`\($0)`" }.joined(separator: ", ") }
}
