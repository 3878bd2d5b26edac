import ImageBuilder
import PhysicalMemory
import ScenarioFile
import Simulator

/// How many steps of a timeline are simulated in a second.
extension Benchmark {
  /// A million accesses to 4096 pages, and as many faults as there are pages in 64 MiB.
  func timelines() throws {
    try timeline(
      "a million accesses", "{ write: 0x100_0000..0x1ff_ffff, count: 1_000_000, seed: 1 }")
    try timeline("16384 first touches", "{ write: 0x100_0000..0x4ff_ffff }")
  }

  private func timeline(_ name: String, _ step: String) throws {
    let text =
      """
      mmubench: 1
      scenario: speed
      title: Speed
      source: the benchmark
      machine: { mode: x86-64, memory: 1 GiB, os: windows-19041.508 }
      timeline:
        - { reserve: 0x100_0000..0x4ff_ffff, commit: true }
        - \(step)

      """
    let scenario = try ScenarioParser.parse(text: text, path: "speed.yaml")
    var empty = scenario
    empty.timeline = nil
    let simulation = try Simulation(scenario, on: try ImageBuilder.build(empty).machine)
    _ = try simulation.step()
    let clock = ContinuousClock()
    var result = Result<Int, any Error>.success(0)
    var seconds = 0.0
    let growth = residentGrowth {
      seconds =
        clock.measure { result = Result { try simulation.step()?.accesses ?? 0 } } / .seconds(1)
    }
    let accesses = try result.get()
    let rate = Int(Double(accesses) / seconds)
    if json {
      print(#"{"timeline":"\#(name)","accesses":\#(accesses),"per_second":\#(rate)}"#)
    } else {
      let more = (growth ?? 0) >> 10
      print("timeline: \(name): \(accesses) accesses, \(rate) a second, \(more) MiB more")
    }
  }
}
