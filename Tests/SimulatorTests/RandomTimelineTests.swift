import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Simulator
import TestSupport
import Testing
import WindowsMemory
import Workbench

/// Random timelines against the invariants, against a model that knows nothing of pages' whereabouts, and
/// against what `fault` says of the moment before.
@Suite struct RandomTimelineTests {
  /// A machine that timelines run on.
  private struct Setting {
    var mode: String
    var os: String
    /// In the smaller one pages are reclaimed all the time.
    var memory: String

    /// Windows 7 has no store of compressed pages among its page files, and combines none.
    var hasStore: Bool { !os.hasPrefix("windows-7") }
  }

  private static let settings = ["1 MiB", "8 MiB"].flatMap { memory in
    [
      Setting(mode: "pae", os: "windows-7601.17514", memory: memory),
      Setting(mode: "x86-64", os: "windows-10240.16384", memory: memory),
      Setting(mode: "x86-64", os: "windows-19041.508", memory: memory),
      Setting(mode: "x86-64", os: "windows-22000.194", memory: memory),
      Setting(mode: "x86-64", os: "windows-26100", memory: memory),
      Setting(mode: "x86-64", os: "windows-28000", memory: memory),
      Setting(mode: "arm64", os: "windows-17134.619", memory: memory),
      Setting(mode: "arm64", os: "windows-26100", memory: memory),
    ]
  }

  private typealias Steps = [(pid: Int, step: RandomStep)]

  private static func run(_ steps: Steps, _ setting: Setting) throws -> TimelineRun? {
    let store = setting.hasStore ? ", { number: 2, store: true, size: 1 MiB }" : ""
    let sections = RandomStep.Section.allCases.map(\.yaml)
    let text =
      """
      mmubench: 1
      scenario: random
      title: Random steps
      source: the test
      machine: { mode: \(setting.mode), memory: \(setting.memory), os: \(setting.os) }
      windows: { page-files: [{ number: 0, size: 4 MiB }\(store)] }
      processes: [{ name: a.exe, pid: 100 }, { name: b.exe, pid: 200 }]
      timeline:

      """ + (sections + steps.map { $0.step.yaml($0.pid) }).joined(separator: "\n") + "\n"
    let run = try TimelineRun(ScenarioParser.read(text: text, path: "random.yaml"))
    for _ in sections { _ = try run?.step() }
    return run
  }

  /// What goes wrong first; nil where nothing does.
  private static func failure(_ steps: Steps, _ setting: Setting) throws -> String? {
    guard let run = try run(steps, setting), let short = try self.run(steps, setting) else {
      return "no timeline"
    }
    var naive = NaiveWindows()
    for (index, (pid, step)) in steps.enumerated() {
      let foretold = foretold(step, pid, run.machine)
      guard let report = try run.step() else { return "the timeline ends early" }
      func wrong(_ text: String) -> String { "step \(index + 1) \(step) by \(pid): \(text)" }
      let got = report.status.flatMap { $0.isSuccess ? nil : $0.name }
      let wanted = naive.status(pid, step)
      guard got == wanted else { return wrong("\(got ?? "success"), not \(wanted ?? "success")") }
      if let first = run.violations.first { return wrong(first) }
      if let problem = try short.problemInShort(report) { return wrong(problem) }
      if let foretold, foretold != report.faults.first.map(Foretold.init) {
        let said = String(describing: foretold)
        return wrong("`fault` said \(said), and \(report.faults) came")
      }
      guard case .read(let page) = step, wanted == nil else { continue }
      let byte = byte(page, pid, run.machine)
      guard byte == naive.byte(pid, page) else {
        return wrong("reads \(byte.map(String.init) ?? "nothing")")
      }
    }
    return nil
  }

  private static func byte(_ page: Int, _ pid: Int, _ machine: Machine) -> UInt8? {
    let space = machine.addressSpaces.first { $0.pid == UInt64(pid) }
    let place = machine.walk(VirtualAddress(RandomStep.address(page)), in: space)
      .result.translation?.address
    return place.flatMap { machine.memory.load(UInt8.self, at: $0) }
  }

  /// What becomes of an access, as far as `fault` and a step both say it.
  private struct Foretold: Equatable {
    var handler: [String]
    var cost: String
    var state: String
    var status: String?

    init(_ report: FaultReport) {
      (handler, cost, state) = (report.handler, report.cost, report.state)
      status = report.code == nil ? nil : report.status
    }

    init?(_ verdict: SystemVerdict?) {
      guard let verdict, let cost = verdict.cost?.rawValue, let state = verdict.state else {
        return nil
      }
      (handler, self.cost, self.state) = (verdict.handler, cost, state)
      status = verdict.windows?.status?.name
    }
  }

  /// The first fault of an access as `fault` sees it before: inside, nil where there is none.
  private static func foretold(
    _ step: RandomStep, _ pid: Int, _ machine: Machine
  ) -> Foretold?? {
    let (page, access): (Int, Access)
    switch step {
    case .read(let target): (page, access) = (target, Access(.read, as: .user))
    case .write(let target, _, _): (page, access) = (target, Access(.write, as: .user))
    case .execute(let target): (page, access) = (target, Access(.execute, as: .user))
    default: return nil
    }
    let answer = machine.access(
      VirtualAddress(RandomStep.address(page)), access,
      in: machine.addressSpaces.first { $0.pid == UInt64(pid) })
    guard answer.result.outcome != .translated else { return .some(nil) }
    return .some(Foretold(answer.verdict))
  }

  @Test(arguments: 0..<32 as Range<UInt64>)
  func windowsKeepsItsPromisesItsInvariantsAndItsWord(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let setting = Self.settings[Int(seed) % Self.settings.count]
    let steps = RandomStep.steps(100, hasStore: setting.hasStore, &random)
    guard let failure = try Self.failure(steps, setting) else { return }
    // Without the step that creates a process it is not there, which is no failure of this kind.
    let least = shrunk(steps) { (try? Self.failure($0, setting)) != nil }
    let lines = least.map { $0.step.yaml($0.pid) }.joined(separator: "\n")
    let last = try Self.failure(least, setting) ?? failure
    Issue.record(
      "seed \(seed), \(setting): \(failure)\nthe least that fails: \(last)\n\(lines)")
  }
}
