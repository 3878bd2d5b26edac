import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Simulator
import TestSupport
import Testing
import Workbench

/// Random timelines of Linux against the invariants, against a model that knows nothing of pages'
/// whereabouts, and against what `fault` says of the moment before.
@Suite struct RandomLinuxTests {
  /// Kernels, each with how much of `advice` it knows.
  private static let kernels: [(os: String, adviceCount: Int)] = [
    ("linux-4.14.63", 3), ("linux-5.10", 4), ("linux-6.1", 6), ("linux-6.12", 6), ("linux-6.18", 8),
  ]
  /// What madvise is asked for, by the version that first knows it.
  private static let advice = [
    "dontneed", "free", "willneed", "pageout", "populate-read", "populate-write", "guard-install",
    "guard-remove",
  ]

  private typealias Steps = [(pid: Int, step: LinuxStep)]

  private static func run(_ steps: Steps, _ os: String) throws -> TimelineRun? {
    // Memory is short, so that pages are reclaimed; swap is not.
    let text =
      """
      mmubench: 1
      scenario: random
      title: Random steps
      source: the test
      machine: { mode: x86-64, memory: 512 KiB, os: \(os) }
      processes: [{ name: a, pid: 100 }]
      timeline:
        - { create-file: data, size: \(LinuxStep.filePages * 4096), process: 100 }
        - { swap-on: 400, process: 100 }

      """ + steps.map { $0.step.yaml($0.pid) }.joined(separator: "\n") + "\n"
    let run = try TimelineRun(ScenarioParser.read(text: text, path: "random.yaml"))
    for _ in 0..<2 { _ = try run?.step() }
    return run
  }

  /// What goes wrong first; nil where nothing does.
  private static func failure(
    _ steps: Steps, _ kernel: (os: String, adviceCount: Int)
  ) throws -> String? {
    let os = kernel.os
    guard let run = try run(steps, os), let short = try self.run(steps, os) else {
      return "no timeline"
    }
    var naive = NaiveLinux(advice: Set(advice.prefix(kernel.adviceCount)))
    for (index, (pid, step)) in steps.enumerated() {
      let foretold = foretold(step, pid, run.machine)
      guard let report = try run.step() else { return "the timeline ends early" }
      func wrong(_ text: String) -> String { "step \(index + 1) \(step) by \(pid): \(text)" }
      let got = report.status.flatMap { $0.isSuccess ? nil : $0.name }
      let wanted = naive.status(pid, step)
      guard got == wanted else {
        return wrong("\(got ?? "success"), not \(wanted ?? "success")")
      }
      if let first = run.violations.first { return wrong(first) }
      if let problem = try short.problemInShort(report) { return wrong(problem) }
      let faults = report.faultCounts.values.reduce(0, +)
      if let most = naive.mostFaults(pid, step), faults > most {
        return wrong("\(faults) faults where \(most) would do")
      }
      if let foretold, foretold != report.faults.first.map(Foretold.init) {
        let said = String(describing: foretold)
        return wrong("`fault` said \(said), and \(report.faults) came")
      }
      guard case .read(let page) = step, wanted == nil else { continue }
      for cell in 0..<LinuxStep.cells {
        guard let byte = byte(page, cell, pid, run.machine) else { return wrong("reads nothing") }
        let allowed = naive.bytes(pid, page, cell)
        guard allowed.contains(byte) else { return wrong("reads \(byte), not \(allowed.sorted())") }
        naive.learn(pid, page, cell, byte)
      }
    }
    return nil
  }

  /// What becomes of an access, as far as `fault` and a step both say it.
  private struct Foretold: Equatable {
    var handler: [String]
    var cost: String
    var state: String

    init(_ report: FaultReport) {
      (handler, cost, state) = (report.handler, report.cost, report.state)
    }

    init?(_ verdict: SystemVerdict?) {
      // A step has two faults where one follows the other.
      guard let first = verdict?.linux?.firstFault, let cost = first.cost?.rawValue,
        let state = first.finding.state?.rawValue
      else { return nil }
      (handler, self.cost, self.state) = (first.handler, cost, state)
    }
  }

  /// The first fault of an access as `fault` sees it before; nil where there is none.
  private static func foretold(
    _ step: LinuxStep, _ pid: Int, _ machine: Machine
  ) -> Foretold?? {
    let (page, access): (Int, Access)
    switch step {
    case .read(let target): (page, access) = (target, Access(.read, as: .user))
    case .write(let target, _): (page, access) = (target, Access(.write, as: .user))
    case .execute(let target): (page, access) = (target, Access(.execute, as: .user))
    default: return nil
    }
    let answer = machine.access(
      VirtualAddress(LinuxStep.base + UInt64(page) * 4096), access,
      in: machine.addressSpaces.first { $0.pid == UInt64(pid) })
    guard answer.result.outcome != .translated else { return .some(nil) }
    return .some(Foretold(answer.verdict))
  }

  private static func byte(_ page: Int, _ cell: Int, _ pid: Int, _ machine: Machine) -> UInt8? {
    let address = VirtualAddress(LinuxStep.place(page, cell))
    let space = machine.addressSpaces.first { $0.pid == UInt64(pid) }
    let place = machine.walk(address, in: space).result.translation?.address
    return place.flatMap { machine.memory.load(UInt8.self, at: $0) }
  }

  @Test(arguments: 0..<15 as Range<UInt64>)
  func linuxKeepsItsPromisesItsInvariantsAndItsWord(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let kernel = Self.kernels[Int(seed) % Self.kernels.count]
    let steps = LinuxStep.steps(100, &random)
    guard let failure = try Self.failure(steps, kernel) else { return }
    // Without a fork its child is not there, which is no failure of this kind.
    let least = shrunk(steps) { (try? Self.failure($0, kernel)) != nil }
    let lines = least.map { $0.step.yaml($0.pid) }.joined(separator: "\n")
    let last = try Self.failure(least, kernel) ?? failure
    Issue.record("seed \(seed), \(kernel.os): \(failure)\nthe least that fails: \(last)\n\(lines)")
  }
}
