import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Simulator
import TestSupport
import Testing
import Workbench

/// Random timelines against the invariants and against a model that knows nothing of pages' whereabouts.
@Suite struct RandomTimelineTests {
  private static let kernels = [
    ("pae", "windows-7601.17514"), ("x86-64", "windows-10240.16384"),
    ("x86-64", "windows-19041.508"), ("x86-64", "windows-22000.194"),
  ]

  private typealias Steps = [(pid: Int, step: RandomStep)]

  /// What goes wrong first; nil where nothing does.
  private static func failure(_ steps: Steps, _ mode: String, _ os: String) throws -> String? {
    let text =
      """
      mmubench: 1
      scenario: random
      title: Random steps
      source: the test
      machine: { mode: \(mode), memory: 8 MiB, os: \(os) }
      windows: { page-files: [{ number: 0, size: 2 MiB }] }
      processes: [{ name: a.exe, pid: 100 }, { name: b.exe, pid: 200 }]
      timeline:

      """ + steps.map { $0.step.yaml($0.pid) }.joined(separator: "\n") + "\n"
    let reading = ScenarioParser.read(text: text, path: "random.yaml")
    guard let run = try TimelineRun(reading) else { return "no timeline" }
    var naive = NaiveWindows()
    for (index, (pid, step)) in steps.enumerated() {
      guard let report = try run.step() else { return "the timeline ends early" }
      let got = report.status.flatMap { $0.isSuccess ? nil : $0.name }
      let wanted = naive.status(pid, step)
      guard got == wanted else {
        return "step \(index + 1) \(step): \(got ?? "success"), not \(wanted ?? "success")"
      }
      if let first = run.violations.first { return "step \(index + 1) \(step): \(first)" }
      guard case .read(let page) = step, wanted == nil else { continue }
      let machine = run.machine
      let space = machine.addressSpaces.first { $0.pid == UInt64(pid) }
      let address = VirtualAddress(RandomStep.base + UInt64(page) * 4096)
      let place = machine.walk(address, in: space).result.translation?.address
      let byte = place.flatMap { machine.memory.load(UInt8.self, at: $0) }
      guard byte == naive.byte(pid, page) else {
        return "step \(index + 1) \(step): reads \(byte.map(String.init) ?? "nothing")"
      }
    }
    return nil
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func windowsKeepsItsPromisesAndItsInvariants(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let (mode, os) = Self.kernels[Int(seed) % Self.kernels.count]
    let steps = RandomStep.steps(60, &random)
    guard let failure = try Self.failure(steps, mode, os) else { return }
    let least = try shrunk(steps) { try Self.failure($0, mode, os) != nil }
    let lines = least.map { $0.step.yaml($0.pid) }.joined(separator: "\n")
    Issue.record("seed \(seed), \(os): \(failure)\nthe least that fails:\n\(lines)")
  }
}
