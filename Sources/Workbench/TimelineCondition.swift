import Golden
import Machine
import PhysicalMemory
import ScenarioFile
public import Simulator
import WindowsMemory

/// What a timeline can be run up to: `status NAME`, `fault NAME`, `pte ADDRESS STATE` or `list NAME COUNT`.
public struct TimelineCondition: Sendable {
  private enum Kind: Sendable {
    case status(String)
    case fault(String)
    case pte(UInt64, PTEState)
    case list(String, Int)
  }

  private let kind: Kind

  /// Reads a condition; nil where the text is none.
  public init?(_ text: String) {
    let words = text.split { $0 == " " || $0 == "=" }.map(String.init)
    switch (words.first, words.count) {
    case ("status", 2): kind = .status(words[1])
    case ("fault", 2): kind = .fault(words[1])
    case ("pte", 3):
      guard let address = try? NumberText.number(words[1]), let state = PTEState(rawValue: words[2])
      else { return nil }
      kind = .pte(address, state)
    case ("list", 3):
      guard let count = Int(words[2]) else { return nil }
      kind = .list(words[1], count)
    default: return nil
    }
  }

  /// The forms of a condition, for messages.
  public static let forms =
    "`status NAME`, `fault NAME`, `pte ADDRESS STATE` or `list NAME COUNT` (so many at least)"

  /// Whether the condition holds after a step.
  public func holds(after report: StepReport, of run: TimelineRun) -> Bool {
    switch kind {
    case .status(let name): report.status?.name == name
    case .fault(let name): report.faultCounts[name] != nil
    case .pte(let address, let state):
      run.machine.classifier()?.finding(of: VirtualAddress(address)).reading?.state == state
    case .list(let name, let count):
      (report.lists.first { $0.name == name }?.after ?? 0) >= count
    }
  }
}
