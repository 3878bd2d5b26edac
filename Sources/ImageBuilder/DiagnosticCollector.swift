import BitLayout
import PhysicalMemory
import ScenarioFile

/// Keeps what is wrong with a scenario, so that all of it can be reported at once.
///
/// Some mistakes may only follow from others: an address is not mapped because the item that should map
/// it is wrong. They are reported where nothing before them is wrong.
final class DiagnosticCollector {
  /// What the parser made of the file; nil for a check whose result is looked at first.
  let reading: ScenarioReading?
  /// The mistakes that others may follow from.
  private(set) var diagnostics: [Diagnostic] = []
  /// Mistakes that nothing follows from.
  private var asides: [Diagnostic] = []
  /// Mistakes of this stage that may follow from others.
  private var followUps: [Diagnostic] = []

  init(_ reading: ScenarioReading?) { self.reading = reading }

  /// Beyond this many a scenario is not looked at further; nobody reads them.
  private static let enough = 100

  var isFull: Bool { diagnostics.count + asides.count + followUps.count >= Self.enough }

  /// Whether nothing is wrong with the scenario so far.
  var isEmpty: Bool {
    !hasCause && asides.isEmpty && followUps.isEmpty && reading?.diagnostics.isEmpty != false
  }

  /// Whether mistakes from here on may follow from others.
  var hasCause: Bool { !diagnostics.isEmpty || !omissions.isEmpty }

  /// What the scenario lacks because it could not be read.
  var omissions: ScenarioReading.Omissions { reading?.omissions ?? [] }

  /// Whether an item could not be read as a whole.
  func isDamaged(_ item: SourceMark) -> Bool { reading?.damaged.contains(item) == true }

  func report(_ diagnostic: Diagnostic) {
    if diagnostic.code == .outOfFrames {
      followUps.append(diagnostic)
    } else {
      diagnostics.append(diagnostic)
    }
  }

  /// Reports a mistake that says nothing about any other.
  func reportAside(_ diagnostic: Diagnostic) { asides.append(diagnostic) }

  /// Ends a stage: what may follow from others is a mistake of its own if there are no others.
  func endStage() {
    if !hasCause { diagnostics += followUps }
    followUps = []
  }

  /// Everything wrong with the scenario.
  var list: DiagnosticList {
    endStage()
    return reading?.list(adding: diagnostics + asides)
      ?? DiagnosticList(source: ScenarioSource(path: "", text: ""), diagnostics: diagnostics)
  }

  func report(
    _ code: DiagnosticCode, _ message: String, at mark: SourceMark, notes: [String] = []
  ) {
    report(Diagnostic(code, message, at: mark, notes: notes))
  }

  /// Runs `body`, which writes to the image, and keeps what it throws.
  func collect(_ body: () throws(Diagnostic) -> Void) {
    do throws(Diagnostic) {
      try body()
    } catch {
      switch error.code {
      // These are about where earlier items lead, or where the builder put their tables.
      case .noSuchEntry, .notMapped, .outOfFrames, .outsideMemory, .unknownProcess:
        followUps.append(error)
      default: report(error)
      }
    }
  }

  /// Whether `body` reports anything.
  func finds(_ body: () -> Void) -> Bool {
    let before = diagnostics.count
    body()
    return diagnostics.count > before
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
