import ScenarioFile
package import Workbench

/// A timeline of Linux on x86-64, of the steps of a test.
package enum ShortTimeline {
  /// Begins the timeline of the process `parent` (100); each step is what stands in its braces.
  package static func run(
    _ steps: [String], os: String, memory: String = "64 MiB"
  ) throws -> TimelineRun {
    let text = """
      mmubench: 1
      scenario: short
      title: The steps of a test
      source: the test
      machine: { mode: x86-64, memory: \(memory), os: \(os) }
      processes: [{ name: parent, pid: 100 }]
      timeline:

      """ + steps.map { "  - { \($0) }\n" }.joined()
    guard let run = try TimelineRun(ScenarioParser.read(text: text, path: "short.yaml")) else {
      throw DamagedTimeline.Problem.noTimeline
    }
    return run
  }
}
