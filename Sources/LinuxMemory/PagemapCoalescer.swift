/// Joins runs of pages as long as they continue each other.
public struct PagemapCoalescer: Sendable {
  private var done: [PagemapRun] = []
  private var current: PagemapRun?
  private let pageShift: UInt64

  /// Creates a coalescer without runs, for pages of 2 to the power of `pageShift` bytes.
  public init(pageShift: UInt64 = 12) { self.pageShift = pageShift }

  /// Adds pages behind all those before.
  public mutating func add(_ run: PagemapRun) {
    guard var current else {
      current = run
      return
    }
    if let step = current.step(joining: run, pageShift) {
      current.step = step
      current.pageCount += run.pageCount
      self.current = current
    } else {
      done.append(current)
      self.current = run
    }
  }

  /// Hands out the runs that nothing can continue any more.
  mutating func takeDone() -> [PagemapRun] {
    defer { done = [] }
    return done
  }

  /// Ends the last run and hands all out.
  public mutating func finish() -> [PagemapRun] {
    if let current { done.append(current) }
    current = nil
    defer { done = [] }
    return done
  }
}

extension PagemapRun {
  /// The step that both runs have as one, or nil where the other does not continue this one.
  fileprivate func step(joining other: PagemapRun, _ pageShift: UInt64) -> UInt64? {
    guard address &+ (pageCount << pageShift) == other.address else { return nil }
    guard unknownBits == other.unknownBits else { return nil }
    guard let entry, let next = other.entry else { return entry == other.entry ? 0 : nil }
    // A run of one page has no step of its own.
    let steps: [UInt64] = pageCount > 1 ? [step] : other.pageCount > 1 ? [other.step] : [0, 1]
    return steps.first { step in
      entry.rawValue &+ pageCount &* step == next.rawValue
        && (other.pageCount == 1 || other.step == step)
    }
  }
}
