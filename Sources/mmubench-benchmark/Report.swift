extension Benchmark {
  func report(capacity: Double) {
    print(
      json
        ? "{\"benchmark\":\"capacity\",\"threads\":2,\"speedup\":\(capacity.text(2))}"
        : "Capacity of the machine: two threads do \(capacity.text(2)) times the work of one.\n\n"
          + "nanoseconds for one walk or entry".padded(38)
          + "min".aligned(25) + "p25".aligned(20) + "ratios".aligned(14) + "limit".aligned(7))
  }

  func report(_ contest: Contest, json: Bool) {
    let count = Double(contest.count)
    let (reference, subject) = (contest.reference, contest.subject)
    let limit = contest.limit.map { $0.text(1) }
    if json {
      print(
        "{\"benchmark\":\"\(contest.name)\",\"reference\":\"\(contest.names.reference)\""
          + ",\"subject\":\"\(contest.names.subject)\",\"count\":\(contest.count)"
          + ",\"reference_ns\":[\((reference.least / count).text(3))"
          + ",\((reference.firstQuartile / count).text(3))]"
          + ",\"subject_ns\":[\((subject.least / count).text(3))"
          + ",\((subject.firstQuartile / count).text(3))]"
          + ",\"ratio\":[\(contest.ratioOfLeast.text(3))"
          + ",\(contest.ratioOfFirstQuartile.text(3))]"
          + (limit.map { ",\"limit\":\($0)" } ?? "") + "}")
      return
    }
    let names = "\(contest.names.reference):\(contest.names.subject)"
    let least = "\((reference.least / count).text(2)) : \((subject.least / count).text(2))"
    let quartile =
      "\((reference.firstQuartile / count).text(2)) : \((subject.firstQuartile / count).text(2))"
    let ratios =
      "\(contest.ratioOfLeast.text(2)) \(contest.ratioOfFirstQuartile.text(2))"
    print(
      contest.name.padded(38) + names.padded(13) + least.aligned(12) + quartile.aligned(20)
        + ratios.aligned(14) + (limit ?? "").aligned(7)
        + (contest.isWithinLimit ? "" : "  EXCEEDED"))
  }

  func report(_ name: String, growth: Int?) {
    guard let growth else { return }
    print(
      json
        ? "{\"benchmark\":\"\(name)\",\"resident_growth_kib\":\(growth)}"
        : "\(name) adds \(growth) KiB to the resident memory".padded(34))
  }

  func report(_ name: String, microseconds: Double, _ pieces: Int) {
    print(
      json
        ? "{\"benchmark\":\"\(name)\",\"us\":\(microseconds.text(1)),\"pieces\":\(pieces)}"
        : "\(name): \(microseconds.text(1)) us, \(pieces) pieces")
  }
}

extension Double {
  /// The number with a fixed count of decimals.
  func text(_ decimals: Int) -> String {
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let scaled = Int((self * scale).rounded())
    guard decimals > 0 else { return String(scaled) }
    let fraction = String(scaled % Int(scale))
    return "\(scaled / Int(scale))."
      + String(repeating: "0", count: decimals - fraction.count) + fraction
  }
}

extension String {
  func padded(_ width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
  func aligned(_ width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
