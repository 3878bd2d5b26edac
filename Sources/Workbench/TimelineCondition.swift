import Golden
import LinuxMemory
import Machine
import PhysicalMemory
import ScenarioFile
public import Simulator
import WindowsMemory

/// What a timeline can be run up to: `status NAME`, `fault NAME`, `pte ADDRESS STATE [PROCESS]` or
/// `list NAME COUNT`.
public struct TimelineCondition {
  private enum Kind {
    case status(String)
    case fault(String)
    case pte(UInt64, String, process: String?)
    case list(String, Int)
  }

  /// What is wrong with the text of a condition.
  public struct Problem: Error, CustomStringConvertible {
    /// What is wrong, and what there is.
    public let description: String
  }

  private let kind: Kind

  /// The forms of a condition, for messages.
  public static let forms =
    "`status NAME`, `fault NAME` (a signal of Linux with its code or alone), `pte ADDRESS STATE [PROCESS]` (the"
    + " first process unless one is named by number or name) or `list NAME COUNT` (so many at least)"

  /// Reads a condition about a timeline.
  ///
  /// - Throws: a form that is none, and names that can never come up in this timeline.
  public init(_ text: String, of run: TimelineRun) throws(Problem) {
    let words = text.split { $0 == " " || $0 == "=" }.map(String.init)
    let names = run.names
    switch (words.first, words.count) {
    case ("status", 2):
      kind = .status(try Self.known(words[1], "no step ends with", in: names.statuses))
    case ("fault", 2...3):
      let name = words.dropFirst().joined(separator: " ")
      let endings = names.faultKinds + names.faults.filter { !names.faultKinds.contains($0) }
      kind = .fault(try Self.known(name, "no fault ends with", in: endings))
    case ("pte", 3...4):
      guard let address = try? NumberText.number(words[1]) else {
        throw Problem(description: "`\(words[1])` is no address")
      }
      let process = words.count == 4 ? words[3] : nil
      if let process { _ = try Self.known(process, "no process is", in: run.processNames) }
      let state = try Self.known(words[2], "no page is", in: names.states)
      kind = .pte(address, state, process: process)
    case ("list", 3...):
      let name = words[1..<(words.count - 1)].joined(separator: " ")
      guard let count = Int(words[words.count - 1]), count >= 0 else {
        throw Problem(description: "`\(words[words.count - 1])` is no number of frames")
      }
      kind = .list(try Self.known(name, "no list is", in: names.lists), count)
    default: throw Problem(description: "`\(text)` is no condition: say \(Self.forms)")
    }
  }

  private static func known(
    _ name: String, _ refusal: String, in choices: [String]
  ) throws(Problem) -> String {
    guard !choices.contains(name) else { return name }
    let near = Suggestion.nearest(to: name, in: choices).map { "; did you mean `\($0)`?" } ?? ""
    throw Problem(
      description: "\(refusal) `\(name)`; there are \(choices.joined(separator: ", "))\(near)")
  }

  /// Whether the condition holds after a step, of which the report tells what changed.
  public func holds(after report: StepReport, of run: TimelineRun) -> Bool {
    switch kind {
    case .status(let name): report.status?.name == name
    case .fault(let name):
      report.faultCounts[name] != nil || report.faults.contains { $0.status == name }
    case .pte(let address, let state, let process):
      Self.states(of: VirtualAddress(address), process, run.machine).contains(state)
    case .list(let name, let count):
      (report.lists.first { $0.name == name }?.after ?? 0) >= count
    }
  }

  /// What a page is: to Linux as the entry says, and as entry and area say together.
  private static func states(
    of address: VirtualAddress, _ process: String?, _ machine: Machine
  ) -> [String] {
    let space = process.flatMap { name in
      machine.addressSpaces.first { $0.process == name || $0.pid.map { "\($0)" } == name }
    }
    guard process == nil || space != nil else { return [] }
    if let finding = machine.linuxClassifier(in: space)?.finding(of: address) {
      return [finding.reading?.state, finding.state].compactMap { $0?.rawValue }
    }
    let reading = machine.classifier(in: space)?.finding(of: address).reading
    return reading.map { [$0.state.rawValue] } ?? []
  }
}

extension TimelineRun {
  /// The processes by name and number, those too that later steps begin.
  fileprivate var processNames: [String] {
    var processes = machine.addressSpaces.map { ($0.process, $0.pid) }
    for step in scenario.timeline?.steps ?? [] {
      switch step.operation {
      case .fork(let name, let pid), .createProcess(let name, let pid):
        processes.append((name, pid))
      default: break
      }
    }
    let names = processes.compactMap(\.0) + processes.compactMap { $0.1.map { "\($0)" } }
    return names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
