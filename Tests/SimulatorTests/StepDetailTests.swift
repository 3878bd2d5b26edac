import Foundation
import Machine
import PhysicalMemory
import ScenarioFile
import Simulator
import Testing
import Workbench

/// How much a report says changes nothing of what it is about.
@Suite struct StepDetailTests {
  private static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Scenarios/timelines").path

  /// Every byte that is anything but known to be zero.
  private static func content(of machine: Machine) -> [UInt64: [UInt8?]] {
    let frames = machine.memory.dataFrames.flatMap { Array($0) }
    return Dictionary(
      uniqueKeysWithValues: frames.map {
        ($0, machine.memory.bytes(at: PhysicalAddress($0 * frameSize), count: Int(frameSize)))
      })
  }

  @Test func stepsThatAreToldInShortComeToTheSame() throws {
    for file in try ScenarioRunner.scenarios(in: [Self.folder]) {
      for reading in try ScenarioParser.read(path: file).variants {
        let long = try #require(try TimelineRun(reading))
        let short = try #require(try TimelineRun(reading))
        while let report = try long.step() {
          let told = try #require(try short.step(.counts))
          let name = "\(file) step \(report.number)"
          #expect(told.status == report.status, "\(name)")
          #expect(told.faultCounts == report.faultCounts, "\(name)")
          #expect(told.lists == report.lists, "\(name)")
          #expect(told.accesses == report.accesses, "\(name)")
          #expect(long.violations == [] && short.violations == [], "\(name)")
        }
        #expect(Self.content(of: long.machine) == Self.content(of: short.machine), "\(file)")
      }
    }
  }

  @Test func changesAreToldWithoutWhatOtherAccessesWouldCome() throws {
    let run = try #require(try Self.run(Self.windows + ["write: 0x10000000"]))
    _ = try run.step(.changes)
    let report = try #require(try run.step(.changes))
    #expect(report.faults.map(\.answers.count) == [0])
    #expect(report.entries.count > 0 && report.frames.count > 0 && !report.title.isEmpty)
  }

  // MARK: - First touches

  private static let windows = ["reserve: 0x10000000..0x10ffffff, commit: true"]
  private static let linux = [
    "mmap: 0x10000000..0x10ffffff, prot: [read, write]",
    "madvise: 0x10000000..0x10ffffff, advice: nohugepage",
  ]

  private static func run(
    _ steps: [String], os: String = "windows-19041.508"
  ) throws -> TimelineRun? {
    let text =
      """
      mmubench: 1
      scenario: touches
      title: First touches
      source: the test
      machine: { mode: x86-64, memory: 64 MiB, os: \(os) }
      timeline:

      """ + steps.map { "  - { \($0) }\n" }.joined()
    return try TimelineRun(ScenarioParser.read(text: text, path: "touches.yaml"))
  }

  /// Of many touches like one before the classifier is asked about the first; of single ones, about each.
  @Test(arguments: ["windows-19041.508", "linux-6.1"], ["read", "write"])
  func manyFirstTouchesComeToWhatSingleOnesDo(os: String, verb: String) throws {
    let begin = os.hasPrefix("linux") ? Self.linux : Self.windows
    let (first, pages) = (0x1000_0000, 1200)
    let last = first + pages * 4096 - 1
    // The bytes are the same whatever the number of the step.
    let data = verb == "write" ? ", text: x" : ""
    let single = (0..<pages).map { "\(verb): \(first + $0 * 4096)\(data)" }
    let many = "\(verb): \(first)..\(last)\(data)"
    let one = try #require(try Self.run(begin + [many], os: os))
    let each = try #require(try Self.run(begin + single, os: os))
    for _ in begin { _ = (try one.step(), try each.step()) }
    let report = try #require(try one.step(.counts))
    #expect(report.faultCounts.values.reduce(0, +) == pages)
    var faults = 0
    while let report = try each.step() {
      faults += report.faults.count
      #expect(each.violations == [])
    }
    #expect(faults == pages)
    #expect(one.violations == [])
    #expect(Self.content(of: one.machine) == Self.content(of: each.machine))
  }

  /// A descriptor that changes is asked again: the same entry means something else then.
  @Test func aFaultIsNoLongerKnownOnceItsRangeIsAnother() throws {
    let run = try #require(
      try Self.run(
        Self.windows + [
          "write: 0x10000000..0x10001fff", "free: 0x10000000", "write: 0x10003000",
          "reserve: 0x10000000..0x1000ffff, commit: true, protection: READONLY",
          "read: 0x10004000", "write: 0x10004000",
        ]))
    var statuses: [String?] = []
    while let report = try run.step(.counts) {
      statuses.append(report.status?.name)
      #expect(run.violations == [])
    }
    let violation = "STATUS_ACCESS_VIOLATION"
    #expect(statuses[3] == violation && statuses[5] == nil && statuses[6] == violation)
  }
}
