import ScenarioFile

/// What a step costs where there is much already: four times the steps may take little more than four times as
/// long.
extension Benchmark {
  /// The steps of a timeline that grows, by their number.
  private struct Growing {
    var name: String
    var os: String
    var begin: [String] = []
    var step: @Sendable (Int) -> String
  }

  private static func range(_ number: Int) -> String {
    let start = 0x1_0000_0000 + number * 0x1_0000
    return "\(start)..\(start + 0xfff)"
  }

  private static let windows = "windows-19041.508"
  private static let linux = "linux-6.1"
  private static let growing = [
    Growing(name: "reserve", os: windows) { "{ reserve: \(range($0)) }" },
    Growing(name: "create-process", os: windows) {
      "{ create-process: p\($0).exe, pid: \(8 * $0 + 8000) }"
    },
    Growing(name: "mmap", os: linux) { "{ mmap: \(range($0)), prot: [read, write] }" },
    Growing(
      name: "fork", os: linux,
      begin: ["{ mmap: \(range(0)), prot: [read, write] }", "{ write: \(0x1_0000_0000) }"]
    ) { "{ fork: p\($0), pid: \($0 + 8000) }" },
  ]

  /// Timelines of so many steps against those of four times as many.
  mutating func growth() throws {
    let count = quick ? 500 : 2000
    for growing in Self.growing {
      func timeline(_ count: Int) throws -> Scenario {
        try scenario(os: growing.os, growing.begin + (0..<count).map(growing.step))
      }
      let (few, many) = (try timeline(count), try timeline(4 * count))
      report(
        Contest(
          "\(growing.name): four times the steps", count: count, limit: 6, rounds: quick ? 2 : 3,
          names: ("few", "many")
        ) {
          faults(few)
        } subject: {
          faults(many)
        })
    }
  }
}
