import PhysicalMemory

/// What a reader has to say about a dump that it can still use, bounded in number: a hostile file
/// could otherwise warn a million times.
struct Warnings {
  private static let shown = 16
  private var texts: [String] = []
  private var count = 0

  mutating func add(_ text: @autoclosure () -> String) {
    count += 1
    if count <= Self.shown { texts.append(text()) }
  }

  var list: [String] {
    count <= Self.shown ? texts : texts + ["and \(count - Self.shown) more warnings"]
  }

  /// Warns of stretches that claim the same addresses.
  mutating func addOverlaps(_ segments: [RunMemory.Segment]) {
    let runs = segments.map(\.run).sorted { $0.start < $1.start }
    var reach: PhysicalAddress?
    for run in runs where run.byteCount > 0 {
      if let reach, run.start <= reach {
        add("memory at \(run.start) is in the file more than once; what stands first holds")
      }
      let last = PhysicalAddress(run.start.rawValue.addingClamped(run.byteCount - 1))
      reach = reach.map { max($0, last) } ?? last
    }
  }
}

extension UInt64 {
  /// The sum, or the greatest number where the sum does not fit.
  func addingClamped(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  /// The next multiple of `alignment`, a power of two; the number must not be near the end.
  func roundedUp(to alignment: UInt64) -> UInt64 { (self + alignment - 1) & ~(alignment - 1) }
}
