import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Compares what the kernel makes of an access with what a scenario expects.
struct VerdictCheck {
  let expected: Scenario.SystemExpectation
  let verdict: SystemVerdict?

  /// What does not hold, key by key.
  var differences: [Difference] {
    guard let verdict else { return [("a verdict of the kernel", "none: no system is known")] }
    switch verdict {
    case .windows(let verdict): return differences(verdict)
    case .linux(let verdict): return differences(verdict)
    }
  }

  private func differences(_ verdict: LinuxVerdict) -> [Difference] {
    (PteCheck.compare("state", expected.state?.value.rawValue, verdict.finding.state?.rawValue)
      + PteCheck.compare(
        "handler", expected.handler?.map(\.value).joined(separator: ", "),
        verdict.handler.joined(separator: ", "))
      + PteCheck.compare("cost", expected.cost?.value.rawValue, verdict.cost?.rawValue)
      + PteCheck.compare("signal", expected.signal?.value, verdict.signal?.name)
      + PteCheck.compare("signal-code", expected.signalCode?.value, verdict.signal?.codeName)
      + PteCheck.compare("kernel", expected.kernel?.value, verdict.oops?.rawValue)
      + ofWindows.map { ("\($0)", "none: Linux has none") })
      .map { ("os \($0.expected)", "os \($0.got)") }
  }

  /// What is expected that only Windows says.
  private var ofWindows: [String] {
    [
      (expected.protection != nil, "protection"), (expected.modifier != nil, "modifier"),
      (expected.status != nil, "status"), (expected.bugCheck != nil, "bugcheck"),
    ].filter(\.0).map(\.1)
  }

  private func differences(_ verdict: WindowsVerdict) -> [Difference] {
    let finding = verdict.finding
    return
      (PteCheck.compare("state", expected.state?.value.rawValue, finding.state?.rawValue)
      + PteCheck.differences(expected.protection?.value, finding.protection)
      + PteCheck.compare(
        "modifier", expected.modifier?.value.rawValue, finding.protection?.modifier.rawValue)
      + PteCheck.compare(
        "handler", expected.handler?.map(\.value).joined(separator: ", "),
        verdict.handler.joined(separator: ", "))
      + PteCheck.compare("cost", expected.cost?.value.rawValue, verdict.cost?.rawValue)
      + PteCheck.compare("status", expected.status?.value, verdict.status?.name)
      + PteCheck.compare("signal", expected.signal?.value, nil)
      + PteCheck.compare("signal-code", expected.signalCode?.value, nil)
      + PteCheck.compare("kernel", expected.kernel?.value, nil)
      + bugCheckDifferences(verdict.bugCheck))
      .map { ("os \($0.expected)", "os \($0.got)") }
  }

  private func bugCheckDifferences(
    _ got: BugCheck?
  ) -> [Difference] {
    guard let wanted = expected.bugCheck else { return [] }
    guard let got, UInt64(got.code) == wanted.code.value else {
      return [("bugcheck \(wanted.code.value.hex)", "bugcheck \(got?.words ?? "none")")]
    }
    return wanted.arguments.enumerated().flatMap { index, argument in
      let answer = index < got.arguments.count ? got.arguments[index] : nil
      return PteCheck.compare(
        "argument \(index + 1)", argument?.value.hex, answer?.hex ?? "not known")
    }
  }
}

extension BugCheck {
  fileprivate var words: String {
    let arguments = arguments.map { $0?.hex ?? "?" }.joined(separator: ",")
    return "\(UInt64(code).hex)(\(arguments))"
  }
}

extension SystemVerdict {
  /// The verdict and what it rests on, the way goldens have it.
  var goldenLines: [String] {
    switch self {
    case .windows(let verdict):
      ["  os \(verdict.words)", "  finds \(verdict.finding.words)"]
    case .linux(let verdict): ["  os \(verdict.words)", "  finds \(verdict.finding.words)"]
    }
  }
}

extension WindowsVerdict {
  /// The verdict in one line, the way goldens have it.
  var words: String {
    var words = "\(cost?.rawValue ?? "unknown")"
    if let status { words += " \(status.name)" }
    if let bugCheck { words += " bugcheck \(bugCheck.words)" }
    if !handler.isEmpty { words += " \(handler.joined(separator: ">"))" }
    return words
  }
}
