import Glibc

/// The times of one contestant over all rounds, in nanoseconds of processor time.
struct Times {
  private(set) var all: [Double] = []

  mutating func add(_ nanoseconds: Double) { all.append(nanoseconds) }

  var least: Double { all.min() ?? 0 }
  var firstQuartile: Double { all.isEmpty ? 0 : all.sorted()[all.count / 4] }
}

/// Two ways to the same answer, run in turns in one process so that both meet the same machine.
struct Contest {
  /// What is measured.
  let name: String
  /// The number of things done in a round: walks or entries.
  let count: Int
  /// What the ratio may be.
  let limit: Double?
  /// The names of the two.
  let names: (reference: String, subject: String)
  private(set) var reference = Times()
  private(set) var subject = Times()

  /// Runs both for `rounds` rounds; their answers must be equal.
  ///
  /// Two that read different memory drive each other's out of the caches: `warmsUp` lets each run
  /// once before it is timed.
  init<Answer: Equatable>(
    _ name: String, count: Int, limit: Double?, rounds: Int,
    names: (reference: String, subject: String) = ("C", "Swift"), warmsUp: Bool = false,
    reference first: () -> Answer, subject second: () -> Answer
  ) {
    self.name = name
    self.count = count
    self.limit = limit
    self.names = names
    for _ in 0..<rounds {
      if warmsUp { _ = first() }
      let expected = Self.time(first, into: &reference)
      if warmsUp { _ = second() }
      let got = Self.time(second, into: &subject)
      precondition(expected == got, "\(name): \(names.subject) gave \(got), not \(expected)")
    }
  }

  private static func time<Answer>(_ body: () -> Answer, into times: inout Times) -> Answer {
    let start = processorTime()
    let answer = body()
    times.add(processorTime() - start)
    return answer
  }

  /// How many times longer the subject takes, by the fastest rounds.
  var ratioOfLeast: Double { subject.least / reference.least }
  /// How many times longer the subject takes, by the first quartiles.
  var ratioOfFirstQuartile: Double { subject.firstQuartile / reference.firstQuartile }
  /// Whether the ratio is within its limit; noise slows a round and never speeds it up, so the
  /// better of the two figures counts.
  var isWithinLimit: Bool {
    limit.map { min(ratioOfLeast, ratioOfFirstQuartile) <= $0 } ?? true
  }
}

/// The processor time of this thread in nanoseconds: other jobs on the machine do not count.
func processorTime() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}
