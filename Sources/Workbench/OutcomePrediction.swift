import LinuxMemory
import Paging

/// How a predicted outcome of a probe stands to what the guest saw.
enum OutcomePrediction: Equatable {
  /// It was predicted.
  case right
  /// A minor or a major fault was predicted, by what is cached, and it was one of them.
  case either
  /// Something else was predicted.
  case wrong(String)
  /// An access before it may have changed the tables, as the file says.
  case changedBefore
  /// The processor raised nothing: what the guest counted or got belongs to another access, as the
  /// instruction after it.
  case otherAccess
  /// The areas of the process are not known.
  case unknown
  /// The file does not say what the guest saw.
  case unsaid

  /// Compares the kernel's verdict on a probe.
  init(of probe: GuestFaults.Probe, _ verdict: LinuxVerdict?) {
    guard let seen = probe.kernelOutcome else {
      self = .unsaid
      return
    }
    if probe.processor.kind == "none", seen != Self.noFault {
      self = .otherAccess
    } else if let verdict, verdict.finding.area != .unknown {
      let words = Self.words(of: verdict)
      if !words.contains(seen) {
        self = .wrong(words.isEmpty ? "not known" : words.joined(separator: " or "))
      } else {
        self = words.count == 1 ? .right : .either
      }
    } else {
      self = .unknown
    }
  }

  private static let noFault = "no-fault"

  /// The outcomes that a verdict allows, in the words of the file.
  private static func words(of verdict: LinuxVerdict) -> [String] {
    if let signal = verdict.signal { return ["SIG\(signal.number)/\(signal.code)"] }
    return [verdict.cost, verdict.costIfCached].compactMap { cost in
      switch cost {
      case .some(.none): noFault
      case .soft: "minor"
      case .hard: "major"
      case .fatal, nil: nil
      }
    }
  }

  /// The reason for which nothing was predicted.
  var name: String {
    switch self {
    case .changedBefore: "changed-before"
    case .otherAccess: "no-exception"
    case .unknown: "no-areas"
    case .unsaid: "no-outcome"
    case .right, .either, .wrong: ""
    }
  }
}
