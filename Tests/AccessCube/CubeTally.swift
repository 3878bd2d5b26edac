import Golden

/// The outcomes of a cube in their order: how often each occurred, and a digest of the sequence.
///
/// The digest is of runs, each an outcome and how often it follows itself, so that it depends on
/// the order and not on how the cube was cut into pieces.
public struct CubeTally: Sendable {
  private var counts = [Int](repeating: 0, count: 1 << 9)
  private var runs: [UInt64] = []
  private var chain = Digest128.nothing
  private var current: UInt64 = .max
  private var length: UInt64 = 0
  /// The number of cases.
  public private(set) var count = 0
  /// The number of cases with another answer than the expected one.
  public private(set) var failureCount = 0
  /// The first failures, in words.
  public private(set) var failures: [String] = []

  private static let chunk = 4096
  private static let failureLimit = 10

  /// An outcome: the error code of a page fault, or what else happened.
  static let translated: UInt64 = 0x80
  static let generalProtection: UInt64 = 0x81
  static let missing: UInt64 = 0x82

  /// Starts empty.
  public init() { runs.reserveCapacity(Self.chunk + 2) }

  @inline(__always)
  mutating func add(_ outcome: UInt64) {
    count &+= 1
    counts[Int(truncatingIfNeeded: outcome & 0x1ff)] &+= 1
    if outcome == current {
      length &+= 1
    } else {
      endRun()
      current = outcome
      length = 1
    }
  }

  mutating func fail(_ words: @autoclosure () -> String) {
    failureCount += 1
    if failures.count < Self.failureLimit { failures.append(words()) }
  }

  private mutating func endRun() {
    guard length > 0 else { return }
    runs.append(current)
    runs.append(length)
    if runs.count >= Self.chunk { chain(runs) }
  }

  private mutating func chain(_ words: [UInt64]) {
    let linked = [chain.high, chain.low] + words
    chain = unsafe Digest128(hashing: linked.span.bytes)
    runs.removeAll(keepingCapacity: true)
  }

  /// The tally as a golden has it: the number of cases, the digest of the runs, and how often each
  /// outcome occurred, five to a line.
  public var lines: [String] {
    var finished = self
    finished.endRun()
    finished.chain(finished.runs)
    let outcomes = counts.indices.filter { counts[$0] > 0 }.map {
      "\(Self.name(UInt64($0)))=\(counts[$0])"
    }
    let rows = stride(from: 0, to: outcomes.count, by: 5).map {
      "  " + outcomes[$0..<min($0 + 5, outcomes.count)].joined(separator: " ")
    }
    return ["  cases=\(count) runs=\(finished.chain)"] + rows
  }

  private static func name(_ outcome: UInt64) -> String {
    switch outcome {
    case translated: "translated"
    case generalProtection: "#GP"
    case missing: "missing"
    default: "#PF:\(String(outcome, radix: 16))"
    }
  }
}
