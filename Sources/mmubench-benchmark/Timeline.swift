import ImageBuilder
import PhysicalMemory
import ScenarioFile
import Simulator

/// How many steps, accesses and faults of timelines are simulated in a second.
extension Benchmark {
  /// A system that timelines run on, with the steps that make room for pages.
  private struct Setting {
    var name: String
    var mode = "x86-64"
    var os: String
    var begin: [String]
  }

  private static let range = "0x1_0000_0000..0x1_1fff_ffff"
  private static let settings = [
    Setting(
      name: "Windows", os: "windows-19041.508", begin: ["{ reserve: \(range), commit: true }"]),
    Setting(
      name: "Windows on arm64", mode: "arm64", os: "windows-26100",
      begin: ["{ reserve: \(range), commit: true }"]),
    Setting(
      name: "Linux", os: "linux-6.1",
      begin: [
        "{ mmap: \(range), prot: [read, write] }", "{ madvise: \(range), advice: nohugepage }",
      ]),
  ]
  private static let pages = 1 << 16
  private static let million = 1_000_000
  private static let hits = "0x1_0000_0000..0x1_00ff_ffff"
  private static let touch = "{ write: 0x1_0000_0000..0x1_0fff_ffff }"

  /// First touches against those of the host, steps of one access against one step of them all, and a
  /// million accesses to 4096 pages.
  mutating func timelines() throws {
    let rounds = quick ? 2 : 5
    let mapped = pages(touchedByHost: Self.pages)
    precondition(mapped == Self.pages, "the host touches \(mapped) pages")
    for setting in Self.settings {
      let touches = try scenario(setting, [Self.touch])
      report(
        Contest(
          "\(setting.name): first touches", count: Self.pages, limit: 4, rounds: rounds,
          names: ("host", "model")
        ) {
          pages(touchedByHost: Self.pages)
        } subject: {
          faults(touches)
        })
      let count = 1 << 15
      let many = try scenario(
        setting, (0..<count).map { "{ write: \(0x1_0000_0000 + $0 * Int(frameSize)) }" })
      let one = try scenario(
        setting, ["{ write: \(0x1_0000_0000)..\(0x1_0000_0000 + count * Int(frameSize) - 1) }"])
      report(
        Contest(
          "\(setting.name): steps that fault", count: count, limit: 4, rounds: rounds,
          names: ("one", "many")
        ) {
          faults(one)
        } subject: {
          faults(many)
        })
      try rate(
        "\(setting.name): a million accesses in one step",
        scenario(setting, ["{ write: \(Self.hits), count: \(Self.million), seed: 1 }"]))
      try rate("\(setting.name): a million steps of one access", separate(setting))
      try rate("\(setting.name): \(Self.pages) first touches", touches)
    }
  }

  private func scenario(_ setting: Setting, _ steps: [String]) throws -> Scenario {
    try scenario(mode: setting.mode, os: setting.os, setting.begin + steps)
  }

  /// A timeline on a machine with 1 GiB.
  func scenario(mode: String = "x86-64", os: String, _ steps: [String]) throws -> Scenario {
    let text =
      """
      mmubench: 1
      scenario: speed
      title: Speed
      source: the benchmark
      machine: { mode: \(mode), memory: 1 GiB, os: \(os) }
      timeline:

      """ + steps.map { "  - \($0)\n" }.joined()
    return try ScenarioParser.parse(text: text, path: "speed.yaml")
  }

  private func begin(_ scenario: Scenario) throws -> Simulation {
    var empty = scenario
    empty.timeline = nil
    // A Linux is made by its timeline alone.
    if scenario.machine.os?.value.hasPrefix("linux") == true { empty.machine.os = nil }
    return try Simulation(scenario, on: try ImageBuilder.build(empty).machine)
  }

  /// Runs a timeline whose steps nobody looks at; gives how many faults there were.
  func faults(_ scenario: Scenario) -> Int {
    do {
      let simulation = try begin(scenario)
      var faults = 0
      while let report = try simulation.step(.counts) {
        faults += report.faultCounts.values.reduce(0, +)
      }
      precondition(simulation.violations.isEmpty, "the model has a mistake")
      return faults
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// Writes a byte to each of so many pages of the process's own; gives how many there were.
  private func pages(touchedByHost count: Int) -> Int {
    guard let mapping = try? ByteMapping.zeroed(count: count * Int(frameSize)) else { return 0 }
    for page in 0..<count { mapping.store(1 as UInt8, at: page * Int(frameSize)) }
    return count
  }

  /// A timeline that writes to pages which are there already, one access a step.
  private func separate(_ setting: Setting) throws -> Scenario {
    var scenario = try scenario(setting, ["{ write: \(Self.hits) }", "{ write: 0x1_0000_0000 }"])
    guard let step = scenario.timeline?.steps.popLast(), case .access(let first) = step.operation
    else { preconditionFailure("a step that writes") }
    var (access, random) = (first, SplitMix64(seed: 1))
    for _ in 0..<Self.million {
      let address = first.range.lowerBound + random.next(below: 1 << 24)
      access.range = address...address
      var next = step
      next.operation = .access(access)
      scenario.timeline?.steps.append(next)
    }
    return scenario
  }

  /// Runs a timeline as `run` does, with the invariants looked at after each step.
  private func rate(_ name: String, _ scenario: Scenario) throws {
    let simulation = try begin(scenario)
    let clock = ContinuousClock()
    var result = Result<(steps: Int, accesses: Int), any Error>.success((0, 0))
    var seconds = 0.0
    let growth = residentGrowth {
      seconds = clock.measure { result = Result { try run(simulation) } } / .seconds(1)
    }
    let (steps, accesses) = try result.get()
    let (stepRate, rate) = (Int(Double(steps) / seconds), Int(Double(accesses) / seconds))
    if json {
      print(
        #"{"timeline":"\#(name)","steps":\#(steps),"accesses":\#(accesses),"#
          + #""steps_per_second":\#(stepRate),"per_second":\#(rate)}"#)
    } else {
      print(
        "timeline: \(name): \(accesses) accesses, \(rate) a second, \(steps) steps, \(stepRate) a second, "
          + "\((growth ?? 0) >> 10) MiB more")
    }
  }

  private func run(_ simulation: Simulation) throws -> (steps: Int, accesses: Int) {
    var accesses = 0
    while let report = try simulation.step(.counts) {
      accesses += report.accesses
      precondition(simulation.violations.isEmpty, "the model has a mistake")
    }
    return (simulation.count, accesses)
  }
}
